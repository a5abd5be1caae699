import assert from 'node:assert/strict';
import { JsonAllowance, shapeOf } from '../src/json-shape.js';
import type { Json } from '../src/model/message.js';

const FREE = { depth: 1000, values: 1e6, names: 1e6 };
/** Numbers that are the same at every run (a linear congruential generator). */
const random = (() => {
  let state = 7;
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
})();
const TEXTS = ['', 'a', '"', '\\', '\\"', '[{,:}]', '€😀', '\n', '\\u0022', '\ud800', 'x'.repeat(50)];

/** Any value, nested at most so deep. */
function anything(levels: number): Json {
  const kind = random(levels > 0 ? 7 : 4);
  if (kind === 0) return null;
  if (kind === 1) return random(2) === 0;
  if (kind === 2) return random(1e6) / 1000 - 500;
  if (kind === 3) return TEXTS[random(TEXTS.length)]!;
  const inner = Array.from({ length: random(4) }, () => anything(levels - 1));
  return kind === 4 ? inner : Object.fromEntries(inner.map((one, at) => [`${TEXTS[random(TEXTS.length)]}${at}`, one]));
}

function counted(value: Json): { values: number; depth: number; names: number } {
  if (typeof value !== 'object' || value === null) return { values: 1, depth: 0, names: 0 };
  const inner = Object.values(value).map(counted);
  const own = Array.isArray(value) ? 0 : inner.length;
  return {
    values: inner.reduce((sum, { values }) => sum + values, 1),
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    names: Math.max(own, ...inner.map(({ names }) => names)),
  };
}

describe('the shape of a JSON text', () => {
  it('is that of the value that it stands for, whatever its strings contain and however it is written', () => {
    for (let round = 0; round < 2_000; round++) {
      const value = anything(6);
      const { values, depth, names } = counted(value);
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, '\t ')]) {
        assert.deepEqual(shapeOf(text, { values, depth, names }), { values }, text);
        if (depth > 0) assert.equal(shapeOf(text, { ...FREE, depth: depth - 1 }).excess, 'depth', text);
        if (values > 1) assert.equal(shapeOf(text, { ...FREE, values: values - 1 }).excess, 'values', text);
        if (names > 0) assert.equal(shapeOf(text, { ...FREE, names: names - 1 }).excess, 'names', text);
      }
    }
  });

  for (const text of ['', '"', '"\\', '"\\"', ']]]]', '}{', '[,', '{"a"', '\\"[', ':::', 'x', '\u0000'])
    it(`of ${JSON.stringify(text)}, which is no JSON, is found without an error`, () =>
      assert.equal(shapeOf(text, FREE).excess, undefined));

  it('is looked at up to the first excess only', () => {
    const endless = { length: 1e9, charCodeAt: () => 0x5b, indexOf: () => -1 } as unknown as string;
    assert.deepEqual(shapeOf(endless, { ...FREE, depth: 100 }), { values: 1, excess: 'depth' });
  });

  it('of several texts that came together counts as one', () => {
    const allowance = new JsonAllowance({ ...FREE, values: 10 });
    const list = JSON.stringify(Array(3).fill(1));
    assert.deepEqual([allowance.excess(list), allowance.excess(list), allowance.excess(list)], [undefined, undefined, 'values']);
    assert.equal(allowance.excess('[]'), 'values');
  });
});
