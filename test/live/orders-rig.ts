import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FanOutLeg } from '../../src/conversation/fan-out-rules.js';
import type { ComparedOrder } from '../../src/sandbox/compared-order.js';
import { orderComparison } from '../../src/sandbox/order-comparison.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { placeOrder } from '../../src/sandbox/servicenow-orders.js';
import type { Row } from '../../src/sandbox/servicenow-query.js';
import type { Order } from '../../src/sandbox/tmf622-order.js';
import type { FailurePolicy } from '../../src/store/store.js';
import { crashed, type FlowNode, freePort, type Live, startNodeRed, until } from './node-red.js';

const ORDERS = 'sn_ind_tmt_orm_order';
const LINES = 'sn_ind_tmt_orm_order_line_item';

/** What a new colleague needs, and which vendor has it in the second example. */
export const KINDS = {
  sim: { category: 'connectivity', offering: 'SIM 5G', vendor: 'mobile' },
  phone: { category: 'device', offering: 'Phone 15', vendor: 'devices' },
  cover: { category: 'device', offering: 'Cover 15', vendor: 'devices' },
  delivery: { category: 'logistics', offering: 'Delivery', vendor: 'delivery' },
  laptop: { category: 'workplace', offering: 'Laptop', vendor: 'team' },
} as const;
export type Kind = keyof typeof KINDS;

/** A line of the messages list. */
interface Listed {
  id: string;
  number: string;
  endpoint: string;
  reason?: string;
}

/** What a deploy may change of the fan-out node. */
interface FanOutNode {
  legs: FanOutLeg[];
  wires: string[][];
  outputs: number;
  onFailure: FailurePolicy;
}

/** The second example between the stand-ins, in a real Node-RED that may be killed and comes back at the same address. */
export class OrdersRig {
  live!: Live;
  private constructor(
    readonly folder: string,
    readonly sandbox: Sandbox,
    private flow: FlowNode[],
    private readonly port: number,
  ) {}

  /**
   * `devices`: the address of another device vendor, which is polled and gets the SIMs too. `poll`: false = the flow as users get
   * it, where webhooks and events alone report changes. `servicenow`: what the delivery vendor gets goes to a ServiceNow, and waits
   * for nothing.
   */
  static async start(
    change: { onFailure?: FailurePolicy; legs?: FanOutLeg[] } = {},
    { devices, poll = true, servicenow = false }: { devices?: string; poll?: boolean; servicenow?: boolean } = {},
  ): Promise<OrdersRig> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-orders-'));
    const sandbox = await startSandbox();
    const port = await freePort();
    const text = readFileSync('examples/2-order-fan-out.json', 'utf8').replaceAll('http://127.0.0.1:1881', sandbox.url);
    const example = JSON.parse(text) as FlowNode[];
    const flow = (servicenow ? withServiceNow(example, `${sandbox.url}/orderssn`) : example).map((node) => ({
      ...node,
      ...(node.type.endsWith('-endpoint') && { retryDelay: '0.1', settling: '1' }),
      ...(node.type === 'switchboard-fan-out' && { ...change, ...(devices && { legs: withSims(node.legs as FanOutLeg[]) }) }),
      ...(node.id === 'sb2-devices' && devices && { baseUrl: devices }),
      ...(node.type === 'switchboard-tmf622-in' && { publicUrl: `http://127.0.0.1:${port}` }),
      ...(node.id === 'sb2-devices-in' && devices && { hub: false }),
      ...(node.id === PARCELS_IN && { hub: false }),
      // What a killed Node-RED did not hear is found by polling.
      ...(poll && node.type.endsWith('-in') && { poll: true, pollInterval: '0.3' }),
      ...(node.id === 'sb2-errors' && { console: true }),
    }));
    const rig = new OrdersRig(folder, sandbox, flow, port);
    const secret = sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
    sandbox.servicenow.webhooks = [
      { url: `http://127.0.0.1:${port}/switchboard/orders`, secret, retries: 100, tables: [ORDERS, LINES] },
      { url: `http://127.0.0.1:${port}/switchboard/requests`, secret, retries: 100, tables: ['sc_request', 'sc_req_item'] },
    ];
    await rig.run();
    await until(
      'the hub registrations',
      () => (devices || sandbox.orders('v4').events.hubs().length === 1) && sandbox.orders('v5').events.hubs().length === 1,
    );
    return rig;
  }

  private async run(): Promise<void> {
    this.live = await this.begin();
  }

  private begin(env: Record<string, string> = {}, preload?: string): Promise<Live> {
    return startNodeRed({
      folder: this.folder,
      port: this.port,
      flow: this.flow,
      env: { ...this.sandbox.environment, ...env },
      editor: true,
      logLevel: 'info',
      preload,
    });
  }

  /** Lets Node-RED run until it kills itself at a named point (test/faults/crash.cjs), or is killed once it is `through`. Says how it ended. */
  async crashAt(point: string, count: number, preload: string, through: () => boolean): Promise<string> {
    await this.live.kill();
    try {
      this.live = await this.begin({ CRASH_POINT: point, CRASH_COUNT: String(count) }, preload);
    } catch (error) {
      if (/SIGKILL/.test((error as Error).message)) return 'SIGKILL'; // it died before it was ready
      throw error;
    }
    return crashed(this.live, through);
  }

  /** Deploys the flow with a changed fan-out node, as a user does in the editor. */
  async deploy(change: (fanOut: FanOutNode) => Partial<FanOutNode>): Promise<void> {
    this.flow = this.flow.map((node) =>
      node.type === 'switchboard-fan-out' ? { ...node, ...change(node as unknown as FanOutNode) } : node,
    );
    const answer = await fetch(`${this.live.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Node-RED-Deployment-Type': 'nodes' },
      body: JSON.stringify(this.flow),
    });
    if (!answer.ok) throw new Error(`The deploy failed: ${answer.status} ${await answer.text()}`);
  }

  /** Kills Node-RED without a word, and starts it again. */
  async crash(): Promise<void> {
    await this.live.kill();
    await this.run();
  }

  async stop(): Promise<void> {
    await this.live.stop();
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The customer places an order of these things, whose lines are numbered 1, 2, 3 … */
  place(title: string, kinds: Kind[], quantity = '1'): string {
    const desk = this.sandbox.servicenow;
    const lines = kinds.map((kind, index) => ({ ...this.line(String(index + 1), kind), quantity }));
    const account = this.named('customer_account', 'Northwind');
    return placeOrder(desk, { short_description: title, order_currency: 'EUR', account }, lines).order.sys_id;
  }

  /** Columns of a line. */
  line(id: string, kind: Kind): Record<string, string> {
    const { category, offering } = KINDS[kind];
    return {
      external_id: id,
      category,
      quantity: '1',
      action: 'add',
      product_offering: this.named('sn_prd_pm_product_offering', offering),
      product_specification: this.named('sn_prd_pm_product_specification', offering),
    };
  }

  /** The id of the row of that name. */
  private named(table: string, name: string): string {
    const desk = this.sandbox.servicenow;
    const known = desk.rows(table).find((row) => row.name === name);
    return (known ?? desk.create(table, { name })).sys_id;
  }

  order(id: string): Row {
    return this.sandbox.servicenow.row(ORDERS, id)!;
  }

  /** The customer's lines by their numbers. */
  lines(order: string): Record<string, Row> {
    const rows = this.sandbox.servicenow.rows(LINES).filter((row) => row.order === order);
    return Object.fromEntries(rows.map((row) => [row.external_id ?? '', row]));
  }

  states(order: string): Record<string, string> {
    return Object.fromEntries(Object.entries(this.lines(order)).map(([id, row]) => [id, row.state ?? '']));
  }

  updateOrder(id: string, fields: Record<string, string>): void {
    this.sandbox.servicenow.update(ORDERS, id, fields, 'agent');
  }

  updateLine(order: string, line: string, fields: Record<string, string>): void {
    this.sandbox.servicenow.update(LINES, this.lines(order)[line]!.sys_id, fields, 'agent');
  }

  comments(order: string): string[] {
    return this.sandbox.servicenow
      .journal(order)
      .filter((row) => row.element === 'comments')
      .map((row) => row.value ?? '');
  }

  /** The customer's order beside what the vendors have of it; read from the stand-ins alone. */
  compared(order: string): ComparedOrder {
    const vendors = [this.sandbox.orders('v4'), this.sandbox.orders('v5'), this.sandbox.orders('servicenow')];
    return orderComparison(this.sandbox.servicenow, vendors)(this.order(order));
  }

  /** A vendor's order of the customer's one, found by our reference and its leg; undefined while there is none. Fails when there are two. */
  vendor(leg: 'mobile' | 'devices' | 'delivery'): Order | undefined {
    const orders = this.vendorOrders(leg);
    if (orders.length > 1) throw new Error(`${leg} has ${orders.length} orders`);
    return orders[0];
  }

  vendorOrders(leg: string): Order[] {
    const all = [...this.sandbox.orders('v4').orders(), ...this.sandbox.orders('v5').orders()];
    return all.filter((order) => JSON.stringify(order.externalId ?? '').includes(`/${leg}"`));
  }

  /** The desk of a leg's vendor. */
  desk(leg: 'mobile' | 'devices' | 'delivery') {
    return this.sandbox.orders(leg === 'mobile' ? 'v5' : 'v4');
  }

  /** Waits for a leg's order at its vendor; gives its id. */
  async ordered(leg: 'mobile' | 'devices' | 'delivery'): Promise<string> {
    const order = await until(`the order of ${leg}`, () => this.vendor(leg));
    return String(order.id);
  }

  /** The internal team's requests. */
  requests(): Row[] {
    return this.sandbox.servicenow.rows('sc_request');
  }

  requestItems(): Row[] {
    return this.sandbox.servicenow.rows('sc_req_item');
  }

  async until(what: string, true_: () => unknown): Promise<void> {
    await until(what, true_).catch(async (error) => {
      const desk = this.sandbox.servicenow;
      const orders = desk
        .rows(ORDERS)
        .map((row) => [row.number, row.state, JSON.stringify(this.states(row.sys_id)), ...this.comments(row.sys_id)].join(' | '));
      const health = await (await fetch(`${this.live.url}/health`)).text();
      throw new Error(
        `${(error as Error).message}\n${orders.join('\n')}\n${this.vendorsSay()}\n${health}\n${await this.told()}\n${this.live.output().slice(-3_000)}`,
      );
    });
  }

  /** The vendors' orders, with the states of their items. */
  private vendorsSay(): string {
    const all = [...this.sandbox.orders('v4').orders(), ...this.sandbox.orders('v5').orders()];
    return all.map((order) => JSON.stringify(order)).join('\n');
  }

  /** What Switchboard says of the orders that are not over. */
  private async told(): Promise<string> {
    const open = this.sandbox.servicenow.rows(ORDERS).filter((row) => row.state !== 'completed' && row.state !== 'canceled');
    const lists = open.map(async ({ number }) => {
      const answer = await fetch(`${this.live.url}/switchboard/messages?search=${number}&limit=200`);
      const { messages } = (await answer.json()) as { messages: Record<string, unknown>[] };
      return messages.map((m) => JSON.stringify({ ...m, title: undefined })).join('\n');
    });
    return (await Promise.all(lists)).join('\n\n');
  }

  /** Nothing is under way at Switchboard, but for what waits for another leg, and no partner is telling anything. */
  async quiet(): Promise<void> {
    await this.until('Switchboard to come to rest', async () => {
      const { started, finished } = this.sandbox.pushes();
      const { stores } = (await (await fetch(`${this.live.url}/health`)).json()) as {
        stores: { messages: Record<string, number>; deliveries: Record<string, number> }[];
      };
      const idle = stores.every(
        ({ messages, deliveries }) => messages.received! + deliveries.sending! + deliveries.inDoubt! === 0,
      );
      return started === finished && idle && this.sandbox.pushes().started === started;
    });
  }

  /** Messages that are not settled; undefined while the store is closed. */
  async received(): Promise<number | undefined> {
    const { stores } = (await (await fetch(`${this.live.url}/health`)).json()) as {
      stores?: { messages?: { received: number } }[];
    };
    return stores?.[0]?.messages?.received;
  }

  /** What failed, and what needs a decision: messages and deliveries, with why. */
  async failures(): Promise<string[]> {
    const lists = await Promise.all(['problems', 'needsDecision'].map((state) => this.listed(state)));
    return lists.flat().map(({ number, endpoint, reason }) => `${endpoint} ${number}: ${reason}`);
  }

  /** Emits each failed message into its flow again. */
  async replayFailed(): Promise<void> {
    for (const { id } of await this.listed('problems')) {
      const address = `${this.live.url}/switchboard/messages/${id}/replay`;
      const answer = await fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json' } });
      if (!answer.ok) throw new Error(`The replay failed: ${answer.status} ${await answer.text()}`);
    }
  }

  /** The questions that wait for a person. */
  decisions(): Promise<Listed[]> {
    return this.listed('needsDecision');
  }

  private async listed(state: string): Promise<Listed[]> {
    const answer = await fetch(`${this.live.url}/switchboard/messages?state=${state}&limit=50`);
    return ((await answer.json()) as { messages: Listed[] }).messages;
  }
}

const PARCELS = 'sb2-parcels';
const PARCELS_IN = 'sb2-parcels-in';

/** The example with a vendor of its own for deliveries: ServiceNow’s dialect of TMF622. */
function withServiceNow(flow: FlowNode[], baseUrl: string): FlowNode[] {
  const copyOf = (id: string, changed: Record<string, unknown>) =>
    ({ ...flow.find((node) => node.id === id), ...changed }) as FlowNode;
  const changed = flow.map((node) => ({
    ...node,
    ...(node.id === 'sb2-fan' && { legs: (node.legs as FanOutLeg[]).map(({ after: _after, ...leg }) => leg) }),
    ...((node.id === 'sb2-map-delivery' || node.id === 'sb2-delivery-out') && { endpoint: PARCELS }),
  }));
  return [
    ...changed,
    copyOf('sb2-devices', { id: PARCELS, name: 'Parcel vendor (ServiceNow)', baseUrl, profile: 'servicenow', version: 'v4' }),
    copyOf('sb2-devices-in', { id: PARCELS_IN, name: 'parcel vendor', endpoint: PARCELS }),
  ];
}

/** The legs stay, because others wait for them; the mobile one has nothing to do. */
function withSims(legs: FanOutLeg[]): FanOutLeg[] {
  const takes: Record<string, string[]> = { mobile: ['nothing'], devices: ['device', 'connectivity'] };
  return legs.map((leg) => (takes[leg.name] ? { ...leg, takes: [{ field: 'category', is: takes[leg.name]! }] } : leg));
}
