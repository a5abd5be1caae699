import type { Json } from '../model/message.js';

type Tree = Record<string, Json>;

/**
 * Extracts the record from pasted JSON: the record itself, or a response, an event or a raw entity that contains it under one of
 * these names.
 */
export function unwrapRecord(pasted: Tree, names: readonly string[]): Tree {
  for (const name of names) {
    const inner = Array.isArray(pasted[name]) ? pasted[name][0] : pasted[name];
    if (isTree(inner) && !('value' in inner)) return unwrapRecord(inner, names);
  }
  return pasted;
}

export function isTree(value: Json | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
