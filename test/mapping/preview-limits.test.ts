import assert from 'node:assert/strict';
import { compile } from '../../src/mapping/compile.js';
import type { Mapping, Rule } from '../../src/mapping/mapping.js';
import { preview } from '../../src/mapping/preview.js';
import { requireSmallResult, requireSmallRules, requireSmallSample } from '../../src/mapping/preview-limits.js';
import { ValueMap } from '../../src/mapping/value-map.js';
import type { GenericMessage } from '../../src/model/message.js';

/** Linear work takes four times as long for four times the rules, quadratic work sixteen times. */
const MOST = 9;
const TRIES = 6;

describe('what a preview takes', () => {
  const refused = (work: () => void, message: RegExp) => assert.throws(work, { code: 'SWB_TOO_LARGE', message });

  it('is limited in rules, values, levels and characters, in words with the limit', () => {
    const rules = Array.from({ length: 2_001 }, () => ({}));
    refused(
      () => requireSmallRules({ rules }, [rules], 'Preview'),
      /^Preview: There are 2001 rules; a preview takes at most 2000/,
    );
    refused(
      () => requireSmallRules(['x'.repeat(50_001)], [], 'Preview'),
      /a text has 50001 characters; a preview takes at most 50000/,
    );
    refused(() => requireSmallRules(Array(100_001).fill(1), [], 'Preview'), /more than 100000 values/);
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = { deep };
    refused(() => requireSmallSample(deep, 'Preview'), /more than 100 levels/);
    refused(
      () => requireSmallSample({ a: 'x'.repeat(600_000), b: 'x'.repeat(600_000) }, 'Preview'),
      /more than 1000000 characters/,
    );
    const shared = 'x'.repeat(100_000);
    refused(() => requireSmallResult(Array(200).fill(shared), 'Preview'), /more than 10000000 characters/);
    requireSmallRules({ rules: rules.slice(1) }, [rules.slice(1)], 'Preview');
  });
});

describe('rules', () => {
  const mappingOf = (rules: Rule[]): Mapping => ({ name: 'm', system: 'tmf621', entityType: 'troubleTicket', rules });
  const many = (count: number, more: Partial<Rule> = {}) =>
    mappingOf(Array.from({ length: count }, (_, i) => ({ field: `f${i}`, generic: `custom.x${i}`, ...more })));
  const record = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 'v']));
  const NOTHING = { fields: {}, source: {} } as unknown as GenericMessage;

  for (const [what, work] of [
    ['a preview of missing values', (n) => preview(many(n, { required: 'both' }), 'in', {})],
    ['a preview of values without a row', (n) => preview(many(n, { values: [{ partner: 'a', generic: 'b' }] }), 'in', record(n))],
    ['a preview of what is written', (n) => preview(many(n, { required: 'both' }), 'out', {})],
    ['a record', (n) => compile(many(n)).toGeneric(record(n))],
    ['a message', (n) => compile(many(n, { required: 'both' })).fromGeneric(NOTHING)],
  ] as [string, (rules: number) => Promise<unknown>][])
    it(`take ${what} in proportion to their number`, async () => {
      const time = async (rules: number) => {
        const start = performance.now();
        await work(rules);
        return performance.now() - start;
      };
      await time(500);
      let ratio = Number.POSITIVE_INFINITY;
      for (let tried = 0; tried < TRIES && ratio > MOST; tried++)
        ratio = Math.min(ratio, (await time(4_000)) / (await time(1_000)));
      assert.ok(ratio <= MOST, `four times the rules take ${ratio.toFixed(1)} times as long`);
    });

  it('leave the event loop its turns, however many they are', async () => {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await compile(many(20_000)).toGeneric(record(20_000));
    assert.ok(turns > 1, `${turns} turns`);
    const before = turns;
    const rows = Array.from({ length: 100_000 }, (_, i) => ({ partner: `In Progress ${i}`, generic: `value-${i}` }));
    const map = new ValueMap(rows, 1);
    await map.index();
    assert.ok(turns - before > 3, `${turns - before} turns for the value map`);
    isOver = true;
    assert.deepEqual(map.toGeneric(['in-progress-99999']), { value: 'value-99999', row: 99_999 });
  });

  it('find the first row of a value map that matches, with and without *', async () => {
    const map = new ValueMap(
      [
        { partner: ['3', '*'], generic: 'held' },
        { partner: ['3', '5'], generic: 'pending' },
        { partner: ['*', '7'], generic: 'any' },
        { partner: ['4', '5'], generic: 'closed' },
        { partner: ['In Progress', '*'], generic: 'inProgress' },
      ],
      2,
    );
    await map.index();
    const found = (...given: string[]) => map.toGeneric(given)?.value;
    assert.deepEqual(
      [found('3', '5'), found('9', '7'), found('4', '5'), found('IN_PROGRESS', ''), found('4', '6')],
      ['held', 'any', 'closed', 'inProgress', undefined],
    );
  });
});
