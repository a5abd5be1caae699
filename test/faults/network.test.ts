import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import type { StoreCounts } from '../live/rig.js';
import { PATIENCE } from '../patience.js';
import { FakeServiceNow, SERVICENOW_ENV } from './fake-servicenow.js';
import { FakeTmf621, TMF_ENV } from './fake-tmf621.js';
import { pause, print, seeded } from './fault-rig.js';
import { endpointOf, networkFlow, secretOf } from './network-flow.js';
import { type Customer, judgeNetwork, median, NetworkLoad, type Provider } from './network-load.js';
import { Operator, summarise } from './operator.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Milliseconds of the undisturbed phase, and of the one in which partners have trouble. */
const PHASES = LONG ? { calm: 60_000, troubled: 180_000 } : { calm: 6_000, troubled: 24_000 };
/** Milliseconds between the actions of users. */
const PACE = 40;

describe('three customers and two providers in one flow', () => {
  let folder: string;
  let live: Live | undefined;
  let customers: Customer[] = [];
  let providers: Provider[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-network-'));
  });
  afterEach(async () => {
    await live?.kill();
    await Promise.all([...customers, ...providers].map(({ partner }) => partner.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('each get their own updates once, and nobody else’s, with kills, deploys of every kind, and one partner down, one dripping, one rejecting us', async () => {
    const { seed, random } = seeded();
    const port = await freePort();
    customers = await Promise.all(
      ['customer1', 'customer2', 'customer3'].map(async (name) => {
        const partner = await new FakeServiceNow(random).start();
        partner.hook = { url: `http://127.0.0.1:${port}/from/${name}`, secret: `secret of ${name}` };
        return { name, side: 'customer' as const, partner };
      }),
    );
    providers = await Promise.all(
      ['network', 'software'].map(async (service, i) => {
        const partner = await new FakeTmf621(random).start();
        return { name: `provider${i + 1}`, side: 'provider' as const, partner, service };
      }),
    );
    const flow = networkFlow([...customers, ...providers], port);
    const secrets = Object.fromEntries(customers.map(({ name }) => [secretOf(name), `secret of ${name}`]));
    const env = { ...SERVICENOW_ENV, ...TMF_ENV, ...secrets };
    const start = async () => {
      live = await startNodeRed({ folder, port, flow, env, editor: true, logLevel: 'warn' });
    };
    await start();
    await until('the hub registrations', () => providers.every(({ partner }) => partner.hubCount > 0)).catch((error) => {
      throw new Error(`${error.message}\n${live!.output()}`);
    });
    await until('the first polls', () => customers.every(({ partner }) => partner.lists > 3));

    const load = new NetworkLoad(customers, providers, random, seed);
    let working = true;
    const work = (async () => {
      for (let i = 0; working; i++) {
        if (i % 8 === 0) load.open();
        else load.act();
        await pause(PACE);
      }
    })();
    const begun = Date.now();
    await pause(PHASES.calm);

    const troubledAt = Date.now();
    const [down, dripping, rejecting] = [customers[1]!, customers[2]!, providers[1]!];
    const troubled = new Set([down.name, dripping.name, rejecting.name]);
    down.partner.trouble = 'down';
    dripping.partner.trouble = 'drip';
    rejecting.partner.trouble = 'unauthorised';
    const disturbances = [
      () => deploy(live!.url, 'nodes', touch('map-customer1')),
      () => deploy(live!.url, 'flows', touch('correlate')),
      async () => {
        await live!.kill();
        await start();
      },
      () => deploy(live!.url, 'nodes', touch('in-provider1')),
      () => deploy(live!.url, 'full', (flows) => flows),
      () => deploy(live!.url, 'nodes', touch(endpointOf('customer1'))),
    ];
    for (const disturb of disturbances) {
      await pause(PHASES.troubled / (disturbances.length + 1));
      await disturb();
    }
    await pause(PHASES.troubled / (disturbances.length + 1));
    const recoveredAt = Date.now();
    working = false;
    await work;
    for (const { partner } of [down, dripping, rejecting]) partner.trouble = undefined;

    const counts = async () => ((await (await fetch(`${live!.url}/health`)).json()) as { stores: StoreCounts[] }).stores[0]!;
    const operator = new Operator(() => live!.url);
    let faults: string[] = ['not looked yet'];
    const settled = async () => {
      const { messages, deliveries } = await counts();
      const open = messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt!;
      if (open > 0 || [...customers, ...providers].some(({ partner }) => partner.notifying)) return false;
      faults = judgeNetwork(customers, providers, load.tickets);
      return faults.length === 0;
    };
    await until('everything to be where it belongs', settled, 2 * PATIENCE).catch(() => undefined);
    const unsettled = await operator.unsettled();

    const calm = load.latencies(begun, troubledAt, troubled);
    const others = load.latencies(troubledAt, recoveredAt, troubled);
    print('3 × 2', {
      tickets: load.tickets.length,
      sayings: load.tickets.reduce((sum, { sayings }) => sum + sayings.length, 0),
      faults: faults.length,
      'needed an operator': unsettled.length,
      'median of the others (ms)': `${median(calm)} → ${median(others)}, of ${calm.length} and ${others.length}`,
    });
    if (unsettled.length > 0) console.log(summarise(unsettled));
    if (faults.length > 0) console.log(live!.output().slice(-3_000), JSON.stringify(await counts()));
    assert.deepEqual(faults.slice(0, 20), [], `seed ${seed}`);
    assert.deepEqual(
      unsettled.map(({ reason }) => reason),
      [],
      `seed ${seed}`,
    );
    assert.ok(median(others) <= 2 * median(calm) + 100, `${median(calm)} → ${median(others)} ms`);
  });
});

/** A change of one node that changes nothing it does. */
function touch(id: string): (flows: FlowNode[]) => FlowNode[] {
  return (flows) => flows.map((node) => (node.id === id ? { ...node, info: String(Date.now()) } : node));
}

async function deploy(url: string, type: 'nodes' | 'flows' | 'full', edit: (flows: FlowNode[]) => FlowNode[]): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type };
  const current = (await (await fetch(`${url}/flows`, { headers })).json()) as { flows: FlowNode[] };
  const body = JSON.stringify({ ...current, flows: edit(current.flows) });
  const answer = await fetch(`${url}/flows`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`The deploy was answered ${answer.status}: ${await answer.text()}`);
}
