import { type Attributes, textOf } from './attributes.js';
import { digest } from './digest.js';
import { bytesOf } from './same-entry.js';

/**
 * The ids by which the notes or files of a list are identified. Entries need not have ids (TMF621 v4): then their content
 * identifies them, and equal entries are numbered, because the same text may be sent twice within a second. In the order of the
 * list. Pure.
 */
export function entryIds(list: readonly Attributes[]): Map<Attributes, string> {
  const alike = new Map<string, number>();
  return new Map(
    list.map((entry) => {
      const id = textOf(entry.id) ?? traitsOf(entry);
      const count = (alike.get(id) ?? 0) + 1;
      alike.set(id, count);
      return [entry, count === 1 ? id : `${id}~${count}`];
    }),
  );
}

function traitsOf(entry: Attributes): string {
  const { author, date, text, name, url, href } = entry;
  if (text === undefined && name !== undefined) return digest([name, textOf(url) ?? textOf(href), bytesOf(entry)]);
  return digest([author, date, textOf(text) ?? '']);
}
