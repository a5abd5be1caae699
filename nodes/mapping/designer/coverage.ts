import type { ValueRow } from '../../../src/mapping/mapping.js';
import { ANY, collisions } from '../../../src/mapping/value-map.js';

export interface RowMarks {
  /** An earlier row already takes this value on the way in, or gives this one on the way out: the row is never used that way. */
  unreachable: { in: boolean; out: boolean };
  /** Several partner values become the same generic one, so that going back only one of them can be written: that of row `back`. */
  merges?: { values: number; back?: number };
}

/** What is to be known of each row of a value map. */
export function rowMarks(rows: ValueRow[]): RowMarks[] {
  const merging = new Map(collisions(rows).flatMap(({ rows: indexes }) => indexes.map((index) => [index, indexes] as const)));
  return rows.map((row, index) => {
    const before = rows.slice(0, index);
    const values = merging.get(index);
    const back = rows.findIndex((other) => other.direction !== 'in' && other.generic === row.generic);
    return {
      unreachable: {
        in: row.direction !== 'out' && before.some((other) => other.direction !== 'out' && takes(other, [row.partner].flat())),
        out: row.direction !== 'in' && before.some((other) => other.direction !== 'in' && other.generic === row.generic),
      },
      ...(values && { merges: { values: values.length, ...(back >= 0 && { back }) } }),
    };
  });
}

/** Partner values that no row takes on the way in. */
export function withoutRowIn(rows: ValueRow[], values: string[][]): string[][] {
  return values.filter((value) => !rows.some((row) => row.direction !== 'out' && takes(row, value, true)));
}

/** Generic values that no row gives on the way out. */
export function withoutRowOut(rows: ValueRow[], values: string[]): string[] {
  return values.filter((value) => !rows.some((row) => row.direction !== 'in' && row.generic === value));
}

function takes(row: ValueRow, value: string[], anyCase = false): boolean {
  const same = (a: string, b: string) => a === b || (anyCase && a.toLowerCase() === b.toLowerCase());
  return [row.partner].flat().every((own, at) => own === ANY || same(own, value[at] ?? ''));
}
