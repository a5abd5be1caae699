import type { EndpointState } from '../../../src/delivery/endpoint-state.js';
import type { DeliveryRow, MessageRow, ShownState, ShownWarning, WaitView } from '../views.js';
import type { Backend } from './backend.js';
import { element } from './element.js';
import { reasonText } from './fixed-text.js';
import { shortTime, wholeTime } from './time.js';
import { waitText } from './wait-text.js';

/** The state as a word, with a colour in addition. */
export function chip(state: ShownState | EndpointState | 'misconfigured', t: Backend['t']): HTMLElement {
  return element('span', { class: `switchboard-chip switchboard-is-${state}` }, t(`state.${state}`));
}

/** A warning: a sign, a word and the reason. A seen warning is less prominent. */
export function warningMark({ text, seen }: ShownWarning, t: Backend['t']): HTMLElement {
  return element(
    'span',
    { class: `switchboard-warned ${seen ? 'switchboard-warned-seen' : ''}` },
    warningSign(),
    element('span', { class: 'switchboard-warned-word' }, t(seen ? 'warning.seen' : 'warning.unseen')),
    ` ${text}`,
  );
}

/** The sign as text, not as emoji; the words beside it give its meaning. */
export function warningSign(): HTMLElement {
  return element('span', { class: 'switchboard-warned-sign', 'aria-hidden': 'true' }, '\u26a0\ufe0e');
}

export function time(iso: string): HTMLElement {
  return element('time', { datetime: iso, title: wholeTime(iso), class: 'switchboard-time' }, shortTime(iso));
}

/** Since when something waits, and when it goes on, if that is known. */
export function waitTimes({ kind, since, until }: WaitView, t: Backend['t']): (Node | string)[] {
  const begin = [`${t('waits.since')} `, time(since)];
  return until ? [...begin, ` · ${t(kind === 'doubt' ? 'waits.lookUntil' : 'waits.until')} `, time(until)] : begin;
}

export interface RowContext {
  t: Backend['t'];
  open(id: string): void;
  /** `range`: all rows from the one that was ticked last. */
  tick(id: string, ticked: boolean, range: boolean): void;
}

/** One row of the list: state, time, title, message path and problem, with a checkbox. */
export function messageRow(row: MessageRow, { t, open, tick }: RowContext): HTMLLIElement {
  const box = element('input', {
    type: 'checkbox',
    class: 'switchboard-tick',
    tabindex: '-1',
    'aria-label': t('list.select', { number: row.number }),
  });
  box.addEventListener('click', (event) => tick(row.id, box.checked, event.shiftKey));
  const why = reason(row, t);
  const wait = shownWait(row);
  const line = element(
    'button',
    { type: 'button', class: 'switchboard-row', 'data-id': row.id, tabindex: '-1' },
    element('span', { class: 'switchboard-row-top' }, chip(row.state, t), time(row.receivedAt)),
    element(
      'span',
      { class: 'switchboard-row-what' },
      element('b', {}, row.number),
      row.unmapped && element('span', { class: 'switchboard-tag' }, t('list.unmapped')),
      row.title && element('span', {}, row.title),
    ),
    element('span', { class: 'switchboard-row-path' }, messagePath(row)),
    why && element('span', { class: `switchboard-row-reason switchboard-reason-${row.state}` }, why),
    wait && element('span', { class: 'switchboard-row-reason' }, waitText(wait, t), ' ', ...waitTimes(wait, t)),
    row.warning && element('span', { class: 'switchboard-row-reason' }, warningMark(row.warning, t)),
  );
  line.addEventListener('click', () => open(row.id));
  return element('li', { class: row.state === 'unrouted' && 'switchboard-highlighted' }, box, line);
}

/** What went wrong, or with what the message was merged. */
function reason({ reason: text, wait, deliveries }: MessageRow, t: Backend['t']): string | undefined {
  if (text) return wait?.kind === 'read' ? t('list.unread', { reason: text }) : reasonText(text, t);
  const into = deliveries.find((delivery) => delivery.mergedInto)?.mergedInto;
  return into && t('merged.list', { state: t(`state.${into.state}`) });
}

/** What the message waits for: itself, or the first of its deliveries that somebody or something holds up. A decision is shown as such. */
function shownWait({ wait, deliveries }: MessageRow): WaitView | undefined {
  const waits = [wait, ...deliveries.map((one) => one.wait)].filter((one) => one !== undefined && one.kind !== 'decision');
  return waits.find((one) => one?.kind !== 'sending' && one?.kind !== 'slot') ?? waits[0];
}

/** Comments and attachments go to the same partners as their ticket, so each partner is named once. */
function messagePath(row: MessageRow): string {
  const partners = new Map(row.deliveries.map((delivery) => [delivery.endpoint, partner(delivery)]));
  const to = [...partners.values()].join(', ');
  return to ? `${row.endpoint} → ${to}` : row.endpoint;
}

function partner({ endpoint, number }: DeliveryRow): string {
  return number ? `${endpoint} ${number}` : endpoint;
}
