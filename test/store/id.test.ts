import assert from 'node:assert/strict';
import { createIdSource, isWithin } from '../../src/store/id.js';

describe('ids', () => {
  it('sort by time, also within a millisecond and when the clock is set back', () => {
    let now = Date.parse('2026-03-01T10:00:00Z');
    const next = createIdSource(() => now);
    const made: string[] = [];
    for (let i = 0; i < 2000; i++) {
      if (i % 7 === 0) now += i % 3 ? 1 : -5;
      made.push(next());
    }
    assert.deepEqual([...made].sort(), made);
    assert.equal(new Set(made).size, made.length);
  });

  it('continue above the newest id of an earlier process whose clock was an hour ahead, then follow the clock again', () => {
    let now = Date.parse('2026-03-01T11:00:00Z');
    const random = () => 0.5;
    const newest = createIdSource(() => now, random)();
    now -= 3_600_000;
    const next = createIdSource(() => now, random, newest);
    const made = [newest, next(), next()];
    now += 3_600_001;
    made.push(next());
    assert.deepEqual([...made].sort(), made);
    assert.equal(new Set(made.map((id) => id.length)).size, 1);
    assert.equal(made[3], createIdSource(() => now, random)());
  });

  it('show whether one was created shortly before another', () => {
    let now = 5_000;
    const next = createIdSource(() => now);
    const first = next();
    now += 1_000;
    const second = next();
    assert.deepEqual([isWithin(1_001, first, second), isWithin(1_000, first, second)], [true, false]);
    assert.equal(isWithin(1_000, second, first), true, 'what was made before it was made no longer before it');
    assert.equal(isWithin(1_000, 'no id', second), false);
  });

  it('follow the clock if the newest id has another format', () => {
    for (const above of [undefined, 'm1', 'not an id, 20 letters'.slice(0, 20)]) {
      const next = () =>
        createIdSource(
          () => 5,
          () => 0,
          above,
        )();
      assert.equal(next(), `${'0'.repeat(9)}5${'0'.repeat(10)}`);
    }
  });

  it('have twenty characters that a person can read out and that are safe in a URL', () => {
    assert.match(createIdSource()(), /^[0-9a-hjkmnp-tv-z]{20}$/);
  });

  it('are the same for the same clock and random source', () => {
    const make = () =>
      createIdSource(
        () => 1_700_000_000_000,
        () => 0.5,
      )();
    assert.equal(make(), make());
    assert.ok(
      make() <
        createIdSource(
          () => 1_700_000_000_001,
          () => 0,
        )(),
    );
  });
});
