import assert from 'node:assert/strict';
import { checkConditions, checkLegs } from '../../src/conversation/check-legs.js';
import type { FanOutLeg } from '../../src/conversation/fan-out-rules.js';

const leg = (name: string, ...after: string[]): FanOutLeg => ({
  name,
  ...(after.length && { after: after.map((other) => ({ leg: other, states: ['completed' as const] })) }),
});
const refused = (legs: FanOutLeg[], pattern: RegExp) =>
  assert.throws(
    () => checkLegs(legs, 'fan out'),
    (error: Error & { code?: string; field?: string }) => {
      assert.equal(error.code, 'SWB_CONFIG');
      assert.match(error.message, pattern);
      return true;
    },
  );

describe('the legs of a fan-out node', () => {
  it('may wait for each other, as long as no leg waits for itself', () => {
    checkLegs([leg('sim'), leg('phone'), leg('delivery', 'sim', 'phone'), leg('survey', 'delivery', 'sim')], 'fan out');
  });

  for (const [what, legs, pattern] of [
    ['a leg that waits for itself', [leg('sim', 'sim')], /"sim" waits for itself/],
    ['two legs that wait for each other', [leg('sim', 'phone'), leg('phone', 'sim')], /"sim" waits for itself/],
    ['a longer cycle', [leg('sim'), leg('a', 'c', 'sim'), leg('b', 'a'), leg('c', 'b')], /"a" waits for itself/],
    ['a leg that waits for a cycle only once', [leg('x', 'a'), leg('a', 'b'), leg('b', 'a')], /"a" waits for itself/],
    ['a predecessor that does not exist', [leg('sim', 'fax')], /"sim" waits for "fax", which does not exist/],
    ['a name used twice', [leg('sim'), leg('sim')], /Two legs are named "sim"/],
    ['a name that would not survive in a reference', [leg('sim card')], /"sim card" is not a valid leg name/],
    [
      'a row that was named as another is now',
      [{ name: 'esim', id: 'sim' }, leg('sim')],
      /Two legs are known to open orders as "sim"/,
    ],
    ['no legs', [], /has no legs/],
  ] satisfies [string, FanOutLeg[], RegExp][])
    it(`reject ${what}`, () => refused(legs, pattern));

  it('reject a condition that cannot be parsed', () =>
    assert.rejects(checkConditions([leg('a'), { name: 'sim', condition: 'state = ' }], 'fan out'), {
      code: 'SWB_CONFIG',
      message: /^fan out, leg "sim": The expression "state = " is invalid/,
    }));
});
