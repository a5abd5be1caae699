import type { SharedField } from './conflict-fields.js';
import type { FieldChange } from './partner-formats.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './random-load.js';

/** All writes of a field of a record at one side, in chronological order. */
export function historyOf(partners: Partners, ids: Record<Side, string>, field: SharedField, side: Side): FieldChange[] {
  const columns = side === 'customer' ? field.columns : [field.attribute];
  return partners[side].history.filter((one) => one.record === ids[side] && columns.includes(one.field));
}

/** The history of both sides as text; `from`: start in real time, milliseconds. */
export function describeHistory(partners: Partners, ids: Record<Side, string>, field: SharedField, from = 0): string {
  const all = SIDES.flatMap((side) => historyOf(partners, ids, field, side).map((one) => ({ ...one, side })))
    .filter(({ at }) => at >= from)
    .sort((a, b) => a.at - b.at);
  return all
    .map(({ at, side, by, field: name, value }) => `        +${at - all[0]!.at} ms at the ${side} by ${by}: ${name} = ${value}`)
    .join('\n');
}
