import type { UnmappedValue } from '../../src/delivery/unmapped-counter.js';
import type { Direction, Mapping } from '../../src/mapping/mapping.js';
import { parsePath, read } from '../../src/mapping/paths.js';
import type { Table } from '../../src/mapping/preview-result.js';
import type { Json } from '../../src/model/message.js';
import { mayBeMasked, type ViewMask } from '../../src/privacy/view-mask.js';
import type { SeenValues } from './designer/answers.js';
import type { KeptMessage } from './kept-messages.js';

type Tree = Record<string, Json>;

/** Maximum number of values per table; a field that takes any text does not need a value map. */
const MAX = 50;

/**
 * The values of a rule's fields: from stored messages, and from the counter of values without a row. Most frequent first. The messages
 * are masked if `mask` is given; masked values are left out, because a row for one would never apply.
 */
export function valuesSeen(
  mapping: Mapping,
  table: Table,
  index: number,
  messages: Record<Direction, KeptMessage[]>,
  counted: UnmappedValue[],
  mask?: ViewMask,
): SeenValues {
  const rule = (table === 'items' ? mapping.items?.rules : mapping.rules)?.[index];
  if (!rule?.generic) return { partner: [], generic: [] };
  const names = [rule.field].flat().filter(Boolean);
  const fields = names.map(parsePath);
  const generic = parsePath(rule.generic);
  const partner = new Tally(mask !== undefined);
  const ours = new Tally(mask !== undefined);
  for (const { sample } of messages.in)
    for (const record of table === 'items' ? listOf(sample[mapping.items?.field ?? '']) : [sample])
      partner.add(
        fields.map((field) => textOf(read(record, field))),
        1,
      );
  for (const { sample } of messages.out) {
    const { fields: values = {}, ...heading } = sample as { fields?: Tree } & Tree;
    const scopes =
      table === 'items' ? [...listOf(values.items), ...listOf(values.progress)] : [{ ...heading, ...values } as Tree];
    for (const scope of scopes) ours.add([textOf(read(scope, generic))], 1);
  }
  for (const one of counted) {
    const { mapping: of, direction, field, times } = one;
    if (of !== mapping.name) continue;
    const { value } = mask?.answer(one) ?? one;
    const name = table === 'items' ? field.replace(/^[^.]*\./, '') : field;
    if (direction === 'in' && name === names.join(', ')) partner.add(split(String(value), names.length), times);
    if (direction === 'out' && name === rule.generic) ours.add([String(value)], times);
  }
  return {
    partner: partner.list().map(({ values, times }) => ({ value: values.length > 1 ? values : (values[0] ?? ''), times })),
    generic: ours.list().map(({ values, times }) => ({ value: values[0] ?? '', times })),
    ...((partner.hasMasked || ours.hasMasked) && { masked: true }),
  };
}

class Tally {
  /** Values were left out. */
  hasMasked = false;
  private readonly counts = new Map<string, number>();

  constructor(private readonly isMasked: boolean) {}

  add(values: string[], times: number): void {
    if (values.every((value) => value === '')) return;
    if (this.isMasked && values.some(mayBeMasked)) {
      this.hasMasked = true;
      return;
    }
    const key = JSON.stringify(values);
    this.counts.set(key, (this.counts.get(key) ?? 0) + times);
  }

  list(): { values: string[]; times: number }[] {
    return [...this.counts]
      .map(([key, times]) => ({ values: JSON.parse(key) as string[], times }))
      .sort((a, b) => b.times - a.times)
      .slice(0, MAX);
  }
}

/** The counter stores the values of several fields as one text, without the empty ones. */
function split(text: string, fields: number): string[] {
  const parts = fields > 1 ? text.split(' / ') : [text];
  return [...parts, ...Array<string>(Math.max(0, fields - parts.length)).fill('')].slice(0, Math.max(1, fields));
}

function listOf(value: Json | undefined): Tree[] {
  return Array.isArray(value)
    ? value.filter((one): one is Tree => typeof one === 'object' && one !== null && !Array.isArray(one))
    : [];
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
