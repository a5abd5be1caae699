import type { ValueRow } from '../../../src/mapping/mapping.js';
import { ANY, collisions } from '../../../src/mapping/value-rows.js';
import { sameChoice } from '../../../src/model/choice.js';

export interface RowMarks {
  /** An earlier row already matches this incoming value, or sends this generic value: the row is never used in that direction. */
  unreachable: { in: boolean; out: boolean };
  /** Several partner values become the same generic value, so only one of them can be sent back: the value of row `back`. */
  merges?: { values: number; back?: number };
}

/** Hints for each row of a value map. */
export function rowMarks(rows: ValueRow[]): RowMarks[] {
  const merging = new Map(collisions(rows).flatMap(({ rows: indexes }) => indexes.map((index) => [index, indexes] as const)));
  return rows.map((row, index) => {
    const before = rows.slice(0, index);
    const values = merging.get(index);
    const back = rows.findIndex((other) => other.direction !== 'in' && other.generic === row.generic);
    return {
      unreachable: {
        in:
          row.direction !== 'out' && before.some((other) => other.direction !== 'out' && matchesRow(other, [row.partner].flat())),
        out: row.direction !== 'in' && before.some((other) => other.direction !== 'in' && other.generic === row.generic),
      },
      ...(values && { merges: { values: values.length, ...(back >= 0 && { back }) } }),
    };
  });
}

/** Partner values that no incoming row matches. */
export function withoutRowIn(rows: ValueRow[], values: string[][]): string[][] {
  return values.filter((value) => !rows.some((row) => row.direction !== 'out' && matchesRow(row, value, sameChoice)));
}

/** Generic values that no outgoing row has. */
export function withoutRowOut(rows: ValueRow[], values: string[]): string[] {
  return values.filter((value) => !rows.some((row) => row.direction !== 'in' && sameChoice(row.generic, value)));
}

function matchesRow(row: ValueRow, value: string[], same = (a: string, b: string) => a === b): boolean {
  return [row.partner].flat().every((own, at) => own === ANY || same(own, value[at] ?? ''));
}
