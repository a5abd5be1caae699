import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';
import type { FailurePolicy } from '../../src/store/store.js';
import { crashed, type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import type { StoreCounts } from '../live/rig.js';
import { PATIENCE } from '../patience.js';
import { FakeOrderDesk } from './fake-order-desk.js';
import { SERVICENOW_ENV } from './fake-servicenow.js';
import { TMF_ENV } from './fake-tmf621.js';
import { FakeTmf622 } from './fake-tmf622.js';

/** How long a start takes on a machine with nothing else to do, at most. Milliseconds. */
const USUAL_START = 4_000;
const SECRET = 'a webhook secret';
const ENDPOINT = { retryDelay: '0.3', timeout: '3', maxTries: '60', settling: '4' };
const POLLED = { poll: true, pollInterval: '1' };

/** What a customer can order: the category decides on the leg, and a leg has one vendor. */
export const THINGS = {
  mobile: { category: 'connectivity', vendor: 'mobile', offerings: ['sim-5g', 'sim-4g'] },
  devices: { category: 'device', vendor: 'devices', offerings: ['phone-15', 'cover-15'] },
  delivery: { category: 'logistics', vendor: 'parcels', offerings: ['courier'], after: 'mobile' },
  extras: { category: 'extra', vendor: 'parcels', offerings: ['gift-box', 'flowers'] },
} as const;
export type Leg = keyof typeof THINGS;
export type VendorName = (typeof THINGS)[Leg]['vendor'];

/** The second example with four legs over three vendors, all partners independent of the sandbox, in a Node-RED that is killed. */
export class OrderLifeRig {
  readonly output: string[] = [];
  /** Numbers of the orders of which a person has decided what is to become of the other legs. */
  readonly answered = new Map<string, 'replay' | 'skip'>();
  kills = 0;
  private live: Live | undefined;

  private constructor(
    readonly desk: FakeOrderDesk,
    readonly vendors: Record<VendorName, FakeTmf622>,
    private readonly folder: string,
    private readonly port: number,
    private readonly flow: FlowNode[],
  ) {}

  static async start(random: () => number, onFailure: FailurePolicy): Promise<OrderLifeRig> {
    const desk = new FakeOrderDesk(random);
    const vendors = {
      mobile: new FakeTmf622(random, 'mobile', 'v5'),
      devices: new FakeTmf622(random, 'devices', 'v4'),
      parcels: new FakeTmf622(random, 'parcels', 'servicenow'),
    };
    const [port] = await Promise.all([freePort(), desk.start(), ...Object.values(vendors).map((one) => one.start())]);
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-faults-orders-'));
    const rig = new OrderLifeRig(desk, vendors, folder, port, flowFor(desk, vendors, port, onFailure));
    desk.rule = { url: `http://127.0.0.1:${port}/switchboard/orders`, secret: SECRET };
    try {
      await rig.launch();
      const { mobile, devices, parcels } = vendors;
      await until('the hubs and the first polls', () => {
        return mobile.hubCount + devices.hubCount === 2 && desk.lists > 5 && [mobile, devices, parcels].every((v) => v.lists > 1);
      });
    } catch (error) {
      await rig.stop();
      throw error;
    }
    return rig;
  }

  get partners() {
    return [this.desk, ...Object.values(this.vendors)];
  }

  /** How much slower than usual the machine was, by the longest start. */
  slowness = 1;

  /** `crash`: point and count of `crash.cjs`. */
  async launch(crash?: [string, number]): Promise<void> {
    const env = { ...SERVICENOW_ENV, ...TMF_ENV, SANDBOX_WEBHOOK_SECRET: SECRET };
    const begun = performance.now();
    this.live = await startNodeRed({
      ...{ folder: this.folder, port: this.port, flow: this.flow, editor: true, logLevel: 'warn' },
      env: { ...env, ...(crash && { CRASH_POINT: crash[0], CRASH_COUNT: String(crash[1]) }) },
      ...(crash && { preload: resolve('test/faults/crash.cjs') }),
    });
    this.slowness = Math.max(this.slowness, (performance.now() - begun) / USUAL_START);
  }

  /** Starts it and waits until it has killed itself at a point, or until `through`. */
  async crashAt(crash: [string, number], through: () => boolean): Promise<void> {
    this.kills++;
    try {
      await this.launch(crash);
    } catch (error) {
      if (/SIGKILL/.test((error as Error).message)) return;
      throw error;
    }
    await crashed(this.live!, through);
    this.output.push(this.live!.output());
  }

  async kill(): Promise<void> {
    this.output.push(this.live!.output());
    await this.live!.kill();
    this.kills++;
  }

  async stop(): Promise<void> {
    await this.live?.kill();
    await Promise.all(this.partners.map((partner) => partner.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Waits until everybody has been polled several times and nothing moves any more, except for what waits for another leg or a person. */
  async idle(): Promise<void> {
    let before = '';
    let since = 0;
    let lists: number[] = [];
    const isIdle = async () => {
      const { stores } = (await (await fetch(`${this.live!.url}/health`)).json()) as { stores: StoreCounts[] };
      const { messages, deliveries } = stores[0]!;
      const now = JSON.stringify([messages, deliveries, ...this.partners.map((one) => one.written.length)]);
      if (now !== before || this.partners.some((one) => one.notifying)) {
        before = now;
        since = performance.now();
        lists = this.partners.map((one) => one.lists);
        return 'moving';
      }
      const isPolled = this.partners.every((one, i) => one.lists >= lists[i]! + (one === this.desk ? 10 : 2));
      if (!isPolled || performance.now() < since + 2_500) return false;
      if (messages.received! + deliveries.sending! + deliveries.inDoubt! > 0) return false;
      return deliveries.pending === 0 || (await this.waitsForOthers());
    };
    for (let found: unknown = 'moving'; found === 'moving'; ) {
      const renewed = performance.now() + PATIENCE / 2;
      found = await until('all to be idle', async () => {
        const now = await isIdle();
        return now === 'moving' && performance.now() < renewed ? false : now;
      }).catch(async (error: Error) => {
        const waiting = (await this.messages('waiting')).map((m) => m.sent.map((one) => JSON.stringify(one.wait)).join());
        throw new Error(
          `${error.message}: ${before}\n${waiting.join('\n').slice(0, 3_000)}\n${this.live!.output().slice(-3_000)}`,
        );
      });
    }
  }

  /** Whether all deliveries that are not sent wait for another leg, or for what a person has to decide. */
  private async waitsForOthers(): Promise<boolean> {
    const sent = (await this.messages('waiting')).flatMap((message) => message.sent);
    const waiting = sent.filter(({ state }) => state === 'waiting');
    return waiting.every(({ wait }) => wait !== undefined && ['leg', 'create', 'earlier', 'decision'].includes(wait.kind));
  }

  /** All messages of a filter, or of one order. */
  async messages(state: string, search = ''): Promise<MessageView[]> {
    const all: MessageView[] = [];
    let before: string | undefined;
    do {
      const query = new URLSearchParams({ state, search, limit: '200', ...(before && { before }) });
      const page = await this.get<MessageList>(`messages?${query}`);
      for (const { id } of page.messages) all.push(await this.get<MessageView>(`messages/${id}`));
      before = page.next;
    } while (before);
    return all;
  }

  /** Decides about some legs that failed; the others stay open. */
  async decide(random: () => number): Promise<void> {
    for (const { id, number, decision, state } of await this.messages('needsDecision')) {
      const action = random() < 0.4 ? 'replay' : random() < 0.5 ? 'skip' : undefined;
      if (state !== 'needsDecision' || decision !== 'legFailed' || !action) continue;
      if (await this.answer(id, action)) this.answered.set(number, this.answered.get(number) === 'replay' ? 'replay' : action);
    }
  }

  /** What stands before a person, in words, by the number of the customer's order. */
  async open(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    for (const state of ['problems', 'needsDecision', 'unrouted']) {
      for (const message of await this.messages(state)) {
        const number = message.conversation?.links.find(({ entityType }) => entityType === 'order')?.number ?? message.number;
        const sent = message.sent.filter((one) => ['failed', 'needsDecision'].includes(one.state));
        const parts = sent.map(
          (one) =>
            `${one.state} ${one.decision ?? ''} ${one.endpoint} ${one.number ?? ''}: ${one.error?.message} ${JSON.stringify(one.payload)}`,
        );
        const own = `${message.state} ${message.decision ?? ''}: ${message.error?.message ?? message.reason}`;
        found.set(number, [...(found.get(number) ?? []), ...(parts.length > 0 ? parts : [own])]);
      }
    }
    return found;
  }

  private async answer(message: string, action: 'replay' | 'skip'): Promise<boolean> {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ reason: 'decided' });
    const url = `${this.live!.url}/switchboard/messages/${message}/${action}`;
    return (await fetch(url, { method: 'POST', headers, body })).ok;
  }

  private async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.live!.url}/switchboard/${path}`)).json()) as T;
  }
}

function flowFor(
  desk: FakeOrderDesk,
  vendors: Record<VendorName, FakeTmf622>,
  port: number,
  onFailure: FailurePolicy,
): FlowNode[] {
  const example = JSON.parse(readFileSync('examples/2-order-fan-out.json', 'utf8')) as FlowNode[];
  const find = (id: string) => example.find((node) => node.id === id)!;
  const vendor = ({ root, name }: FakeTmf622) => ({ ...ENDPOINT, name, baseUrl: root, tokenUrl: `${root}/oauth/token` });
  const hub = { ...POLLED, publicUrl: `http://127.0.0.1:${port}`, renewInterval: '1' };
  const legs = (Object.keys(THINGS) as Leg[]).map((name) => ({
    name,
    takes: [{ field: 'category', is: [THINGS[name].category] }],
    ...('after' in THINGS[name] && { after: [{ leg: 'mobile', states: ['completed'] }] }),
  }));
  const wires = ['sb2-map-mobile', 'sb2-map-devices', 'sb2-map-delivery', 'sb2-map-extras'].map((id) => [id]);
  const changes: Record<string, Record<string, unknown>> = {
    'sb2-sn': { ...ENDPOINT, baseUrl: desk.root },
    'sb2-mobile': vendor(vendors.mobile),
    'sb2-devices': vendor(vendors.devices),
    'sb2-order-in': POLLED,
    'sb2-mobile-in': hub,
    'sb2-devices-in': hub,
    'sb2-fan': { onFailure, legs, outputs: 5, wires: [...wires, []] },
    'sb2-map-delivery': { endpoint: 'sb2-parcels' },
    'sb2-delivery-out': { endpoint: 'sb2-parcels' },
  };
  const copy = (id: string, changed: Record<string, unknown>) => ({ ...find(id), ...changed }) as FlowNode;
  const parcels = [
    copy('sb2-devices', { ...vendor(vendors.parcels), id: 'sb2-parcels', profile: 'servicenow', version: 'v4' }),
    copy('sb2-devices-in', { ...POLLED, id: 'sb2-parcels-in', endpoint: 'sb2-parcels', hub: false }),
    copy('sb2-map-delivery', { id: 'sb2-map-extras', endpoint: 'sb2-parcels', wires: [['sb2-extras-out'], ['sb2-invalid']] }),
    copy('sb2-delivery-out', { id: 'sb2-extras-out', endpoint: 'sb2-parcels' }),
  ];
  const kept = example.filter(({ id }) => !id.includes('team'));
  return [...kept.map((node) => ({ ...node, ...changes[node.id] })), ...parcels];
}
