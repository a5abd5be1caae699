import assert from 'node:assert/strict';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { type FlowNode, until } from './node-red.js';
import { LiveRig } from './rig.js';

/** More than may be in the flow at once. */
const STUCK = 150;

describe('a function node that never calls done', () => {
  let rig: LiveRig;
  before(async () => {
    // It takes no `done` for messages about stuck tickets, and lets the others pass.
    const func =
      'if (/stuck/.test(JSON.stringify(msg.payload))) { new Promise(() => node.done); return; }\nnode.send(msg); node.done();';
    const hold = { id: 'hold', type: 'function', z: 'sb1-flow', x: 0, y: 0, func, outputs: 1, wires: [['sb1-norm-sn']] };
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'poll' },
      { 'sb1-sn-in': { wires: [['hold']] }, 'sb1-store': { flowTimeout: '2' } },
      [hold as unknown as FlowNode],
    );
  });
  after(() => rig.stop());

  it('does not stop the in node: its messages fail, and later ones are processed', async () => {
    for (let i = 0; i < STUCK; i++) rig.open(`stuck ${i}`);
    await until('the stuck ones to be there', async () => {
      const { messages } = await rig.counts();
      return messages.received! + messages.failed! === STUCK;
    });
    rig.open('good');
    await until('the good one', () => rig.tickets('good').length === 1);
    await until('the stuck ones to fail', async () => (await rig.counts()).messages.failed === STUCK);
    const { messages } = await rig.get<MessageList>('/switchboard/messages?state=problems&limit=1');
    assert.match(messages[0]?.reason ?? '', /did not finish within 2 s/);
  });
});
