import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { compile } from '../../src/mapping/compile.js';
import { ExpressionInput } from '../../src/mapping/expression-input.js';
import { ExpressionProcess, TooSlow } from '../../src/mapping/expression-process.js';
import { Expressions } from '../../src/mapping/expressions.js';
import { PreviewExpressions } from '../../src/mapping/preview-expressions.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';

const ENDLESS = '($f := function($n) { $f($n + 1) }; $f(0))';

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
    const hasty = new Expressions({ limit: 300 });
    await assert.rejects(hasty.evaluate(ENDLESS, {}), { code: 'SWB_EXPRESSION', message: /needed more than 300 ms/ });
    assert.equal(await until('an expression in time', () => hasty.evaluate('1 + 1', {})), 2);
    hasty.close();
  });

  it('have a limit of work, not of time: one whose process is held up for longer has its value', async function () {
    if (process.platform !== 'linux') return this.skip();
    const children = () => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const before = children();
    const one = new ExpressionProcess();
    const evaluate = (expression: string) =>
      one.evaluate({ expression, input: new ExpressionInput({}) }, { work: 200, time: PATIENCE });
    await evaluate('1');
    const pid = Number(children().find((child) => !before.includes(child)));
    process.kill(pid, 'SIGSTOP');
    const value = evaluate('1 + 1');
    const begun = performance.now();
    await until('three times its limit', () => performance.now() - begun > 600);
    process.kill(pid, 'SIGCONT');
    assert.equal(await value, 2);
    await assert.rejects(evaluate(ENDLESS), TooSlow);
    one.close();
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

  it('of one owner that never end leave the lane of the others after the first, and the others go on', async () => {
    let ended = 0;
    const end = () => {
      ended++;
    };
    for (let i = 0; i < 30; i++) expressions.evaluate(ENDLESS, { i }, { owner: `endless ${i % 5}` }).then(end, end);
    for (let n = 0; n < 30; n++) assert.equal(await expressions.evaluate('n + 1', { n }, { owner: 'healthy' }), n + 1);
    assert.equal(ended, 0);
  });

  it('that use up all memory cost nobody else a message', async () => {
    const greedy = '($f := function($a) { $f($append($a, $a)) }; $f([1..1000]))';
    const failing = assert.rejects(expressions.evaluate(greedy, {}, { owner: 'greedy' }), { code: 'SWB_EXPRESSION' });
    for (let n = 0; n < 20; n++) assert.equal(await expressions.evaluate('n', { n }, { owner: 'healthy' }), n);
    await failing;
  });

  it('are stopped when a regular expression in them never ends, and the event loop goes on', async () => {
    const hasty = new Expressions({ limit: 300 });
    await hasty.evaluate('1', {});
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const text = `${'a'.repeat(50)}!`;
    await assert.rejects(hasty.evaluate('$match(text, /^(a+)+$/)', { text }), { code: 'SWB_EXPRESSION' });
    delay.disable();
    hasty.close();
    assert.ok(delay.count > 5, `the event loop had ${delay.count} turns`);
  });

  it('that never end end with our process, also when it is killed', async function () {
    if (process.platform !== 'linux') return this.skip();
    const from = (name: string) => `require(${JSON.stringify(require.resolve(`../../src/mapping/${name}.ts`))})`;
    const endless = '($f := function() { $f() }; $f())';
    const program = `const { ExpressionProcess } = ${from('expression-process')}, { ExpressionInput } = ${from('expression-input')};
      new ExpressionProcess().evaluate({ expression: '${endless}', input: new ExpressionInput({}) }, { work: 600_000, time: 600_000 });`;
    const parent = spawn(process.execPath, ['-r', 'tsx/cjs', '-e', program], { stdio: 'ignore' });
    const children = () =>
      readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    const evaluating = () => children().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('jsonata'));
    const pid = await until('the evaluating process', evaluating);
    const ticks = () => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[13]);
    const before = ticks();
    // Longer than it takes to look for its parent once.
    await until('it computes', () => ticks() > before + 150);
    parent.kill('SIGKILL');
    await until('its end', () => !existsSync(`/proc/${pid}`));
  });

  it('fail when they make a text of gigabytes', () =>
    assert.rejects(expressions.evaluate('$pad("", 2000000000, "x")', {}), { code: 'SWB_EXPRESSION' }));

  it('have results of bounded size and depth', async () => {
    await assert.rejects(expressions.evaluate('[1..1000000]', {}), {
      code: 'SWB_EXPRESSION',
      message: /its result has more than 2000000 characters/,
    });
    const deep = '($f := function($n) { $n = 0 ? 1 : {"a": $f($n - 1)} }; $f(200))';
    await assert.rejects(expressions.evaluate(deep, {}), { message: /its result has more than 100 levels/ });
  });

  it('are refused when they are no JSONata, or too long to be read, with their beginning only', async () => {
    await assert.rejects(expressions.evaluate('a +', {}, { where: 'there' }), {
      code: 'SWB_CONFIG',
      message: /^there: The expression "a \+" is invalid at position/,
    });
    const long = `"${'x'.repeat(1e6)}"`;
    await assert.rejects(expressions.evaluate(long, {}), { code: 'SWB_CONFIG', message: /1000002 characters, more than 50000/ });
    const { message } = (await expressions.evaluate(`${'('.repeat(20_000)}`, {}).catch((error: Error) => error)) as Error;
    assert.ok(message.length < 600, message.slice(0, 1000));
  });

  it('are checked many at a time, each on its own', async () => {
    const all = Array.from({ length: 1_000 }, (_, i) => (i % 500 === 7 ? 'a +' : `a + ${i}`));
    const faults = await expressions.faults(all);
    assert.deepEqual(
      faults.flatMap((fault, i) => (fault ? [[i, fault.code]] : [])),
      [
        [7, 'SWB_CONFIG'],
        [507, 'SWB_CONFIG'],
      ],
    );
  });

  it('see their input as it is, whatever one before did to it', async () => {
    const input = new ExpressionInput({ list: [3, 1, 2] });
    assert.deepEqual(await expressions.evaluate('$sort(list)', input), [1, 2, 3]);
    assert.deepEqual(await expressions.evaluate('list', input), [3, 1, 2]);
    assert.deepEqual(await expressions.evaluate('list', { list: [9, 8] }), [9, 8]);
    // A node between two expressions may change the message.
    const message = { title: 'before' };
    assert.equal(await expressions.evaluate('title', message), 'before');
    message.title = 'after';
    assert.equal(await expressions.evaluate('title', message), 'after');
  });

  it('of a preview have a time together, and are told so after it', async () => {
    const preview = new PreviewExpressions(200, expressions);
    await assert.rejects(preview.evaluate(ENDLESS, {}, { where: 'Rule 1' }), { code: 'SWB_EXPRESSION' });
    await until('its time to be over', async () => preview.isOver);
    await assert.rejects(preview.evaluate('1', {}, { where: 'Rule 2' }), {
      message: /^Rule 2: .*the preview took longer than 0.2 s/,
    });
  });
});
