import assert from 'node:assert/strict';
import { HashIndex, hashOf } from '../../src/store/hash-index.js';
import { SortedKeys } from '../../src/store/sorted-keys.js';
import { randomFrom } from './random.js';

const SEED = Number(process.env.SWB_SEED ?? Date.now() % 1_000_000);

describe('the in-memory structures of the store', () => {
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

  it(`HashIndex finds every value of a hash, and after a sweep only those kept (SWB_SEED=${SEED})`, () => {
    const random = randomFrom(SEED);
    const index = new HashIndex(64);
    const added = new Map<number, number[]>();
    // Few different hashes, so that some have several values, and some that follow each other.
    const hash = () => (random() < 0.5 ? 7 : Math.floor(random() * 2 ** 32)) + Math.floor(random() * 50);
    for (let value = 0; value < 30_000; value++) {
      const one = hash() >>> 0;
      index.add(one, value);
      added.set(one, [...(added.get(one) ?? []), value]);
    }
    const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
    for (const [one, values] of added) assert.deepEqual(sorted(index.get(one)), values);
    for (let i = 0; i < 1000; i++) {
      const other = Math.floor(random() * 2 ** 32);
      if (!added.has(other)) assert.deepEqual(index.get(other), []);
    }
    for (let table = 0; table < index.size; table++) index.sweep(table, (value) => value % 3 === 0);
    for (const [one, values] of added)
      assert.deepEqual(
        sorted(index.get(one)),
        values.filter((value) => value % 3 === 0),
      );
  });

  it('hashOf spreads similar keys', () => {
    const buckets = new Array<number>(64).fill(0);
    for (let n = 0; n < 64_000; n++) buckets[hashOf(`INC${String(n).padStart(7, '0')}`, 1) >>> 26]!++;
    for (const count of buckets) assert.ok(count > 800 && count < 1200, String(count));
  });
});
