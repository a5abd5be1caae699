import type { EntityRequest } from '../conversation/correlator.js';
import { imprint } from '../conversation/fingerprint.js';
import type { Json } from '../model/message.js';
import type { Link } from '../store/store.js';

/** True for a list of items: what is ordered, how it stands, or both. */
export function isOfItems(request: EntityRequest, name: string): boolean {
  return (request.sources[name] ?? []).some((source) => source === 'items' || source === 'progress');
}

/**
 * What of a field is to be written. Of a list of items the entries that we did not write just so the last time: the others may have been changed
 * on the other side, and we do not know it yet. All of it where a person has edited the list; undefined where nothing is left.
 */
export function newsIn(request: EntityRequest, name: string, link: Link): Json | undefined {
  const value = request.fields[name] as Json;
  const written = link.writtenItems?.[name];
  if (!written || !Array.isArray(value) || !isOfItems(request, name) || request.edited?.includes(name)) return value;
  const news = value.filter((entry) => !written.includes(imprint(entry)));
  return news.length > 0 ? news : undefined;
}
