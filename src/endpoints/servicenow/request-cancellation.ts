import { choiceKey } from '../../model/choice.js';
import { lineOf } from './line-ids.js';
import type { LineTable } from './lines.js';
import { columnText, type Row } from './row.js';
import type { LineInput } from './write-lines.js';

/* Requests and their items are cancelled by their states (ServiceNow, Service Catalog: request and requested item). */

/** The state of a cancelled request. */
export const CANCELLED_REQUEST = 'closed_cancelled';
/** A cancelled item: closed incomplete means not delivered, and the stage says why. */
export const CANCELLED_ITEM = { state: '4', stage: 'request_cancelled' };

const DECIDED_REQUEST = new Set(['closed_complete', 'closed_incomplete', 'closed_rejected']);
/** States in which an item can still be cancelled: pending, open, work in progress. */
const OPEN_ITEM = new Set(['-5', '1', '2']);

/** Whether a requested item can still be cancelled. */
export function isOpenItem({ state }: Row): boolean {
  return OPEN_ITEM.has(columnText(state));
}

/** The state by which a request is closed without being cancelled; undefined where it can still be cancelled. */
export function decidedState({ request_state }: Row): string | undefined {
  const state = columnText(request_state);
  return DECIDED_REQUEST.has(state) ? state : undefined;
}

/** The lines without cancellations of items that are closed already: what became of those is not overwritten. */
export function withoutLateCancellations(given: LineInput[], rows: Row[], table: LineTable): LineInput[] {
  return given.map((line) => {
    const row = lineOf(rows, table, columnText(line[table.id]));
    if (!row || isOpenItem(row) || !isCancellation(line)) return line;
    const { state: _state, stage: _stage, ...rest } = line;
    return rest;
  });
}

/** Whether an item is cancelled, or a change cancels it. */
export function isCancellation({ state, stage }: LineInput | Row): boolean {
  return columnText(state) === CANCELLED_ITEM.state && choiceKey(columnText(stage)) === choiceKey(CANCELLED_ITEM.stage);
}
