import type { GenericComment, Json } from '../../model/message.js';
import type { WriteResult } from '../endpoint.js';
import { columnText, type Row, shownText } from './row.js';

/** Columns that are written and never read back: their raw value is always ''. */
export const JOURNALS: ReadonlySet<string> = new Set(['comments', 'work_notes', 'comments_and_work_notes']);

/** The body that adds a comment. `comments` is visible to the customer; `work_notes` stays internal. */
export function commentBody(comment: GenericComment): Record<string, string> {
  const text = withoutCodeTags(comment.text);
  return comment.visibility === 'internal' ? { work_notes: text } : { comments: text };
}

/** ServiceNow would render text between [code] marks as HTML, so the marks in other people's text are defused. */
export function withoutCodeTags(text: string): string {
  return text.replace(/\[(\/?)code\]/gi, '($1code)');
}

/** A body as the Table API accepts it: scalars as text, journals without code marks. */
export function rowBody(fields: Record<string, Json>): Record<string, Json> {
  const body: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fields)) {
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    body[name] = JOURNALS.has(name) && typeof text === 'string' ? withoutCodeTags(text) : text;
  }
  return body;
}

/**
 * Fields that are not there although the write was answered with 2xx: unknown columns, refused choices, columns that the user may
 * not write.
 */
export function droppedFields(sent: Record<string, Json>, record: Row): WriteResult['dropped'] {
  return Object.entries(sent)
    .filter(([name, value]) => !JOURNALS.has(name) && !hasValue(record[name], value))
    .map(([field, value]) => ({ field, sent: value, has: field in record ? columnText(record[field]) : undefined }));
}

/** Whether a column has a value: as raw text, as display value, or as the same number in another notation. */
export function hasValue(column: unknown, value: Json): boolean {
  const [has, sent] = [normal(columnText(column)), normal(columnText(value))];
  return has === sent || normal(shownText(column)) === sent || (isNumber(has) && isNumber(sent) && Number(has) === Number(sent));
}

/** Instances change line breaks and trim texts. */
function normal(text: string): string {
  return text.replace(/\r\n/g, '\n').trim();
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
