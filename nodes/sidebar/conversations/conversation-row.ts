import type { ConversationRow } from '../conversation-views.js';
import type { Backend } from '../view/backend.js';
import { element } from '../view/element.js';
import { time, warningSign } from '../view/row.js';

/** One row of the list: state, title, tickets, and what needs attention. */
export function conversationRow(row: ConversationRow, selected: boolean, t: Backend['t'], open: () => void): HTMLLIElement {
  const line = element(
    'button',
    { type: 'button', class: 'switchboard-row', 'aria-current': selected && 'true', 'data-id': row.id },
    element(
      'span',
      { class: 'switchboard-row-top' },
      element('span', { class: `switchboard-chip switchboard-is-${worstState(row)}` }, t(`conversation.${row.state}`)),
      time(row.at),
    ),
    element(
      'span',
      { class: 'switchboard-row-what' },
      element('b', {}, row.parties[0]?.number ?? row.reference),
      row.title && element('span', {}, row.title),
    ),
    element(
      'span',
      { class: 'switchboard-row-path' },
      row.parties.map(({ endpoint, number, leg }) => `${endpoint} ${number}${leg ? ` (${leg})` : ''}`).join(' ↔ '),
    ),
    row.needsDecision > 0 &&
      element(
        'span',
        { class: 'switchboard-row-reason switchboard-reason-needsDecision' },
        t('conversations.needsDecision', { count: row.needsDecision }),
      ),
    row.failed > 0 &&
      element(
        'span',
        { class: 'switchboard-row-reason switchboard-reason-failed' },
        t('conversations.failed', { count: row.failed }),
      ),
    row.warned > 0 &&
      element(
        'span',
        { class: 'switchboard-row-reason switchboard-warned' },
        warningSign(),
        t('conversations.warned', { count: row.warned }),
      ),
    row.waiting > 0 && element('span', { class: 'switchboard-row-reason' }, t('conversations.waiting', { count: row.waiting })),
  );
  line.addEventListener('click', open);
  return element('li', {}, line);
}

/** The state that gives the row its colour: problems first. */
function worstState({ needsDecision, failed, waiting, state }: ConversationRow): string {
  if (needsDecision > 0) return 'needsDecision';
  if (failed > 0) return 'failed';
  if (waiting > 0) return 'waiting';
  return state === 'open' ? 'inFlow' : 'closed';
}
