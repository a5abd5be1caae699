import { isDeepStrictEqual } from 'node:util';
import { type Attributes, isoTime } from './attributes.js';

/**
 * Whether a resource, as it was read, is proven to be at least as new as in an event: it was changed later, or everything that
 * the event says of it is equal. Equality proves nothing for an event that has neither the time of the change nor the `whole`
 * resource (attributes that only a whole one has): it may report a change of an attribute that it does not have. Pure.
 */
export function showsEvent(resource: Attributes, reported: Attributes, whole: readonly string[] = []): boolean {
  const [shown, changed] = [isoTime(resource.lastUpdate), isoTime(reported.lastUpdate)];
  if (shown && changed && shown !== changed) return Date.parse(shown) > Date.parse(changed);
  const isWhole = whole.length > 0 && whole.every((name) => reported[name] !== undefined);
  if (!isWhole && !(shown && changed)) return false;
  return Object.entries(reported).every(([name, value]) => isDeepStrictEqual(resource[name], value));
}
