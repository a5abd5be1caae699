import { type Attributes, textOf } from './attributes.js';
import { digest } from './digest.js';
import { bytesOf } from './same-entry.js';

/**
 * What the notes or files of a list are known by: their ids. They need not have any (TMF621 v4), and then what they are tells them apart, and of those that
 * are all alike their order: the same words are said twice within a second. In the order of the list. Pure.
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
