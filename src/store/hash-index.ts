/** A table grows by this factor when it is this full. */
const GROWTH = 1.5;
const FULL = 0.75;
const SMALLEST = 8;
/** The low bits of a hash choose the cell in a table, the high bits the table. */
const CELL_BITS = 20;
const CELL_RANGE = 2 ** CELL_BITS;
const MAX_TABLES = 2 ** (32 - CELL_BITS);
const NONE: readonly number[] = [];

/** A 32-bit hash of a key: FNV-1a with a final mix, because its low bits depend only on the low bits of the text. */
export function hashOf(key: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

interface Table {
  /** Pairs of hash and value + 1; 0: the cell is free. */
  cells: Uint32Array;
  used: number;
}

/**
 * Maps 32-bit hashes to small numbers, several per hash, in about 12 bytes a pair: a million conversations have some fifteen
 * million keys. It has no false negatives; who finds a value compares the real key. The pairs are spread over many small tables,
 * so that growing never stalls the event loop.
 */
export class HashIndex {
  private readonly tables: Table[];
  private readonly shift: number;

  /** `tables`: a power of two, at most 4096. */
  constructor(tables: number) {
    this.shift = 32 - Math.log2(Math.min(tables, MAX_TABLES));
    this.tables = Array.from({ length: Math.min(tables, MAX_TABLES) }, () => ({
      cells: new Uint32Array(2 * SMALLEST),
      used: 0,
    }));
  }

  /** The number of tables, for `sweep`. */
  get size(): number {
    return this.tables.length;
  }

  /** Makes room for this many pairs at once, so that loading them need not grow the tables repeatedly. */
  reserve(pairs: number): void {
    const cells = Math.ceil(pairs / this.tables.length / FULL) + SMALLEST;
    for (const table of this.tables) if (table.cells.length < 2 * cells) resize(table, cells, () => true);
  }

  add(hash: number, value: number): void {
    const table = this.tables[hash >>> this.shift]!;
    const capacity = table.cells.length / 2;
    if (table.used >= capacity * FULL) resize(table, Math.ceil(capacity * GROWTH), () => true);
    insert(table, hash, value + 1);
  }

  /** The values of a hash. */
  get(hash: number): readonly number[] {
    const { cells } = this.tables[hash >>> this.shift]!;
    let found: number[] | undefined;
    for (let at = cellOf(hash, cells.length / 2); cells[at + 1] !== 0; at = at + 2 === cells.length ? 0 : at + 2) {
      if (cells[at] !== hash) continue;
      if (found) found.push(cells[at + 1]! - 1);
      else found = [cells[at + 1]! - 1];
    }
    return found ?? NONE;
  }

  /** Removes from one of the tables the values that are not to be kept. */
  sweep(index: number, keep: (value: number) => boolean): void {
    const table = this.tables[index]!;
    resize(table, table.cells.length / 2, keep);
  }
}

/** The first cell of a hash: equal hashes in equal order, so that growing reads and writes memory in sequence. */
const cellOf = (hash: number, capacity: number): number => 2 * Math.floor(((hash % CELL_RANGE) * capacity) / CELL_RANGE);

function insert(table: Table, hash: number, stored: number): void {
  const { cells } = table;
  let at = cellOf(hash, cells.length / 2);
  while (cells[at + 1] !== 0) at = at + 2 === cells.length ? 0 : at + 2;
  cells[at] = hash;
  cells[at + 1] = stored;
  table.used++;
}

function resize(table: Table, capacity: number, keep: (value: number) => boolean): void {
  const old = table.cells;
  table.cells = new Uint32Array(2 * Math.max(capacity, SMALLEST));
  table.used = 0;
  for (let at = 0; at < old.length; at += 2)
    if (old[at + 1] !== 0 && keep(old[at + 1]! - 1)) insert(table, old[at]!, old[at + 1]!);
}
