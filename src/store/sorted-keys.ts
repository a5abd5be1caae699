/** Chunks are split at this size: small enough that moving half a chunk is cheap, large enough that there are few. */
const CHUNK = 512;

/** The index of `key` in a sorted array, or the index at which to insert it. */
function position(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds a key to a sorted array; false if it was already there. */
export function insertKey(keys: string[], key: string): boolean {
  if (keys.length === 0 || keys[keys.length - 1]! < key) {
    keys.push(key);
    return true;
  }
  const at = position(keys, key);
  if (keys[at] === key) return false;
  keys.splice(at, 0, key);
  return true;
}

/** Removes a key from a sorted array; false if it was not there. */
export function removeKey(keys: string[], key: string): boolean {
  const at = position(keys, key);
  if (keys[at] !== key) return false;
  keys.splice(at, 1);
  return true;
}

/** Up to this many keys a copy costs less than the spare capacity of an array that grows in place. */
const COPIED = 32;

/** A sorted array with a key added; the given array may be modified. For many small arrays: they get no spare capacity. */
export function withKey(keys: readonly string[], key: string): readonly string[] {
  if (keys.length > COPIED) {
    insertKey(keys as string[], key);
    return keys;
  }
  const at = position(keys, key);
  return keys[at] === key ? keys : [...keys.slice(0, at), key, ...keys.slice(at)];
}

/** A sorted array without a key; the given array may be modified. */
export function withoutKey(keys: readonly string[], key: string): readonly string[] {
  if (keys.length > COPIED) {
    removeKey(keys as string[], key);
    return keys;
  }
  return keys.filter((other) => other !== key);
}

/**
 * A sorted set of strings in chunks. A plain sorted array would move, and now and then copy, hundreds of thousands of entries at
 * once, which is a stall; a tree would cost an object per key.
 */
export class SortedKeys {
  private readonly chunks: string[][] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a key; false if it was already there. */
  add(key: string): boolean {
    if (this.chunks.length === 0) {
      this.chunks.push([key]);
      this.count = 1;
      return true;
    }
    const at = this.chunkOf(key);
    const chunk = this.chunks[at]!;
    if (chunk.length >= CHUNK) {
      // Keys mostly arrive in order: then start a new chunk and leave the full one full.
      if (at === this.chunks.length - 1 && chunk[chunk.length - 1]! < key) {
        this.chunks.push([key]);
        this.count++;
        return true;
      }
      this.chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
      return this.add(key);
    }
    if (!insertKey(chunk, key)) return false;
    this.count++;
    return true;
  }

  /** Removes a key; false if it was not there. */
  delete(key: string): boolean {
    if (this.chunks.length === 0) return false;
    const at = this.chunkOf(key);
    const chunk = this.chunks[at]!;
    if (!removeKey(chunk, key)) return false;
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count--;
    return true;
  }

  /** The smallest key. */
  first(): string | undefined {
    return this.chunks[0]?.[0];
  }

  /** Up to `limit` keys greater than `after` (from the smallest if undefined), smallest first. */
  above(after: string | undefined, limit: number): string[] {
    const found: string[] = [];
    let at = after === undefined || this.chunks.length === 0 ? 0 : this.chunkOf(after);
    for (; at < this.chunks.length && found.length < limit; at++) {
      const chunk = this.chunks[at]!;
      let index = after === undefined ? 0 : position(chunk, after);
      if (chunk[index] === after) index++;
      found.push(...chunk.slice(index, index + limit - found.length));
    }
    return found;
  }

  /** Up to `limit` keys smaller than `before` (from the greatest if undefined), greatest first. */
  below(before: string | undefined, limit: number): string[] {
    const found: string[] = [];
    if (this.chunks.length === 0) return found;
    let at = before === undefined ? this.chunks.length - 1 : this.chunkOf(before);
    for (; at >= 0 && found.length < limit; at--) {
      const chunk = this.chunks[at]!;
      let index = before === undefined ? chunk.length : position(chunk, before);
      while (index > 0 && found.length < limit) found.push(chunk[--index]!);
    }
    return found;
  }

  /** The last chunk whose first key is at most `key`. */
  private chunkOf(key: string): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.chunks[middle]![0]! <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
