/** The number of partitions of every large map, and of snapshot shards. Part of the folder's format: do not change. */
export const PARTITIONS = 256;

/** The partition a key belongs to: FNV-1a, folded to eight bits. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & 0xff;
}

/**
 * A map split into 256 small ones. A single Map doubles its table when it is full, and moving 200,000 entries at once blocks the
 * event loop for tens of milliseconds; this one grows in small steps.
 */
export class PartitionedMap<V> {
  /** The partitions, by `partitionOf(key)`. */
  readonly parts: Map<string, V>[] = Array.from({ length: PARTITIONS }, () => new Map<string, V>());

  get(key: string): V | undefined {
    return this.parts[partitionOf(key)]!.get(key);
  }

  set(key: string, value: V): void {
    this.parts[partitionOf(key)]!.set(key, value);
  }

  delete(key: string): void {
    this.parts[partitionOf(key)]!.delete(key);
  }
}
