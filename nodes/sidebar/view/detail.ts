import type { ErrorRecord } from '../../../src/store/store.js';
import type { ConversationView, DeliveryView, MessageView, PartyLink } from '../views.js';
import { actionBar } from './action-bar.js';
import type { Backend, Messages } from './backend.js';
import { element } from './element.js';
import { bodiesView } from './json.js';
import { chip, time } from './row.js';

export interface DetailContext {
  t: Backend['t'];
  messages: Messages;
  /** Something was done to the message or one of its deliveries. */
  acted: () => void;
  /** Whether there is room to show contents unfolded. */
  wide: boolean;
  /** A person wants to see everything about this number or reference. */
  search: (text: string) => void;
}

/** One message: what it is about, what came on the left, what went out on the right. */
export function messageDetail(message: MessageView, context: DetailContext): HTMLElement {
  return element(
    'article',
    { class: 'switchboard-detail', 'aria-label': message.number },
    element('h2', {}, message.number, element('small', {}, message.title ?? '')),
    message.conversation && conversation(message.conversation, context),
    element('div', { class: 'switchboard-sides' }, incoming(message, context), outgoing(message, context)),
  );
}

function conversation(view: ConversationView, { t, search }: DetailContext): HTMLElement {
  const reference = element(
    'button',
    { type: 'button', class: 'switchboard-link', title: t('detail.searchReference') },
    view.reference,
  );
  reference.addEventListener('click', () => search(view.reference));
  return element(
    'section',
    { class: 'switchboard-conversation' },
    element('div', {}, `${t('detail.conversation')} `, reference, ` · ${t(`conversation.${view.state}`)}`),
    element('ul', {}, ...view.links.map((link) => party(link))),
  );
}

function party(link: PartyLink): HTMLLIElement {
  const number = link.number ?? link.id;
  return element(
    'li',
    {},
    element('span', {}, `${link.endpoint} · ${link.entityType}`),
    safe(link.url)
      ? element('a', { href: link.url, target: '_blank', rel: 'noopener noreferrer' }, number)
      : element('b', {}, number),
  );
}

/** A link comes from a partner: only web addresses may be followed. */
function safe(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function incoming(message: MessageView, { t, messages, acted, wide }: DetailContext): HTMLElement {
  const came = `${message.endpoint} · ${message.entityType} · ${t(`origin.${message.origin}`)}`;
  return element(
    'section',
    { class: 'switchboard-side' },
    element('h3', {}, t('detail.incoming')),
    element(
      'div',
      { class: 'switchboard-card' },
      element('div', { class: 'switchboard-row-top' }, chip(message.state, t), time(message.receivedAt)),
      element('div', { class: 'switchboard-quiet' }, came),
      element('div', { class: 'switchboard-quiet' }, t('detail.takenBy', { node: message.node, count: message.emissions })),
      trouble(message.error),
      why(message),
      actionBar({ kind: 'messages', id: message.id, actions: message.actions }, messages, t, acted),
      ...bodiesOr(message, wide ? (message.bodies.read ? 'read' : 'received') : '', t),
    ),
  );
}

/** What went wrong is told with the error, and with the delivery it happened to. */
function why({ reason, error, sent }: MessageView): HTMLElement | undefined {
  if (!reason || reason === error?.message || sent.some((one) => one.error?.message === reason)) return undefined;
  return element('p', { class: 'switchboard-why' }, reason);
}

function outgoing(message: MessageView, context: DetailContext): HTMLElement {
  const { t } = context;
  return element(
    'section',
    { class: 'switchboard-side' },
    element('h3', {}, t('detail.outgoing')),
    ...message.sent.map((one) => delivery(one, context)),
    message.sent.length === 0 && element('p', { class: 'switchboard-quiet' }, t(`nothingSent.${message.state}`)),
  );
}

function delivery(one: DeliveryView, { t, messages, acted, wide }: DetailContext): HTMLElement {
  const kind = one.part.split(':')[0] ?? 'entity';
  const went = [t(`part.${kind}`), one.endpoint, one.entityType, one.number].filter(Boolean).join(' · ');
  return element(
    'div',
    { class: 'switchboard-card' },
    element('div', { class: 'switchboard-row-top' }, chip(one.state, t), time(one.createdAt)),
    element('div', { class: 'switchboard-quiet' }, went),
    one.nextTry && element('div', { class: 'switchboard-quiet' }, `${t('detail.nextTry')} `, time(one.nextTry)),
    trouble(one.error),
    actionBar({ kind: 'deliveries', id: one.id, actions: one.actions }, messages, t, acted),
    attempts(one, t),
    ...bodiesOr(one, wide ? 'request' : '', t),
  );
}

function attempts(one: DeliveryView, t: Backend['t']): HTMLElement | undefined {
  if (one.attempts.length === 0) return undefined;
  const lines = one.attempts.map((attempt) =>
    element(
      'li',
      {},
      time(attempt.at),
      element('span', {}, [attempt.what, attempt.status, `${attempt.took} ms`].filter((part) => part !== undefined).join(' · ')),
      attempt.error && element('span', { class: 'switchboard-trouble' }, attempt.error),
    ),
  );
  return element(
    'details',
    { class: 'switchboard-body', open: one.state === 'failed' },
    element('summary', {}, element('span', {}, t('detail.attempts', { count: one.tries }))),
    element('ol', { class: 'switchboard-attempts' }, ...lines),
  );
}

function trouble(error: ErrorRecord | undefined): HTMLElement | undefined {
  return error && element('p', { class: 'switchboard-why switchboard-trouble' }, error.message, element('code', {}, error.code));
}

function bodiesOr(of: { bodies: MessageView['bodies'] }, open: string, t: Backend['t']): HTMLElement[] {
  const views = bodiesView(of.bodies, open, t);
  return views.length ? views : [element('p', { class: 'switchboard-quiet' }, t('detail.noBodies'))];
}
