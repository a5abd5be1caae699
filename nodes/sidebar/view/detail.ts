import type { ErrorRecord } from '../../../src/store/store.js';
import type { ConversationView, DeliveryView, Editable, MessageView, PartyLink, RouteView } from '../views.js';
import { type ActionContext, actionBar, change } from './action-bar.js';
import { incomingFields, outgoingFields, valueText } from './columns.js';
import { button, element } from './element.js';
import { attempts } from './exchange.js';
import { reasonText } from './fixed-text.js';
import { bodiesView } from './json.js';
import { chip, time, warningMark } from './row.js';
import { waitDetails } from './wait-details.js';

export interface DetailContext extends ActionContext {
  /** Whether there is room to show details unfolded. */
  wide: boolean;
  /** Searches for a number or reference. */
  search: (text: string) => void;
  /** Opens another message. */
  open: (message: string) => void;
}

/** One message: the inbound fields on the left, the rules in the middle, the deliveries on the right. */
export function messageDetail(message: MessageView, context: DetailContext): HTMLElement {
  const fields = incomingFields(message.fields, message.sent);
  return element(
    'article',
    { class: 'switchboard-detail', 'aria-label': message.number },
    element('h2', {}, message.number, element('small', {}, message.title ?? '')),
    message.conversation && conversation(message.conversation, context),
    element('div', { class: 'switchboard-sides' }, incoming(message, fields, context), outgoing(message, fields, context)),
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
    isWebUrl(link.url)
      ? element('a', { href: link.url, target: '_blank', rel: 'noopener noreferrer' }, number)
      : element('b', {}, number),
  );
}

/** The URL comes from a partner, so only http and https are allowed. */
function isWebUrl(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function incoming(message: MessageView, fields: HTMLElement, context: DetailContext): HTMLElement {
  const { t, wide } = context;
  const sourceText = `${message.endpoint} · ${message.entityType} · ${t(`origin.${message.origin}`)}`;
  return element(
    'section',
    { class: 'switchboard-side' },
    element('h3', {}, t('detail.incoming')),
    element(
      'div',
      { class: 'switchboard-card' },
      element('div', { class: 'switchboard-row-top' }, chip(message.state, t), time(message.receivedAt)),
      element('div', { class: 'switchboard-muted' }, sourceText),
      element('div', { class: 'switchboard-muted' }, receivedText(message, context)),
      message.wait && waitOf(message, message.id, context),
      problem(message, context),
      message.warning && warning(message.warning, context),
      why(message, context),
      ...message.routes.map((one) => route(one, context)),
      actionBar({ kind: 'messages', ...message }, context),
      edits(message, context),
      message.fields.length > 0 &&
        element(
          'details',
          { class: 'switchboard-body', open: wide },
          element('summary', {}, t('detail.fields', { count: message.fields.length })),
          fields,
        ),
      ...bodiesOr(message, context),
    ),
  );
}

function receivedText({ node, emissions: count, wait }: MessageView, { t }: DetailContext): string {
  return t(wait?.kind === 'read' ? 'detail.unread' : 'detail.takenBy', { node, count });
}

/** Why it waits; what went wrong is shown only where the error does not say it, and a link only to another message than `shown`. */
function waitOf({ wait, error }: MessageView | DeliveryView, shown: string, { t, open }: DetailContext): HTMLElement | undefined {
  const opens = wait?.behind?.message === shown ? undefined : open;
  return wait && waitDetails(wait.text === error?.message ? { ...wait, text: undefined } : wait, t, opens);
}

/** The reason of the message, unless its error or a delivery already shows it. */
function why({ reason, error, sent }: MessageView, { t }: DetailContext): HTMLElement | undefined {
  const shown = [error?.message, ...sent.map((one) => one.error?.message)];
  return reason && !shown.includes(reason) ? element('p', { class: 'switchboard-reason' }, reasonText(reason, t)) : undefined;
}

/** Where a route node sent the message, and why. */
function route({ node, to, by, rules = [] }: RouteView, { t }: DetailContext): HTMLElement {
  const text = t(`route.${by}`, { parties: to.join(', '), rules: rules.join(', ') });
  return element('div', { class: 'switchboard-muted', title: node }, text);
}

function outgoing(message: MessageView, fields: HTMLElement, context: DetailContext): HTMLElement {
  const { t } = context;
  return element(
    'section',
    { class: 'switchboard-side' },
    element(
      'h3',
      { class: 'switchboard-heads' },
      element('span', {}, t('detail.rule')),
      element('span', {}, t('detail.outgoing')),
    ),
    ...message.sent.map((one) => delivery(one, message.id, fields, context)),
    message.sent.length === 0 && element('p', { class: 'switchboard-muted' }, t(`nothingSent.${message.state}`)),
  );
}

function delivery(one: DeliveryView, message: string, fields: HTMLElement, context: DetailContext): HTMLElement {
  const { t, backend } = context;
  const kind = one.part.split(':')[0] ?? 'entity';
  const targetText = [t(`part.${kind}`), one.endpoint, one.entityType, one.number].filter(Boolean).join(' · ');
  return element(
    'div',
    { class: 'switchboard-card' },
    element('div', { class: 'switchboard-row-top' }, chip(one.state, t), time(one.createdAt)),
    element('div', { class: 'switchboard-muted' }, targetText),
    ...mergedWith(one, context),
    one.wait && waitOf(one, message, context),
    one.lookUntil &&
      one.wait?.kind !== 'doubt' &&
      element('div', { class: 'switchboard-muted' }, `${t('waits.lookUntil')} `, time(one.lookUntil)),
    one.warning ? warning(one.warning, context) : problem(one, context),
    actionBar({ kind: 'deliveries', ...one }, context),
    edits(one, context),
    outgoingFields(one, fields, { t, openMapping: backend.openMapping }),
    attempts(one, t),
    ...bodiesOr(one, context, requestLabel(one, t)),
  );
}

/** Which delivery writes a merged update, and which updates it writes besides its own. */
function mergedWith({ mergedInto, newestMerged }: DeliveryView, { t, open }: DetailContext): HTMLElement[] {
  const link = (label: string, message: string) => button(label, 'switchboard-link', () => open(message));
  return [
    ...(mergedInto
      ? [
          element(
            'p',
            { class: 'switchboard-reason' },
            `${t('merged.into')} `,
            link(t('merged.show'), mergedInto.message),
            ' ',
            chip(mergedInto.state, t),
            time(mergedInto.at),
          ),
        ]
      : []),
    ...(newestMerged
      ? [element('p', { class: 'switchboard-reason' }, `${t('merged.includes')} `, link(t('merged.newest'), newestMerged))]
      : []),
  ];
}

function requestLabel({ state }: DeliveryView, t: DetailContext['t']): Record<string, string> {
  if (state === 'delivered') return {};
  return { request: t(state === 'merged' ? 'body.merged' : 'body.toSend') };
}

/** The edits: who changed what. */
function edits({ edits: all, original }: Editable, { t }: DetailContext): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  return element(
    'div',
    { class: 'switchboard-edits' },
    ...all.map(({ at, by, fields }) =>
      element(
        'div',
        {},
        element('div', {}, `${t('edits.by', { name: by || t('audit.unknownUser') })} `, time(at)),
        element(
          'ul',
          { class: 'switchboard-changes' },
          ...fields.map(({ path, from, to }) =>
            change(path, from === undefined ? undefined : valueText(from), to === undefined ? undefined : valueText(to), t),
          ),
        ),
      ),
    ),
    ...bodiesView({ original }, '', t),
  );
}

/** The warning, and who has marked it as seen. */
function warning({ message: text, code, seen }: ErrorRecord, { t }: DetailContext): HTMLElement {
  return element(
    'div',
    {},
    element('p', { class: 'switchboard-reason' }, warningMark({ text, seen: seen !== undefined }, t), element('code', {}, code)),
    seen &&
      element(
        'div',
        { class: 'switchboard-muted' },
        `${t('warning.seenBy', { name: seen.by || t('audit.unknownUser') })} `,
        time(seen.at),
      ),
  );
}

/** The error, or the decision to make. */
function problem({ error, decision }: MessageView | DeliveryView, { t }: DetailContext): HTMLElement | undefined {
  if (error && decision) {
    return element(
      'div',
      { class: 'switchboard-question' },
      element('b', {}, t('decision.title')),
      element('p', { class: 'switchboard-reason' }, error.message, element('code', {}, error.code)),
    );
  }
  return (
    error &&
    element(
      'p',
      { class: 'switchboard-reason switchboard-failure' },
      reasonText(error.message, t),
      element('code', {}, error.code),
    )
  );
}

function bodiesOr(of: { bodies: MessageView['bodies'] }, { t }: DetailContext, labels?: Record<string, string>): HTMLElement[] {
  const views = bodiesView(of.bodies, '', t, labels);
  return views.length ? views : [element('p', { class: 'switchboard-muted' }, t('detail.noBodies'))];
}
