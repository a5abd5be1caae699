import assert from 'node:assert/strict';
import type { FlowNode } from './node-red.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

/** A function node between the correlation of the customer's messages and their map node. */
const between = (func: string): FlowNode => ({
  id: 'between',
  type: 'function',
  z: 'sb1-flow',
  name: 'filter',
  func,
  outputs: 1,
  wires: [['sb1-map-tmf']],
});

describe('a flow', () => {
  let rig: LiveRig;
  before(async () => {
    const filter = `
      const { title } = msg.payload.fields;
      if (title === 'private') { msg.switchboard.drop = 'It is private.'; return null; }
      if (title === 'any reason') { msg.switchboard.drop = true; return null; }
      if (title === 'lost') return { payload: msg.payload };
      if (title === 'silent') return null;
      return msg;`;
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-corr-sn': { wires: [['between'], ['between'], []] } },
      [between(filter)],
    );
  });
  after(() => rig?.stop());

  const settled = async (title: string) => {
    const row = rig.open(title);
    return until(`the outcome of "${title}"`, async () => {
      const message = await rig.message(row.number!);
      return message && !['inFlow', 'waiting', 'sending'].includes(message.state) ? message : undefined;
    });
  };

  it('that drops a message on purpose can say so, and it is no alarm', async () => {
    const dropped = await settled('private');
    assert.deepEqual([dropped.state, dropped.reason], ['ignored', 'It is private.']);
    const other = await settled('any reason');
    assert.deepEqual([other.state, other.reason], ['ignored', 'The flow dropped it on purpose.']);
    assert.equal((await rig.problems()).unrouted, 0);
  });

  it('that drops a message without a word shows it as unrouted', async () => {
    const dropped = await settled('silent');
    assert.deepEqual([dropped.state, dropped.reason], ['unrouted', 'It reached no out node.']);
  });

  it('that loses msg.switchboard fails at once, at the node that misses it', async () => {
    const lost = await settled('lost');
    assert.equal(lost.state, 'failed');
    assert.match(lost.error?.message ?? '', /^to provider: The message has no msg\.switchboard/);
  });
});

describe('a flow whose nodes are in the wrong order', () => {
  /** The error of a message in a flow with some wires changed. */
  const errorWith = async (change: Record<string, Record<string, unknown>>): Promise<string> => {
    const rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, change);
    try {
      const { number } = rig.open('one');
      return await until('the message to fail', async () => (await rig.message(number!))?.error?.message);
    } finally {
      await rig.stop();
    }
  };

  const CASES: [what: string, change: Record<string, Record<string, unknown>>, error: RegExp][] = [
    [
      'normalize twice',
      { 'sb1-norm-sn': { wires: [['sb1-norm-tmf']] }, 'sb1-norm-tmf': { wires: [['sb1-corr-sn']] } },
      /already been normalized.*Remove one/,
    ],
    [
      'no correlation',
      { 'sb1-norm-sn': { wires: [['sb1-map-tmf']] } },
      /does not belong to a conversation.*Place a conversation correlate node/,
    ],
    [
      'no map node',
      { 'sb1-corr-sn': { wires: [['sb1-tmf-out'], ['sb1-tmf-out'], []] } },
      /is a generic message.*Place a map node/,
    ],
    ['no normalize node', { 'sb1-sn-in': { wires: [['sb1-corr-sn']] } }, /has not been normalized.*Place a normalize node/],
  ];
  for (const [what, change, error] of CASES) {
    it(`fails at once and says what to do: ${what}`, async () => {
      assert.match(await errorWith(change), error);
    });
  }
});
