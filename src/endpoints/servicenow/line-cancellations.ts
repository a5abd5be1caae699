import { choiceKey } from '../../model/choice.js';
import type { Json } from '../../model/message.js';
import type { Cancellations } from '../endpoint.js';
import { parsedItemId } from './line-ids.js';
import { LINES, LINES_FIELD } from './lines.js';
import { columnText, type Row } from './row.js';

/** States of an order and its lines that is cancelled or being cancelled (ServiceNow, order management: state values). */
const ORDER_STATES = new Set(['canceled', 'cancelled', 'assessing_cancellation', 'cancellation_in_progress'].map(choiceKey));
const CANCELLED_STAGE = choiceKey('request_cancelled');

/** What of a record with lines is cancelled, by its own states; undefined where its table has no lines. Pure. */
export function cancellationsIn(table: string, record: Record<string, Json>): Cancellations | undefined {
  const lines = LINES[table];
  if (!lines) return undefined;
  const rows = (Array.isArray(record[LINES_FIELD]) ? record[LINES_FIELD] : []) as Row[];
  const isGone = lines.creation === 'order' ? isCancelledItem : isCancelledLine;
  return {
    all: lines.creation === 'order' ? columnText(record.request_state) === 'closed_cancelled' : isCancelledLine(record),
    items: rows.filter(isGone).map((row) => parsedItemId(row, lines)),
  };
}

function isCancelledLine({ state }: Row): boolean {
  return ORDER_STATES.has(choiceKey(columnText(state)));
}

/** Closed incomplete is cancelled only by its stage; closed skipped always is. */
function isCancelledItem({ state, stage }: Row): boolean {
  return columnText(state) === '7' || (columnText(state) === '4' && choiceKey(columnText(stage)) === CANCELLED_STAGE);
}
