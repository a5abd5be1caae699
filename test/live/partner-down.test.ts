import assert from 'node:assert/strict';
import { type FlowNode, until } from './node-red.js';
import { LiveRig } from './rig.js';

const TICKETS = 30;
/** Prints what the out node to the provider shows as its status. */
const STATUS: FlowNode[] = [
  { id: 'watch', type: 'status', z: 'sb1-flow', scope: ['sb1-tmf-out'], wires: [['print']] },
  {
    id: 'print',
    type: 'debug',
    z: 'sb1-flow',
    name: 'status',
    active: true,
    console: true,
    complete: 'status.text',
    targetType: 'msg',
    wires: [],
  },
];

describe('a provider that is down while tickets come in', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-tmf': { retryDelay: '0.05' } },
      STATUS,
    );
  });
  after(() => rig?.stop());

  it('is not called, then gets every ticket once; the other side is served meanwhile', async () => {
    const provider = rig.sandbox.tmf('v4');
    const first = rig.open('before the night');
    const ticket = await until('the first ticket', () => rig.tickets('before the night')[0]);
    await rig.quiet();

    provider.faults.add({ kind: 'status', status: 503 });
    const titles = Array.from({ length: TICKETS }, (_, i) => `night ${String(i).padStart(2, '0')}`);
    for (const title of titles) rig.open(title);
    await until(
      'all of them to be kept',
      async () => (await rig.counts()).deliveries.pending! + (await rig.counts()).deliveries.inDoubt! >= TICKETS,
    );
    const posts = () => provider.requests.filter((r) => r.method === 'POST').length;
    await until('the circuit to open', () => /unavailable since \d\d:\d\d, retry in/.test(rig.live.output()));
    assert.ok(posts() < 3 * TICKETS, `it was asked ${posts()} times`);

    // It can be read again, and the way to the customer was open all the time.
    provider.faults.clear();
    provider.faults.add({ method: 'POST', kind: 'status', status: 503 });
    provider.setStatus(String(ticket.id), 'inProgress');
    await until('the state at the customer', () => rig.sandbox.servicenow.row('incident', first.sys_id)?.state === '2');
    assert.equal(provider.tickets().length, 1, 'nothing got through yet');

    provider.faults.clear();
    await until('every ticket', () => provider.tickets().length === TICKETS + 1);
    await rig.quiet();
    assert.deepEqual(
      provider
        .tickets()
        .map((t) => String(t.name))
        .sort(),
      ['before the night', ...titles].sort(),
    );
    const { failed, needsDecision } = (await rig.counts()).deliveries;
    assert.deepEqual([failed, needsDecision], [0, 0]);
    await until('the node to say so', () => /connected/.test(rig.live.output().split('[debug:status]').at(-1) ?? ''));
  });
});
