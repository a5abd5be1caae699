/** Keys are spread over small maps, as in PartitionedMap. */
const PARTS = 256;
/** Hashes stay small integers, which need no heap object. */
const HASH_BITS = 30;

/**
 * Maps unique keys to record ids without storing the keys: it keeps only their hashes, and the caller checks whether a record
 * found by hash really has the key. The keys themselves would be half of the memory of a closed conversation.
 */
export class UniqueKeys {
  private readonly parts: Map<number, string | string[]>[] = Array.from({ length: PARTS }, () => new Map());
  /** Random per process, so that nobody can choose ids that all collide. */
  private readonly seed = Math.floor(Math.random() * 2 ** 32);

  /** The id of the record that has a key. */
  owner(key: string, has: (id: string) => boolean): string | undefined {
    const hash = this.hash(key);
    const found = this.parts[hash % PARTS]!.get(hash);
    if (found === undefined) return undefined;
    if (typeof found === 'string') return has(found) ? found : undefined;
    return found.find(has);
  }

  add(key: string, id: string): void {
    const hash = this.hash(key);
    const part = this.parts[hash % PARTS]!;
    const found = part.get(hash);
    part.set(hash, found === undefined ? id : [...(typeof found === 'string' ? [found] : found), id]);
  }

  remove(key: string, id: string): void {
    const hash = this.hash(key);
    const part = this.parts[hash % PARTS]!;
    const found = part.get(hash);
    if (found === undefined) return;
    const rest = typeof found === 'string' ? [found] : [...found];
    const at = rest.indexOf(id);
    if (at >= 0) rest.splice(at, 1);
    if (rest.length === 0) part.delete(hash);
    else part.set(hash, rest.length === 1 ? rest[0]! : rest);
  }

  /** FNV-1a with a seed. */
  private hash(key: string): number {
    let hash = this.seed;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    // The low bits of FNV depend on the low bits of the text only: fold the high ones in.
    hash ^= hash >>> 15;
    return (hash >>> 0) % 2 ** HASH_BITS;
  }
}
