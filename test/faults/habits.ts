/** One writing of one field of a record, for an oracle that wants to know who wrote what when. */
export interface FieldChange {
  /** True time, milliseconds. */
  at: number;
  record: string;
  field: string;
  value: unknown;
  before: unknown;
  by: 'people' | 'broker';
}

/** How a partner keeps what is written by its API, where that is not how it was written. */
export interface Keeping {
  /** What it keeps of a field; undefined = what was there before. */
  field?(name: string, value: unknown, isNew: boolean): unknown;
  note?(text: string): string;
  fileName?(name: string): string;
  /** What its notes show as their ids: their own (what else is not said), none, or their place in the list. */
  noteIds?: 'own' | 'none' | 'place';
}

/** How a provider writes times: local ones of a zone so many hours ahead of UTC, and whether they say so. */
export interface Zone {
  hours: number;
  shown: boolean;
}

const HOUR = 3_600_000;

/** A time as a provider of that zone writes it. */
export function stamp(time: number, zone?: Zone): string {
  if (!zone) return new Date(time).toISOString();
  const local = new Date(time + zone.hours * HOUR).toISOString().slice(0, -1);
  const sign = zone.hours < 0 ? '-' : '+';
  return zone.shown ? `${local}${sign}${String(Math.abs(zone.hours)).padStart(2, '0')}:00` : local;
}

/** What a provider of that zone takes a written time for: one that shows no zone compares digits. */
export function moment(text: string, zone?: Zone): number {
  if (!zone || zone.shown) return Date.parse(text);
  return Date.parse(`${text.replace(/(Z|[-+]\d\d:?\d\d)$/, '')}Z`) - zone.hours * HOUR;
}
