import type { DeliveryRow, MessageRow, Shown } from '../views.js';
import type { Backend } from './backend.js';
import { element } from './element.js';
import { shortTime, wholeTime } from './time.js';

/** The state in a word, with a colour that is not needed to understand it. */
export function chip(state: Shown, t: Backend['t']): HTMLElement {
  return element('span', { class: `switchboard-chip switchboard-is-${state}` }, t(`state.${state}`));
}

export function time(iso: string): HTMLElement {
  return element('time', { datetime: iso, title: wholeTime(iso), class: 'switchboard-time' }, shortTime(iso));
}

/** One message of the list: state and time, what it is about, from whom to whom, and what went wrong. */
export function messageRow(row: MessageRow, selected: boolean, t: Backend['t'], open: () => void): HTMLLIElement {
  const line = element(
    'button',
    { type: 'button', class: 'switchboard-row', 'aria-current': selected && 'true', 'data-id': row.id },
    element('span', { class: 'switchboard-row-top' }, chip(row.state, t), time(row.receivedAt)),
    element('span', { class: 'switchboard-row-what' }, element('b', {}, row.number), row.title && element('span', {}, row.title)),
    element('span', { class: 'switchboard-row-way' }, way(row)),
    row.reason && element('span', { class: `switchboard-row-reason switchboard-reason-${row.state}` }, row.reason),
  );
  line.addEventListener('click', open);
  return element('li', {}, line);
}

/** Comments and attachments go the same way as their ticket: each partner is named once. */
function way(row: MessageRow): string {
  const partners = new Map(row.deliveries.map((delivery) => [delivery.endpoint, partner(delivery)]));
  const to = [...partners.values()].join(', ');
  return to ? `${row.endpoint} → ${to}` : row.endpoint;
}

function partner({ endpoint, number }: DeliveryRow): string {
  return number ? `${endpoint} ${number}` : endpoint;
}
