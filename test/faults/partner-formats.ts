/** One write of a field, for oracles that need to know who wrote what and when. */
export interface FieldChange {
  /** Real time in milliseconds. */
  at: number;
  record: string;
  field: string;
  value: unknown;
  before: unknown;
  by: 'people' | 'broker';
}

/** How a partner transforms values written through its API before it stores them. */
export interface Transformation {
  /** The stored value of a field; undefined = the previous value is kept. */
  field?(name: string, value: unknown, isNew: boolean): unknown;
  note?(text: string): string;
  fileName?(name: string): string;
  /** The ids of its notes: their own (default), none, or their position in the list. */
  noteIds?: 'own' | 'none' | 'place';
}

/** The time zone of a provider: hours ahead of UTC, and whether times include the offset. */
export interface Zone {
  hours: number;
  shown: boolean;
}

const HOUR = 3_600_000;

/** Formats a time in the zone of a provider. */
export function formatTime(time: number, zone?: Zone): string {
  if (!zone) return new Date(time).toISOString();
  const local = new Date(time + zone.hours * HOUR).toISOString().slice(0, -1);
  const sign = zone.hours < 0 ? '-' : '+';
  return zone.shown ? `${local}${sign}${String(Math.abs(zone.hours)).padStart(2, '0')}:00` : local;
}

/** Parses a time as a provider of that zone does: without an offset it is local time. */
export function parseTime(text: string, zone?: Zone): number {
  if (!zone || zone.shown) return Date.parse(text);
  return Date.parse(`${text.replace(/(Z|[-+]\d\d:?\d\d)$/, '')}Z`) - zone.hours * HOUR;
}
