import { isDeepStrictEqual } from 'node:util';
import { DecisionError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { hasValue } from './render.js';
import { columnText, type Row } from './row.js';
import type { LineInput } from './write-lines.js';

/**
 * Finds the requested item that each line became: it must be for the same catalogue item; the best match has most of the line's
 * variables and its quantity. Equal items or equal lines are interchangeable; any other ambiguity throws a DecisionError. A line
 * without an item is left out. Pure.
 */
export function matchRequestedItems(rows: readonly Row[], lines: readonly LineInput[], where?: string): Map<LineInput, Row> {
  const found = new Map<LineInput, Row>();
  let free = [...rows];
  let open = [...lines];
  const take = (line: LineInput, row: Row) => {
    found.set(line, row);
    free = free.filter((other) => other !== row);
    open = open.filter((other) => other !== line);
  };
  const next = () => {
    for (const line of open) {
      const candidates = best(free, (row) => score(line, row));
      const [row] = candidates;
      const wanting = row ? best(open, (other) => score(other, row)) : [];
      if (!row || !wanting.includes(line)) continue;
      // A choice is harmless among equals, or where everything it could be matched with is equal.
      const equalLines = open.filter((other) => sameLine(line, other));
      const equalRows = free.filter((other) => alike(row, other));
      const anyRow = candidates.every((other) => equalRows.includes(other)) || candidates.length <= equalLines.length;
      const anyLine = wanting.every((other) => equalLines.includes(other)) || wanting.length <= equalRows.length;
      if (anyRow && anyLine) return { line, row };
    }
    return undefined;
  };
  for (let pair = next(); pair; pair = next()) take(pair.line, pair.row);
  const fits = (line: LineInput, row: Row) => score(line, row) !== undefined;
  const unclear = open.filter((line) => free.some((row) => fits(line, row)));
  if (unclear.length === 0) return found;
  const items = free
    .filter((row) => unclear.some((line) => fits(line, row)))
    .map((row) => columnText(row.number) || columnText(row.sys_id));
  const ids = unclear.map((line) => columnText(line.correlation_id)).join(', ');
  throw new DecisionError(
    'items',
    'SWB_PARTNER_ANSWER',
    say`The requested items ${items.join(', ')} cannot be matched with the order items ${ids}.`,
    {
      where,
      field: 'lines',
      hint: say`No item was changed. Write the ids of the order items into the correlation id of the requested items, then replay.`,
    },
  );
}

/** The entries with the highest score; entries without a score never match. */
function best<T>(list: readonly T[], scoreOf: (one: T) => number | undefined): T[] {
  const scores = list.map(scoreOf);
  const most = Math.max(...scores.map((s) => s ?? -1));
  return list.filter((_one, i) => scores[i] !== undefined && scores[i] === most);
}

/** How well a requested item matches a line; undefined where it is for another catalogue item. */
function score(line: LineInput, row: Row): number | undefined {
  const names = [line.cat_item, line.cat_item_name].filter((name) => name !== undefined);
  if (!names.some((name) => hasValue(row.cat_item, name))) return undefined;
  const wanted = Object.entries((line.variables ?? {}) as Record<string, Json>);
  const has = (row.variables ?? {}) as Row;
  const variables = wanted.filter(([name, value]) => hasValue(has[name], value)).length;
  return variables + (line.quantity !== undefined && hasValue(row.quantity, line.quantity) ? 1 : 0);
}

function alike(a: Row, b: Row): boolean {
  const shown = ({ cat_item, quantity, variables }: Row) => [cat_item, quantity, variables];
  return isDeepStrictEqual(shown(a), shown(b));
}

function sameLine(a: LineInput, b: LineInput): boolean {
  const shown = ({ cat_item, cat_item_name, quantity, variables }: LineInput) => [cat_item, cat_item_name, quantity, variables];
  return isDeepStrictEqual(shown(a), shown(b));
}
