import type { ValueRow } from './mapping.js';

/* What the dialog and the runtime know of the rows of a value map. */

/** Matches any value when incoming, and is left out when outgoing. */
export const ANY = '*';

/** Rows that are ambiguous in the other direction: several partner values for one generic value. */
export function collisions(rows: ValueRow[]): { generic: string; rows: number[] }[] {
  const byGeneric = new Map<string, number[]>();
  rows.forEach((row, index) => {
    if (row.direction !== 'out') byGeneric.set(row.generic, [...(byGeneric.get(row.generic) ?? []), index]);
  });
  return [...byGeneric].filter(([, indexes]) => indexes.length > 1).map(([generic, indexes]) => ({ generic, rows: indexes }));
}
