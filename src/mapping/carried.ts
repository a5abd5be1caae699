import type { Json } from '../model/message.js';
import type { CompiledRule } from './compile-rule.js';
import { isElement, type Path } from './paths.js';
import type { Tree } from './rules.js';

/** Whether a partner's field, or an element of a list in it, is worth keeping although no rule uses it. */
export type Carries = (field: string, value: Json) => boolean;

/** The partner's fields that are kept, and the names of those that could be but are shown empty. */
export interface Carried {
  fields: Record<string, Json>;
  empty: string[];
}

/**
 * The partner's fields that no rule uses, so that a mapping for another party can use them: whole fields, and of a list the elements
 * that no rule selects.
 */
export function carriedFields(record: Tree, rules: readonly CompiledRule[], carries: Carries): Carried {
  const carried: Carried = { fields: {}, empty: [] };
  const byField = new Map<string, Path[]>();
  for (const path of rules.flatMap(({ fields }) => fields)) {
    const known = byField.get(path.top);
    if (known) known.push(path);
    else byField.set(path.top, [path]);
  }
  for (const [field, value] of Object.entries(record)) {
    if (value === undefined) continue;
    const paths = byField.get(field) ?? [];
    const isUsed = (one: Json) => paths.some(({ steps }) => !steps[0]?.element || isElement(one, steps[0].element));
    if (Array.isArray(value)) {
      const rest = value.filter((one) => !isUsed(one) && carries(field, one));
      if (rest.length > 0) carried.fields[field] = rest;
    } else if (paths.length === 0 && carries(field, value)) {
      if (value === null || value === '') carried.empty.push(field);
      else carried.fields[field] = value;
    }
  }
  return carried;
}
