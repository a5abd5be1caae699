import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { ValueRow } from './mapping.js';

/** Matches any value when incoming, and is left out when outgoing. */
export const ANY = '*';

/** A compiled value map, which finds rows in both directions. */
export class ValueMap {
  private readonly incoming: { values: string[]; row: number }[] = [];
  private readonly outgoing = new Map<string, number>();

  constructor(
    private readonly rows: ValueRow[],
    fields: number,
  ) {
    if (!Array.isArray(rows)) throw new SwitchboardError('SWB_CONFIG', say`The value map is not a list of rows.`);
    rows.forEach((row, index) => {
      const values = [row?.partner].flat();
      const wrong = (what: string, hint: string) => new SwitchboardError('SWB_CONFIG', what, { field: 'values', hint });
      if (![...values, row?.generic].every(isPlain))
        throw wrong(
          say`Row ${index + 1} of the value map has a value that is not text.`,
          say`Enter partner and generic as text.`,
        );
      if (values.length !== fields)
        throw wrong(
          say`Row ${index + 1} of the value map has ${values.length} value(s) for ${fields} field(s).`,
          say`Enter one value for each field; * matches any value.`,
        );
      if (row.direction !== 'out') this.incoming.push({ values: values.map(String), row: index });
      if (row.direction !== 'in' && !this.outgoing.has(String(row.generic))) this.outgoing.set(String(row.generic), index);
    });
  }

  /** The generic value for the partner's value(s): an exact match first, then case-insensitive. */
  toGeneric(given: string[]): { value: string; row: number } | undefined {
    const find = (same: (a: string, b: string) => boolean) =>
      this.incoming.find(({ values }) => values.every((v, i) => v === ANY || same(v, given[i] ?? '')));
    const found = find((a, b) => a === b) ?? find((a, b) => a.toLowerCase() === b.toLowerCase());
    const row = found && this.rows[found.row];
    return row && { value: row.generic, row: found.row };
  }

  /** The partner's value(s) for a generic value; `*` where a field stays as it is. */
  toPartner(value: string): { values: string[]; row: number } | undefined {
    const row = this.outgoing.get(value);
    const found = row === undefined ? undefined : this.rows[row];
    return found && row !== undefined ? { values: [found.partner].flat(), row } : undefined;
  }
}

/** Text, or a value that a person may have written without quotes. */
function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** Rows that are ambiguous in the other direction: several partner values for one generic value. */
export function collisions(rows: ValueRow[]): { generic: string; rows: number[] }[] {
  const byGeneric = new Map<string, number[]>();
  rows.forEach((row, index) => {
    if (row.direction !== 'out') byGeneric.set(row.generic, [...(byGeneric.get(row.generic) ?? []), index]);
  });
  return [...byGeneric].filter(([, indexes]) => indexes.length > 1).map(([generic, indexes]) => ({ generic, rows: indexes }));
}
