import assert from 'node:assert/strict';
import { ByteWriter } from '../../src/store/byte-writer.js';
import { SlabAllocator } from '../../src/store/slab-allocator.js';
import { SortedKeys } from '../../src/store/sorted-keys.js';
import { UniqueKeys } from '../../src/store/unique-keys.js';
import { WordIndex } from '../../src/store/word-index.js';
import { randomFrom } from './random.js';

const SEED = Number(process.env.SWB_SEED ?? Date.now() % 1_000_000);

describe('the in-memory structures of the store', () => {
  it(`SlabAllocator returns each stored text, whatever was released before (SWB_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const allocator = new SlabAllocator();
    const kept = new Map<number, string>();
    for (let step = 0; step < 5000; step++) {
      if (kept.size > 0 && random() < 0.4) {
        const handle = [...kept.keys()][Math.floor(random() * kept.size)]!;
        allocator.release(handle);
        kept.delete(handle);
        continue;
      }
      const text = (random() < 0.5 ? 'a' : '漢') + 'ü'.repeat(Math.floor(random() ** 8 * 40_000));
      const handle = allocator.put(text);
      assert.ok(handle > 0 && !kept.has(handle));
      kept.set(handle, text);
    }
    for (const [handle, text] of kept) {
      assert.equal(allocator.get(handle), text);
      const bytes = new ByteWriter();
      allocator.copy(handle, bytes);
      assert.equal(bytes.written.toString(), text);
    }
  });

  it(`SortedKeys behaves as a sorted set (SWB_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const keys = new SortedKeys();
    const set = new Set<string>();
    const key = () => `k${String(Math.floor(random() * 5000)).padStart(4, '0')}`;
    for (let step = 0; step < 20_000; step++) {
      const one = key();
      if (random() < 0.6) assert.equal(keys.add(one), !set.has(one) && !!set.add(one));
      else assert.equal(keys.delete(one), set.delete(one));
    }
    const sorted = [...set].sort();
    assert.equal(keys.size, sorted.length);
    assert.equal(keys.first(), sorted[0]);
    assert.deepEqual(keys.above(undefined, 10_000), sorted);
    assert.deepEqual(keys.below(undefined, 10_000), [...sorted].reverse());
    for (let i = 0; i < 200; i++) {
      const one = key();
      assert.deepEqual(keys.above(one, 600), sorted.filter((other) => other > one).slice(0, 600));
      assert.deepEqual(
        keys.below(one, 600),
        sorted
          .filter((other) => other < one)
          .reverse()
          .slice(0, 600),
      );
    }
  });

  it(`WordIndex finds the records with a word of this prefix (SWB_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const index = new WordIndex();
    const words = new Map<string, Set<string>>();
    for (let step = 0; step < 20_000; step++) {
      // Few words with many ids, and many with few.
      const word = `w${Math.floor(random() ** 3 * 200)}`;
      const id = `id${String(Math.floor(random() * 500)).padStart(3, '0')}`;
      const ids = words.get(word) ?? new Set();
      words.set(word, ids);
      if (random() < 0.6) {
        index.add(word, id);
        ids.add(id);
      } else {
        index.remove(word, id);
        ids.delete(id);
      }
    }
    const kept = [...words].filter(([, ids]) => ids.size > 0).map(([word]) => word);
    for (const prefix of ['w', 'w1', 'w19', 'w199', 'x']) {
      const expected = kept.filter((word) => word.startsWith(prefix)).sort();
      const found: string[] = [];
      for (let after: string | undefined; ; after = found.at(-1)) {
        const batch = index.beginning(prefix, after, 7);
        found.push(...batch);
        if (batch.length < 7) break;
      }
      assert.deepEqual(found, expected, prefix);
    }
    for (const word of kept) {
      const ids = [...words.get(word)!].sort().reverse();
      assert.deepEqual(index.with(word, undefined, 1000), ids);
      assert.deepEqual(index.with(word, ids[2], 3), ids.slice(3, 6));
    }
  });

  it('UniqueKeys finds the owner of a key, even when hashes collide', () => {
    const keys = new UniqueKeys();
    const owners = new Map<string, string>();
    for (let n = 0; n < 20_000; n++) {
      keys.add(`key ${n}`, `id ${n}`);
      owners.set(`key ${n}`, `id ${n}`);
    }
    for (let n = 0; n < 20_000; n += 2) keys.remove(`key ${n}`, `id ${n}`);
    for (let n = 0; n < 20_000; n++) {
      const key = `key ${n}`;
      assert.equal(
        keys.owner(key, (id) => owners.get(key) === id),
        n % 2 ? `id ${n}` : undefined,
      );
    }
  });
});
