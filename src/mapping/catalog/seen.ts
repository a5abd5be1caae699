import type { Json } from '../../model/message.js';
import { isoTime } from '../times.js';
import { type CatalogField, type FieldType, shortPath } from './field.js';

type Tree = { [key: string]: Json | undefined };

/** Levels of objects that are looked into. */
const DEEPEST = 4;
/** Fields of one record that are listed; a record with more is not for people to map by hand. */
const MOST = 400;

/** The fields that records have, in the order they were met, each with a value it had. */
export function seenFields(records: Tree[]): CatalogField[] {
  const found = new Map<string, CatalogField>();
  for (const record of records) {
    for (const [path, value] of leaves(record)) {
      const known = found.get(path);
      if (!known && found.size < MOST)
        found.set(path, { path, type: typeOf(value), description: '', seen: true, example: value });
      else if (known && empty(known.example)) found.set(path, { ...known, type: typeOf(value), example: value });
    }
  }
  return [...found.values()];
}

/** The catalogue's fields, then those that were only seen. Paths that differ in what is written along name the same field. */
export function withSeen(fields: CatalogField[], seen: CatalogField[]): CatalogField[] {
  const known = new Set(fields.map(({ path }) => shortPath(path)));
  return [...fields, ...seen.filter(({ path }) => !known.has(shortPath(path)))];
}

function leaves(tree: Tree, before = '', depth = 0): [string, Json][] {
  return Object.entries(tree).flatMap(([name, value]): [string, Json][] => {
    // A name with a sign of paths in it cannot be named by one.
    if (value === undefined || name === '' || /[.[\]{}]/.test(name)) return [];
    const path = `${before}${name}`;
    if (Array.isArray(value)) return elements(path, value, depth);
    if (typeof value === 'object' && value !== null && depth < DEEPEST) return leaves(value, `${path}.`, depth + 1);
    return [[path, value]];
  });
}

/** Elements that have a role are named by it; other lists are one field. */
function elements(path: string, list: Json[], depth: number): [string, Json][] {
  const roles = list.flatMap((element): [string, Json][] => {
    if (typeof element !== 'object' || element === null || Array.isArray(element)) return [];
    const { role, ...rest } = element;
    if (typeof role !== 'string' || !/^[^,=[\]{}]+$/.test(role) || depth >= DEEPEST) return [];
    return leaves(rest, `${path}[role=${role}].`, depth + 1);
  });
  return roles.length ? roles : [[path, list]];
}

function typeOf(value: Json): FieldType {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value as FieldType;
  if (typeof value === 'object' && value !== null) return 'object';
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value) && isoTime(value) ? 'time' : 'text';
}

function empty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '';
}
