import type { Json } from '../model/message.js';

/** A value that differs between two results; absent on the side that does not have it. */
export interface Difference {
  /** Names and positions separated by dots. */
  path: string;
  before?: Json;
  after?: Json;
}

/** The differences between two results, value by value. */
export function differences(before: Record<string, Json>, after: Record<string, Json>): Difference[] {
  const old = new Map(values(before));
  const now = new Map(values(after));
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => JSON.stringify(old.get(path)) !== JSON.stringify(now.get(path)))
    .map((path) => ({
      path,
      ...(old.has(path) && { before: old.get(path) }),
      ...(now.has(path) && { after: now.get(path) }),
    }));
}

function values(value: Json, path = ''): [string, Json][] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  // An empty list or object counts as a value.
  if (inner.length === 0) return path ? [[path, value]] : [];
  return inner.flatMap(([name, one]) => values(one as Json, path ? `${path}.${name}` : name));
}
