import { SwitchboardError } from '../errors.js';
import { choiceKey } from '../model/choice.js';
import { say } from '../text/say.js';
import type { ValueRow } from './mapping.js';

/** Matches any value when incoming, and is left out when outgoing. */
export const ANY = '*';

/** A compiled value map, which finds rows in both directions. */
export class ValueMap {
  private readonly incoming: { values: string[]; keys: string[]; row: number }[] = [];
  private readonly outgoing = new Map<string, number>();
  /** The same, by the form in which values are compared. */
  private readonly outgoingKeys = new Map<string, number>();

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
      const texts = values.map(String);
      if (row.direction !== 'out') this.incoming.push({ values: texts, keys: texts.map(choiceKey), row: index });
      if (row.direction === 'in') return;
      const generic = String(row.generic);
      if (!this.outgoing.has(generic)) this.outgoing.set(generic, index);
      if (!this.outgoingKeys.has(choiceKey(generic))) this.outgoingKeys.set(choiceKey(generic), index);
    });
  }

  /** The generic value for the partner's value(s): an exact match first, then as choices are compared (model/choice.ts). */
  toGeneric(given: string[]): { value: string; row: number } | undefined {
    const keys = given.map(choiceKey);
    const found =
      this.incoming.find((row) => row.values.every((v, i) => v === ANY || v === (given[i] ?? ''))) ??
      this.incoming.find((row) => row.keys.every((key, i) => key === ANY || key === (keys[i] ?? '')));
    const row = found && this.rows[found.row];
    return row && { value: row.generic, row: found.row };
  }

  /** The partner's value(s) for a generic value, found likewise; `*` where a field stays as it is. */
  toPartner(value: string): { values: string[]; row: number } | undefined {
    const row = this.outgoing.get(value) ?? this.outgoingKeys.get(choiceKey(value));
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
