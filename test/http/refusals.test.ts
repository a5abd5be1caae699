import assert from 'node:assert/strict';
import { SwitchboardError } from '../../src/errors.js';
import { Refusals, refusalCounts } from '../../src/http/refusals.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import { webhookClaim } from '../../src/http/webhook-auth.js';
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

  it('with a wrong signature, an old time stamp and no header are three reasons, each counted on its own', () => {
    const auth = { kind: 'timed', header: 'x-signature', secret: 'hunter2', tolerance: 60_000 } as const;
    const refusalOf = (header: string, now: number) => {
      try {
        webhookClaim(auth, header ? { 'x-signature': header } : {}, now).prove(Buffer.from('{}'));
      } catch (error) {
        return error;
      }
      return assert.fail('not refused');
    };
    const signature = `t=1000,v1=${'0'.repeat(64)}`;
    // The age differs from one request to the next; the reason is the same.
    for (const age of [1, 2, 3, 4]) {
      refusals.add(refusalOf(signature, 1_000_000), '192.0.2.1', first);
      refusals.add(refusalOf(signature, 1_000_000 + 100_000 * age), '192.0.2.1', first);
    }
    for (let i = 0; i < 2; i++) refusals.add(refusalOf('', 0), '192.0.2.1', first);
    assert.deepEqual(
      lines.map((line) => line.replace(/^A webhook was rejected: (.*?\.) .*$/, '$1')),
      [
        'The signature does not match the body.',
        'The time stamp of the signature differs from the clock here by 100 seconds.',
        'The header x-signature is missing.',
      ],
    );
    refusals.close();
    const about = 'to /switchboard/acme';
    assert.deepEqual(lines.slice(3), [
      `3 more requests ${about} were refused in the last minute, from 1 address: The signature does not match the body.`,
      `3 more requests ${about} were refused in the last minute, from 1 address: The time stamp of the signature differs from the clock here by 100 seconds.`,
      `1 more request ${about} was refused in the last minute: The header x-signature is missing.`,
    ]);
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
