import { PartnerError } from '../../errors.js';
import { type Attributes, isAttributes } from './attributes.js';

/** Statuses by which a provider says that it has no PATCH, so that nothing was done (RFC 9110 §15.5.6, §15.6.2). */
const NO_PATCH = new Set([405, 501]);

export function hasNoPatch(error: unknown): boolean {
  return error instanceof PartnerError && NO_PATCH.has(error.status ?? 0);
}

/** What a write contains: the changes alone or, where it replaces the whole resource, the resource with them. */
export function changesOver(whole: Attributes | undefined, changes: Attributes): Attributes {
  return whole ? withChanges(whole, changes) : changes;
}

/** The resource with these changes, as a PATCH would make it: null removes an attribute, a list is replaced (RFC 7396). */
export function withChanges(resource: Attributes, changes: Attributes): Attributes {
  const changed = { ...resource };
  for (const [name, value] of Object.entries(changes)) {
    const before = changed[name];
    if (value === null) delete changed[name];
    else changed[name] = isAttributes(value) ? withChanges(isAttributes(before) ? before : {}, value) : value;
  }
  return changed;
}
