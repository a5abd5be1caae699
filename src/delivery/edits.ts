import type { Json } from '../model/message.js';

/** A field that was edited manually. `from` or `to` is absent where the payload did not have the field. */
export interface EditedField {
  path: string;
  from?: Json;
  to?: Json;
}

/** One manual edit of a payload, stored with it. */
export interface Edit {
  at: string;
  by: string;
  fields: EditedField[];
}

/** The fields in which two payloads differ, by path; a list is compared as a whole. */
export function editedFields(before: Json | undefined, after: Json | undefined, path = ''): EditedField[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isRecord(before) || !isRecord(after)) {
    return [{ path, ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) }];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => editedFields(before[name], after[name], path ? `${path}.${name}` : name));
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
