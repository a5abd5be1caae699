import type { SharedField } from './clash-fields.js';
import type { FieldChange } from './habits.js';
import type { Partners } from './partners.js';
import { SIDES, type Side } from './strange-load.js';

/** Who wrote a field of a record at one side, in the order of time. */
export function historyOf(partners: Partners, ids: Record<Side, string>, field: SharedField, side: Side): FieldChange[] {
  const columns = side === 'customer' ? field.columns : [field.attribute];
  return partners[side].history.filter((one) => one.record === ids[side] && columns.includes(one.field));
}

/** The same of both sides, in words; `from`: since when, true time in milliseconds. */
export function storyOf(partners: Partners, ids: Record<Side, string>, field: SharedField, from = 0): string {
  const all = SIDES.flatMap((side) => historyOf(partners, ids, field, side).map((one) => ({ ...one, side })))
    .filter(({ at }) => at >= from)
    .sort((a, b) => a.at - b.at);
  return all
    .map(({ at, side, by, field: name, value }) => `        +${at - all[0]!.at} ms at the ${side} by ${by}: ${name} = ${value}`)
    .join('\n');
}
