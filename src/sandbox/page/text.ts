export type Part = Record<string, unknown>;

export const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));

export const list = (value: unknown) => (Array.isArray(value) ? (value as Part[]) : []);

/** The time of day, from the date format of either system. */
export function time(value: unknown): string {
  const given = text(value);
  const date = new Date(/Z|T/.test(given) ? given : `${given.replace(' ', 'T')}Z`);
  return Number.isNaN(date.getTime()) ? given : date.toLocaleTimeString();
}

/** The date in the browser's locale. */
export function day(value: unknown): string {
  const given = text(value);
  const date = new Date(/T/.test(given) ? given : `${given.replace(' ', 'T')}Z`);
  return given && !Number.isNaN(date.getTime()) ? date.toLocaleDateString() : given;
}

/** Converts "in_progress" and "inProgress" to "In progress". */
export function toLabel(value: unknown): string {
  const spaced = text(value)
    .replace(/[_.]/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
