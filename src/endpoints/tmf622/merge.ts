import type { Json } from '../../model/message.js';
import { type Attributes, isAttributes, textOf } from '../tmf/attributes.js';

/** The target state of an item: what was given, plus what the provider added, whose prices are its own. Pure. */
export function mergedItem(has: Attributes, { itemPrice, ...given }: Attributes): Attributes {
  const isPriced = Array.isArray(has.itemPrice) && has.itemPrice.length > 0;
  const merged = mergedObject(has, isPriced || itemPrice === undefined ? given : { ...given, itemPrice });
  // An existing item is not added once more: its action is up to the provider.
  return has.action === 'modify' && given.action === 'add' ? { ...merged, action: 'modify' } : merged;
}

function mergedObject(has: Attributes, given: Attributes): Attributes {
  const values = Object.entries(given).map(([name, value]) => [name, merged(has[name], value)] as const);
  return { ...has, ...Object.fromEntries(values) };
}

function merged(has: Json | undefined, given: Json): Json {
  if (isAttributes(has) && isAttributes(given)) return isAnother(has, given) ? given : mergedObject(has, given);
  const [theirs, ours] = [byName(has), byName(given)];
  if (!theirs || !ours) return given;
  // The value of a characteristic is replaced as a whole.
  const all = new Map([...theirs, ...[...ours].map(([name, entry]) => [name, { ...theirs.get(name), ...entry }] as const)]);
  return [...all.values()];
}

/** Whether the id changes to another offering or place, about which the old attributes say nothing. */
function isAnother(has: Attributes, given: Attributes): boolean {
  const [theirs, ours] = [textOf(has.id), textOf(given.id)];
  return theirs !== undefined && ours !== undefined && theirs !== ours;
}

/** The entries of a list by name, as for characteristics; undefined where names are missing or not unique. */
function byName(list: Json | undefined): Map<string, Attributes> | undefined {
  if (!Array.isArray(list)) return undefined;
  const named = list.flatMap((entry) =>
    isAttributes(entry) && textOf(entry.name) ? [[String(entry.name), entry] as const] : [],
  );
  const all = new Map(named);
  return all.size === list.length ? all : undefined;
}
