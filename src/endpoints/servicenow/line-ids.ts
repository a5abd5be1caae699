import type { LineTable } from './lines.js';
import { columnText, type Row } from './row.js';

/**
 * The id of the item of each line: that of its id column, otherwise its number, otherwise its sys_id; whichever no older line has.
 * People copy lines with their ids, and number them as they like, and each line is an item all the same. Pure.
 */
export function itemIds(lines: readonly Row[], { id }: LineTable): Map<Row, string> {
  const taken = new Set<string>();
  const ids = new Map<Row, string>();
  for (const line of lines.toSorted(byAge)) {
    const names = [line[id], line.number, line.sys_id].map(columnText).filter((name) => name !== '');
    const own = names.find((name) => !taken.has(name)) ?? '';
    taken.add(own);
    ids.set(line, own);
  }
  return ids;
}

/** The line of an item. */
export function lineOf(lines: readonly Row[], table: LineTable, itemId: string): Row | undefined {
  return [...itemIds(lines, table)].find(([, id]) => id === itemId)?.[0];
}

/** The id of a line that was read: `parse` has written it into the id column where that says another one. */
export function parsedItemId(line: Row, { id }: LineTable): string {
  return columnText(line[id]) || columnText(line.number);
}

function byAge(a: Row, b: Row): number {
  for (const column of ['sys_created_on', 'number', 'sys_id']) {
    const [one, other] = [columnText(a[column]), columnText(b[column])];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
