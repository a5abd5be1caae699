import assert from 'node:assert/strict';
import { SwitchboardError } from '../../src/errors.js';
import { Refusals, refusalCounts } from '../../src/http/refusals.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import { until } from '../live/node-red.js';

describe('requests that are refused', () => {
  const wrong = new SwitchboardError('SWB_UNAUTHORISED', 'The secret is wrong.', { hint: 'Check the field Secret.' });
  const first = (reason: string) => `A webhook was rejected: ${reason}`;
  let lines: string[];
  let refusals: Refusals;
  beforeEach(() => {
    lines = [];
    refusals = new Refusals('switchboard/acme', (line) => lines.push(line), 10);
  });
  afterEach(() => refusals.close());

  it('are one line at first, then one for all in an interval; after a quiet one, the next is logged at once again', async () => {
    for (let i = 0; i < 1_000; i++) refusals.add(wrong, `192.0.2.${i % 7}`, first);
    assert.deepEqual(lines, ['A webhook was rejected: The secret is wrong. Check the field Secret. (192.0.2.0)']);
    await until('the summary', () => lines.length === 2);
    assert.equal(
      lines[1],
      '999 more requests to /switchboard/acme were refused in the last minute, from 7 addresses: The secret is wrong.',
    );
    // Those that come while it still summarises are in a summary; after a quiet interval, the next one is a first.
    const firsts = () => lines.filter((line) => line.startsWith('A webhook')).length;
    await until('a quiet interval', async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      refusals.add(wrong, '192.0.2.1', first);
      return firsts() === 2;
    });
  });

  it('for another reason have lines of their own, however many reasons senders make up', async () => {
    for (let i = 0; i < 100; i++) refusals.add(new SwitchboardError('SWB_PAYLOAD', `Not JSON: ${i}`), 'a', first);
    refusals.add(new Error('of the store'), 'a', first);
    assert.equal(lines.length, 2);
    refusals.close();
    assert.match(lines[2] ?? '', /^99 more requests .*: Not JSON: 0$/);
  });

  it('are told apart by at most a thousand addresses', () => {
    for (let i = 0; i < 5_000; i++) refusals.add(wrong, `source ${i}`, first);
    refusals.close();
    assert.match(lines[1] ?? '', /from 1000\+ addresses/);
  });

  it('are counted by path', () => {
    const other = new Refusals('counted', () => undefined);
    other.add(wrong, 'a', first);
    other.add(new RefusedRequest(429, 'SWB_UNAUTHORISED', 'x'), 'a', first);
    other.add(new SwitchboardError('SWB_BUSY', 'x'), 'a', first);
    other.close();
    const { last, ...count } = refusalCounts().find(({ path }) => path === 'counted')!;
    assert.deepEqual(count, { path: 'counted', refused: 3, unauthorised: 2, limited: 1 });
    assert.ok(Date.parse(last) > 0);
  });
});
