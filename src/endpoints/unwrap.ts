import type { Json } from '../model/message.js';

type Tree = Record<string, Json>;

/** The record in what people paste: the record itself, or an answer, an event or a raw entity that holds it under one of these names. */
export function unwrapped(pasted: Tree, names: readonly string[]): Tree {
  for (const name of names) {
    const inner = Array.isArray(pasted[name]) ? pasted[name][0] : pasted[name];
    if (isTree(inner) && !('value' in inner)) return unwrapped(inner, names);
  }
  return pasted;
}

export function isTree(value: Json | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
