export type Version = 'v4' | 'v5';

/** A resource of a TMF API, or a part of one. */
export type TmfRecord = { [attribute: string]: unknown };

export function entries(value: unknown): TmfRecord[] {
  return Array.isArray(value) ? (value as TmfRecord[]) : [];
}

/** Adds `@type`, which v5 requires on every object and v4 does not use. */
export function typed(version: Version, type: string, record: TmfRecord): TmfRecord {
  return version === 'v5' ? { '@type': type, ...record } : record;
}
