import { choiceKey } from '../../model/choice.js';
import type { Json } from '../../model/message.js';
import type { Cancellations } from '../endpoint.js';
import { parsedItemId } from './line-ids.js';
import { LINES, LINES_FIELD } from './lines.js';
import { CANCELLED_REQUEST, isCancellation } from './request-cancellation.js';
import { columnText, type Row } from './row.js';

/** States of an order and its lines that is cancelled or being cancelled (ServiceNow, order management: state values). */
const ORDER_STATES = new Set(['canceled', 'cancelled', 'assessing_cancellation', 'cancellation_in_progress'].map(choiceKey));
/** Closed skipped is always cancelled; closed incomplete only by its stage. */
const CLOSED_SKIPPED = '7';

/** What of a record with lines is cancelled, by its own states; undefined where its table has no lines. Pure. */
export function cancellationsIn(table: string, record: Record<string, Json>): Cancellations | undefined {
  const lines = LINES[table];
  if (!lines) return undefined;
  const rows = (Array.isArray(record[LINES_FIELD]) ? record[LINES_FIELD] : []) as Row[];
  const isGone = lines.creation === 'order' ? isCancelledItem : isCancelledLine;
  return {
    all: lines.creation === 'order' ? columnText(record.request_state) === CANCELLED_REQUEST : isCancelledLine(record),
    items: rows.filter(isGone).map((row) => parsedItemId(row, lines)),
  };
}

function isCancelledLine({ state }: Row): boolean {
  return ORDER_STATES.has(choiceKey(columnText(state)));
}

function isCancelledItem(item: Row): boolean {
  return columnText(item.state) === CLOSED_SKIPPED || isCancellation(item);
}
