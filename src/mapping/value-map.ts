import { SwitchboardError } from '../errors.js';
import { choiceKey } from '../model/choice.js';
import { say } from '../text/say.js';
import { TimeSlice } from '../time-slice.js';
import type { ValueRow } from './mapping.js';
import { ANY } from './value-rows.js';

/** Longer values are no choices, and are only compared exactly. */
const MAX_CHOICE = 1_000;

/** Rows for values that are given, by the positions that any value matches, then by the values at the others. */
type RowIndex = Map<string, { any: boolean[]; rows: Map<string, number> }>;

/** A compiled value map, which finds rows in both directions, after `index`. */
export class ValueMap {
  private readonly incoming: RowIndex = new Map();
  /** The same, by the form in which values are compared. */
  private readonly incomingKeys: RowIndex = new Map();
  private readonly outgoing = new Map<string, number>();
  private readonly outgoingKeys = new Map<string, number>();
  /** Rows that are in them. */
  private indexed = 0;

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
    });
  }

  /** To be called before rows are looked up. Leaves the event loop its turns, however many rows there are. */
  async index(): Promise<void> {
    const slice = new TimeSlice();
    // Each row once, whoever else asks meanwhile; and nobody is done before all are.
    for (let row = this.rows[this.indexed]; row; row = this.rows[this.indexed]) {
      this.add(row, this.indexed++);
      await slice.yieldIfDue();
    }
  }

  private add({ partner, generic, direction }: ValueRow, index: number): void {
    if (direction !== 'out') {
      const texts = [partner].flat().map(String);
      addRow(this.incoming, texts, index);
      addRow(this.incomingKeys, texts.map(keyOfChoice), index);
    }
    if (direction === 'in') return;
    addFirst(this.outgoing, String(generic), index);
    addFirst(this.outgoingKeys, keyOfChoice(String(generic)), index);
  }

  /** The generic value for the partner's value(s): an exact match first, then as choices are compared (model/choice.ts). */
  toGeneric(given: string[]): { value: string; row: number } | undefined {
    const found = firstRow(this.incoming, given) ?? firstRow(this.incomingKeys, given.map(keyOfChoice));
    const row = found === undefined ? undefined : this.rows[found];
    return row && found !== undefined ? { value: row.generic, row: found } : undefined;
  }

  /** The partner's value(s) for a generic value, found likewise; `*` where a field stays as it is. */
  toPartner(value: string): { values: string[]; row: number } | undefined {
    const row = this.outgoing.get(value) ?? this.outgoingKeys.get(keyOfChoice(value));
    const found = row === undefined ? undefined : this.rows[row];
    return found && row !== undefined ? { values: [found.partner].flat(), row } : undefined;
  }
}

function keyOfChoice(value: string): string {
  return value.length > MAX_CHOICE ? value : choiceKey(value);
}

function addRow(index: RowIndex, values: string[], row: number): void {
  const any = values.map((value) => value === ANY);
  const pattern = any.map(Number).join('');
  let group = index.get(pattern);
  if (!group) {
    group = { any, rows: new Map() };
    index.set(pattern, group);
  }
  addFirst(group.rows, keyOf(values, any), row);
}

function addFirst(rows: Map<string, number>, key: string, row: number): void {
  if (!rows.has(key)) rows.set(key, row);
}

/** The first row that matches; looked up once for each pattern of `*`. */
function firstRow(index: RowIndex, given: string[]): number | undefined {
  let first: number | undefined;
  for (const { any, rows } of index.values()) {
    const row = rows.get(keyOf(given, any));
    if (row !== undefined && (first === undefined || row < first)) first = row;
  }
  return first;
}

function keyOf(values: string[], any: boolean[]): string {
  if (any.length === 1) return any[0] ? '' : (values[0] ?? '');
  return JSON.stringify(any.map((isAny, at) => (isAny ? '' : (values[at] ?? ''))));
}

/** Text, or a value that a person may have written without quotes. */
function isPlain(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
