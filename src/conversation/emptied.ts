import { parsePath, write } from '../mapping/paths.js';
import type { Json } from '../model/message.js';
import type { Link } from '../store/store.js';
import type { InboundMessage } from './inbound-message.js';

type Fields = { [name: string]: Json | undefined };

/**
 * A message in which the fields that were emptied since the last one, or are among the `saved` changes, are empty texts. A field
 * that never had a value is not emptied.
 */
export function withEmptied(inbound: InboundMessage, link: Link, saved: readonly string[] = []): InboundMessage {
  const { message, sources, emptied = {} } = inbound;
  const paths = Object.keys(emptied).filter((path) => hadValue(path, emptied[path] ?? [], link) || saved.includes(path));
  if (paths.length === 0) return inbound;
  const fields = structuredClone(message.fields) as Fields;
  const from = { ...sources };
  for (const path of paths) {
    const target = parsePath(path);
    write(fields, target, '');
    from[target.top] = [...new Set([...(from[target.top] ?? []), ...(emptied[path] ?? [])])];
  }
  return { ...inbound, message: { ...message, fields: fields as typeof message.fields }, sources: from };
}

/** The paths of the fields that a message shows as emptied. */
export function emptiedPaths(fields: object): string[] {
  return leaves(fields as Fields)
    .filter(([, value]) => value === '')
    .map(([path]) => path);
}

/**
 * The paths inside objects, as `requester.name`, that had a value when the entity last showed them. The last known value of the
 * whole object cannot tell that of its parts, because long values are kept as digests.
 */
export function filledAfter({ filled = [] }: Pick<Link, 'filled'>, fields: object): string[] | undefined {
  const now = new Set(filled);
  for (const [path, value] of leaves(fields as Fields)) {
    if (value === '') now.delete(path);
    else if (path.includes('.')) now.add(path);
  }
  return now.size > 0 ? [...now] : undefined;
}

function hadValue(path: string, names: string[], { raw, lastKnown, filled }: Link): boolean {
  if (names.every((name) => (raw[name] ?? '') === '')) return false;
  const { top } = parsePath(path);
  // Of an entity that has not been read since its object was written, only the whole object is known.
  return path === top || !filled ? (lastKnown[top] ?? '') !== '' : filled.includes(path);
}

/** The values of a tree by path; lists are values. */
function leaves(fields: Fields, before = ''): [path: string, value: Json][] {
  return Object.entries(fields).flatMap(([name, value]): [string, Json][] => {
    if (value === undefined || value === null) return [];
    const path = `${before}${name}`;
    return typeof value === 'object' && !Array.isArray(value) ? leaves(value, `${path}.`) : [[path, value]];
  });
}
