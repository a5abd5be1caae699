import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

const TICKETS = 15;
/** Ends where ServiceNow shows it by one number. */
const STATES = ['inProgress', 'pending', 'inProgress', 'held', 'inProgress', 'pending', 'inProgress', 'resolved', 'inProgress'];

for (const version of ['v4', 'v5'] as const) {
  describe(`states that change faster than they are sent, ${version}`, () => {
    let rig: LiveRig;
    before(async () => {
      rig = await LiveRig.start({ version, customer: 'webhook', provider: 'hub' });
    });
    after(() => rig?.stop());

    it('arrive in the end, and never come back as an echo', async () => {
      const desk = rig.sandbox.servicenow;
      const provider = rig.sandbox.tmf(version);
      const incidents = Array.from({ length: TICKETS }, (_, i) => rig.open(`rapid ${i}`));
      await until('all tickets', () => provider.tickets().length === TICKETS);
      await rig.quiet();
      const told = provider.requests.length;
      const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
      console.log(`      seed ${seed}`);
      let random = seed;
      const pause = () => {
        random = (random * 1103515245 + 12345) % 2 ** 31;
        return new Promise((resolve) => setTimeout(resolve, random % 25));
      };
      await Promise.all(
        provider.tickets().map(async (ticket) => {
          for (const state of STATES) {
            await pause();
            provider.setStatus(String(ticket.id), state, `because ${state}`);
          }
        }),
      );
      const there = (sys_id: string) => desk.row('incident', sys_id)?.state;
      await until('the last state everywhere', () => incidents.every(({ sys_id }) => there(sys_id) === '2'));
      await rig.quiet();
      assert.deepEqual(
        incidents.map(({ sys_id }) => there(sys_id)),
        incidents.map(() => '2'),
      );
      assert.deepEqual(
        provider.tickets().map((t) => t.status),
        incidents.map(() => 'inProgress'),
      );
      const echoes = provider.requests.slice(told).filter((r) => r.method === 'PATCH' && r.body.includes('"status"'));
      assert.deepEqual(
        echoes.map((r) => r.body),
        [],
        'the provider is never told its own states',
      );
      const { failed, needsDecision } = (await rig.counts()).deliveries;
      assert.deepEqual([failed, needsDecision], [0, 0]);
    });
  });
}
