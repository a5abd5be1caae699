import assert from 'node:assert/strict';
import { compile } from '../../src/mapping/compile.js';
import { Expressions } from '../../src/mapping/expressions.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';

describe('expressions', () => {
  let expressions: Expressions;
  beforeEach(() => {
    expressions = new Expressions({ limit: PATIENCE });
  });
  afterEach(() => expressions.close());

  it('compute a value from the partner’s record', async () => {
    const compiled = compile(
      {
        name: 't',
        system: 'tmf621',
        entityType: 'troubleTicket',
        rules: [{ field: 'x', generic: 'title', expression: { in: 'a & "-" & b' } }],
      },
      { expressions },
    );
    assert.deepEqual((await compiled.toGeneric({ a: 'A', b: 'B' })).fields, { title: 'A-B' });
  });

  it('decide whether a rule applies', async () => {
    const compiled = compile(
      {
        name: 't',
        system: 'tmf621',
        entityType: 'troubleTicket',
        rules: [{ field: 'x', generic: 'title', when: { in: 'n > 1' } }],
      },
      { expressions },
    );
    assert.deepEqual((await compiled.toGeneric({ x: 'X', n: 1 })).fields, {});
    assert.deepEqual((await compiled.toGeneric({ x: 'X', n: 2 })).fields, { title: 'X' });
  });

  it('that never end are stopped, and the next one works', async () => {
    const endless = '($f := function($n) { $f($n + 1) }; $f(0))';
    const hasty = new Expressions({ limit: 300 });
    await assert.rejects(hasty.evaluate(endless, {}), { code: 'SWB_EXPRESSION', message: /ran longer than 300 ms/ });
    assert.equal(await until('an expression in time', () => hasty.evaluate('1 + 1', {})), 2);
    hasty.close();
  });

  it('that never end do not delay others', async () => {
    const endless = (n: number) => `($f := function($n) { $f($n + 1) }; $f(${n}))`;
    let ended = 0;
    const end = () => {
      ended++;
    };
    for (let i = 0; i < 40; i++) expressions.evaluate(endless(i % 2), {}).then(end, end);
    const quick = await Promise.all(Array.from({ length: 40 }, (_, i) => expressions.evaluate('n + 1', { n: i })));
    assert.deepEqual([quick[39], ended], [40, 0]);
  });

  it('that do not end for one message do not delay the others of the same mapping', async () => {
    const sometimes = 'bad ? ($f := function($n) { $f($n + 1) }; $f(0)) : n';
    let ended = 0;
    const end = () => {
      ended++;
    };
    for (let n = 0; n < 12; n++) expressions.evaluate(sometimes, { bad: true }).then(end, end);
    const others = await Promise.all(Array.from({ length: 20 }, (_, n) => expressions.evaluate(sometimes, { n })));
    assert.deepEqual([others[19], ended], [19, 0]);
    assert.equal(await expressions.evaluate(sometimes, { n: 20 }), 20);
  });

  it('that use up all memory are stopped, and the process survives', async () => {
    const greedy = '($f := function($a) { $f($append($a, $a)) }; $f([1..1000]))';
    await assert.rejects(expressions.evaluate(greedy, {}), { code: 'SWB_EXPRESSION' });
    assert.equal(await expressions.evaluate('"alive"', {}), 'alive');
  });

  it('that fail say where and why', async () => {
    await assert.rejects(expressions.evaluate('$nonesuch()', {}), {
      code: 'SWB_EXPRESSION',
      message: /\$nonesuch\(\).*position/s,
    });
  });

  it('return plain objects', async () => {
    const value = await expressions.evaluate('{"a": [1, {"b": 2}]}', {});
    assert.deepEqual(value, { a: [1, { b: 2 }] });
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });

  it('cannot reach the process they run in', async () => {
    for (const wayOut of [
      '$constructor',
      '"".constructor',
      '$eval("process")',
      '$process',
      'constructor.constructor("return process")()',
    ]) {
      const value = await expressions.evaluate(wayOut, {}).catch((error: Error) => error.message);
      assert.ok(value === undefined || typeof value === 'string', `${wayOut}: ${String(value)}`);
    }
  });

  it('report their failure as a problem of the field, not of the process', async () => {
    const compiled = compile(
      {
        name: 't',
        system: 'tmf621',
        entityType: 'troubleTicket',
        rules: [{ field: 'x', generic: 'title', expression: { in: '$number(a)' } }],
      },
      { expressions },
    );
    const { problems } = await compiled.toGeneric({ a: 'no number' });
    assert.deepEqual(
      problems.map(({ level, code, field }) => [level, code, field]),
      [['error', 'expression', 'title']],
    );
  });
});
