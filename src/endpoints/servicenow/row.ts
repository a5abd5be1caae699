/** A row as the Table API returns it: every scalar is text; a reference is {link, value}, a bare id, or ''. */
export type Row = Record<string, unknown>;

/**
 * The text of a column, in whichever form it comes (ServiceNow, Table API: sysparm_display_value,
 * sysparm_exclude_reference_link).
 */
export function columnText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  const { value: inner } = value as { value?: unknown };
  return inner === undefined || inner === null ? '' : String(inner);
}

/** The display value of a column; the same as its text where no display values were requested. */
export function shownText(value: unknown): string {
  const shown = typeof value === 'object' && value !== null ? (value as { display_value?: unknown }).display_value : undefined;
  return shown === undefined || shown === null ? columnText(value) : String(shown);
}
