import type { Json } from '../model/message.js';

/** A field that a person changed by hand; absent = it was not there. */
export interface EditedField {
  path: string;
  from?: Json;
  to?: Json;
}

/** One editing of a payload, kept with it. */
export interface Edit {
  at: string;
  by: string;
  fields: EditedField[];
}

/** The fields in which two payloads differ, by their paths; lists are compared as a whole. */
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
