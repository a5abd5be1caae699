import assert from 'node:assert/strict';
import { FailedSignIns } from '../../src/http/failed-sign-ins.js';

describe('failed sign-ins', () => {
  let now = 0;
  const fail = (failures: FailedSignIns, source: string, times: number) =>
    Array.from({ length: times }, () => failures.failed(source));

  it('of one source are limited after twenty, then to one in three seconds', () => {
    now = 0;
    const failures = new FailedSignIns(() => now);
    assert.deepEqual(new Set(fail(failures, 'a', 20)), new Set([0]));
    assert.equal(failures.limited, 1);
    assert.deepEqual(fail(failures, 'a', 3), [3000, 6000, 6000]);
    assert.equal(failures.failed('b'), 0, 'another source is not concerned');
    now = 6000;
    assert.equal(failures.failed('a'), 0);
    assert.equal(failures.failed('a'), 3000);
    now = 100_000;
    assert.equal(failures.limited, 0);
    assert.equal(failures.failed('a'), 0);
  });

  it('of many sources need little memory', () => {
    const failures = new FailedSignIns(() => 0, 100);
    for (let i = 0; i < 10_000; i++) failures.failed(`source ${i}`);
    fail(failures, 'source 0', 25);
    assert.equal(failures.limited, 1);
    assert.equal((failures as unknown as { sources: Map<string, unknown> }).sources.size, 100);
  });
});
