import assert from 'node:assert/strict';
import type { EndpointView } from '../../nodes/sidebar/views.js';
import type { EndpointState } from '../../src/delivery/endpoint-state.js';
import type { IntakeTrouble } from '../../src/delivery/intake-troubles.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

interface Health {
  status: string;
  stores: { endpoints: { name: string; state: EndpointState }[]; intakeTroubles: IntakeTrouble[] }[];
}

describe('GET /health', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'poll', provider: 'hub' },
      { 'sb1-tmf': { retryDelay: '0.5' }, 'sb1-sn-in': { name: 'customer’s incidents', poll: true, pollInterval: '0.1' } },
    );
  });
  after(() => rig?.stop());

  const health = () => rig.get<Health>('/health');
  const isOk = async () => (await health()).status === 'ok';
  const troubles = async () => (await health()).stores[0]!.intakeTroubles;

  it('is degraded while a poll fails, with endpoint, start time and reason', async () => {
    await until('all to be well', isOk);
    const before = new Date().toISOString();
    rig.sandbox.servicenow.faults.add({ method: 'GET', kind: 'status', status: 503 });
    await until('the trouble', async () => (await troubles()).length > 0);
    const [{ name, part, since, reason }] = (await troubles()) as [IntakeTrouble];
    assert.deepEqual([name, part], ['customer’s incidents', 'poll']);
    assert.ok(since >= before && since <= new Date().toISOString(), since);
    assert.match(reason, /503/);
    const views = await rig.get<EndpointView[]>('/switchboard/endpoints');
    assert.deepEqual(
      views.map(({ intake }) => intake.map((trouble) => trouble.part)),
      [['poll'], []],
      'the endpoints view tells it of the endpoint that it is about',
    );
    const answer = await fetch(`${rig.live.url}/health`);
    assert.deepEqual([answer.status, ((await answer.json()) as Health).status], [200, 'degraded']);
    rig.sandbox.servicenow.faults.clear();
    await until('the trouble to be over', async () => (await troubles()).length === 0 && (await isOk()));
  });

  it('is degraded while a partner gives unexpected responses, but does not report it as down', async () => {
    const provider = rig.sandbox.tmf('v4');
    // The hub goes on answering.
    provider.faults.add({ path: '/troubleTicket/v4/troubleTicket', kind: 'cut-json' });
    for (let i = 0; i < 6; i++) rig.open(`strange ${i}`);
    const state = async () => {
      const { status, stores } = await health();
      return `${status} ${stores[0]!.endpoints.find(({ name }) => name.includes('Provider'))?.state}`;
    };
    // Paused, if the neutral check worked before.
    await until('the circuit to open', async () => /^degraded (strange|paused)$/.test(await state()));
    provider.faults.clear();
    await until('all to be well', async () => (await state()) === 'ok up');
  });
});
