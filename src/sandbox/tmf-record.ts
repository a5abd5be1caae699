export type Version = 'v4' | 'v5';

/** A resource of a TMF API, or a part of one. */
export type TmfRecord = { [attribute: string]: unknown };

export function entries(value: unknown): TmfRecord[] {
  return Array.isArray(value) ? (value as TmfRecord[]) : [];
}

/** `@type` as v5 demands it on every object; v4 does without. */
export function typed(version: Version, type: string, record: TmfRecord): TmfRecord {
  return version === 'v5' ? { '@type': type, ...record } : record;
}
