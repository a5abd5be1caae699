import type { Lane, LanePlan } from '../conversation-views.js';
import type { Backend } from '../view/backend.js';
import { button, element } from '../view/element.js';

/** Called when the user wants to take a ticket out of the conversation. */
export type LaneAction = (kind: 'unlink' | 'split', lane: Lane) => void;

/** The head of a lane: the party, its ticket as a link into its system, the state, and the items of an order leg. */
export function laneHead(lane: Lane, t: Backend['t'], act: LaneAction | undefined): HTMLElement {
  const { link, leg, state, deleted, plan } = lane;
  return element(
    'div',
    { class: 'switchboard-lane-head', role: 'group', 'aria-label': laneName(lane) },
    element('span', { class: 'switchboard-lane-party' }, lane.endpoint),
    element(
      'span',
      { class: 'switchboard-lane-type' },
      [lane.entityType, leg && t('conversations.leg', { leg })].filter(Boolean).join(' · '),
    ),
    link
      ? ticket(link.number, deleted ? undefined : link.url)
      : element(
          'span',
          { class: 'switchboard-muted' },
          lane.was ? t('conversations.was', { number: lane.was }) : t('conversations.noTicket'),
        ),
    state && stateChip(state, t),
    deleted && element('span', { class: 'switchboard-state' }, t('event.deleted')),
    plan && planned(plan, state, t),
    link && act && actions(lane, t, act),
  );
}

export function laneName(lane: Lane): string {
  return [lane.endpoint, lane.link?.number ?? lane.was, lane.leg].filter(Boolean).join(' ');
}

export function stateChip(state: string, t: Backend['t']): HTMLElement {
  return element('span', { class: `switchboard-state switchboard-state-${state}` }, t(`entityState.${state}`));
}

/** A number, as a link into its system if the partner gave a URL. */
export function ticket(number: string, url: string | undefined): HTMLElement {
  if (!isWebUrl(url)) return element('b', {}, number);
  return element('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, number);
}

/** The URL comes from a partner, so only http and https are allowed. */
function isWebUrl(url: string | undefined): url is string {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function planned(plan: LanePlan, state: string | undefined, t: Backend['t']): HTMLElement {
  const lines = [
    plan.dropped && t('conversations.dropped', { reason: plan.dropped }),
    ...plan.after.map(({ leg, states }) =>
      t('conversations.after', { leg, states: states.map((one) => t(`entityState.${one}`)).join(', ') }),
    ),
    plan.reason,
  ];
  return element(
    'div',
    { class: 'switchboard-plan' },
    !state && plan.state && stateChip(plan.state, t),
    ...lines
      .filter((line) => line !== undefined && line !== '')
      .map((line) => element('div', { class: 'switchboard-muted' }, line)),
    plan.items.length > 0 &&
      element(
        'ul',
        { 'aria-label': t('conversations.items') },
        ...plan.items.map((item) =>
          element(
            'li',
            {},
            element('span', {}, t('conversations.item', { id: item.id })),
            item.state && stateChip(item.state, t),
            item.reason,
          ),
        ),
      ),
  );
}

function actions(lane: Lane, t: Backend['t'], act: LaneAction): HTMLElement {
  const control = (kind: 'unlink' | 'split') => {
    const made = button(t(`linkEdit.${kind}`), 'switchboard-link', () => act(kind, lane));
    made.setAttribute('aria-label', `${t(`linkEdit.${kind}`)}: ${laneName(lane)}`);
    return made;
  };
  return element('span', { class: 'switchboard-lane-actions' }, control('unlink'), control('split'));
}
