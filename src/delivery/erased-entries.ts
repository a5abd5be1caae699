import type { AuditEntry } from '../store/audit-entry.js';
import type { Change, Store } from '../store/store.js';
import { type CutFacts, rangesOf } from '../store/trail-line.js';
import type { Found } from './erasable.js';
import type { ErasureRequest } from './erasure-view.js';
import type { Mentions } from './mentions.js';

/** Shorter numbers say nothing about a part of a text or file. */
export const SHORTEST_MARK = 6;
/** Between the texts of a search in the trail. */
const LISTED = ', ';

/** Entries of the audit trail whose names are to be cut off. */
export type Cut = { id: string; number: number }[];

/**
 * Entries of the audit trail that name what is erased: they are about it, or have its number, or name the person. `entriesOf`:
 * those of each ticket.
 */
export async function entriesNaming(
  store: Pick<Store, 'trail'>,
  erased: readonly Found[],
  person: Mentions | undefined,
): Promise<{ entries: Cut; entriesOf: Map<Found, Cut> }> {
  const owners = ownersOf(erased);
  const entries: Cut = [];
  const entriesOf = new Map<Found, Cut>();
  for await (const { text, number, names } of store.trail({})) {
    if (!names) continue;
    const { id, target } = JSON.parse(text) as AuditEntry;
    const owner = owners.get(target.id) ?? ownerNamedIn(names, owners);
    if (!owner && !person?.(names)) continue;
    entries.push({ id, number });
    if (owner) entriesOf.set(owner, [...(entriesOf.get(owner) ?? []), { id, number }]);
  }
  return { entries, entriesOf };
}

/** What a search looks for, as the trail names it. */
export function searchOf({ person = [], ticket = [] }: ErasureRequest): string {
  return [...person, ...ticket].map((text) => text.trim()).join(LISTED);
}

/** Whether the entry of a search for this text would name what is erased. */
export function isNamedBy(search: string, erased: readonly Found[], person: Mentions | undefined): boolean {
  const names = { search };
  return ownerNamedIn(names, ownersOf(erased)) !== undefined || person?.(names) === true;
}

/** What is erased, by all of its ids and numbers. */
function ownersOf(erased: readonly Found[]): Map<string, Found> {
  const owners = new Map<string, Found>();
  for (const found of erased) {
    for (const id of found.ids) owners.set(id, found);
    for (const number of found.numbers) owners.set(number.toLowerCase(), found);
  }
  return owners;
}

/** What the entry of an erasure says of the entries that it cuts. */
export const cutFacts = (cut: Cut): CutFacts => ({ cut: rangesOf(cut.map(({ number }) => number)) });
export const cutting = (cut: Cut): Change[] => (cut.length > 0 ? [{ kind: 'cutNames', entries: cut.map(({ id }) => id) }] : []);

/** The ticket that the names of an entry name: as a whole, or as a word that can be nothing else. */
function ownerNamedIn(names: Record<string, string>, owners: ReadonlyMap<string, Found>): Found | undefined {
  const listed = names.search?.toLowerCase().split(LISTED) ?? [];
  for (const text of Object.values(names)) {
    const whole = text.trim().toLowerCase();
    const words = whole.split(/[\s,;"()]+/).filter(({ length }) => length >= SHORTEST_MARK);
    for (const word of [whole, ...words, ...listed]) {
      const owner = owners.get(word);
      if (owner) return owner;
    }
  }
  return undefined;
}
