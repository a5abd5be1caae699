import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';
import type { StoreCounts } from '../live/rig.js';
import { PATIENCE } from '../patience.js';
import { randomFrom } from '../store/random.js';
import { Operator, type UnsettledItem, waitsForever } from './operator.js';
import { Partners } from './partners.js';

export type ListMode = 'jsonPatch' | 'replace';
export type ChangeSource = 'events' | 'polls' | 'both';

export interface RigOptions {
  arrayMode?: ListMode;
  /** How changes are received from both sides. */
  changesBy?: ChangeSource;
  /** Other changes to nodes of the example, by node id. */
  nodes?: Record<string, Record<string, unknown>>;
  /** Further nodes. */
  more?: FlowNode[];
  /** Prepares the partners before the start. */
  partners?: (partners: Partners) => void;
  /** Environment of the first start. */
  env?: Record<string, string>;
  preload?: string;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Prints the seed, so that a failing run can be repeated. */
export function seeded(): { seed: number; random: () => number } {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.log(`      seed ${seed}`);
  return { seed, random: randomFrom(seed) };
}

/**
 * The first example in a real Node-RED with partners that are independent of the sandbox. Node-RED can be killed and restarted at
 * any time.
 */
export class FaultRig {
  readonly output: string[] = [];
  readonly operator = new Operator(() => this.live!.url);
  kills = 0;
  private live: Live | undefined;

  private constructor(
    readonly partners: Partners,
    private readonly folder: string,
    private readonly port: number,
    private readonly flow: FlowNode[],
    private readonly preload?: string,
  ) {}

  static async start(random: () => number, options: RigOptions = {}): Promise<FaultRig> {
    const { arrayMode = 'jsonPatch', changesBy = 'both', nodes = {}, more = [], env, preload } = options;
    const port = await freePort();
    const partners = await Partners.start(random);
    options.partners?.(partners);
    const example = JSON.parse(readFileSync('examples/1-trouble-ticket.json', 'utf8')) as FlowNode[];
    const [events, poll] = [changesBy !== 'polls', changesBy !== 'events'];
    const ways: Record<string, Record<string, unknown>> = {
      'sb1-sn-in': { webhook: events, poll },
      'sb1-tmf-in': { hub: events, poll },
    };
    const flow = partners
      .flow(example, port, arrayMode)
      .map((node) => ({ ...node, ...ways[node.id], ...nodes[node.id] }) as FlowNode);
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-faults-'));
    const rig = new FaultRig(partners, folder, port, [...flow, ...more], preload);
    try {
      await rig.launch(env);
      if (events) partners.enableWebhook(port);
      const { customer, provider } = partners;
      if (events) await until('the hub registration', () => provider.hubCount === 1);
      if (poll) await until('the first polls', () => customer.lists > 5 && provider.lists > 1);
    } catch (error) {
      await rig.stop();
      throw error;
    }
    return rig;
  }

  async launch(env: Record<string, string> = {}): Promise<void> {
    const { folder, port, flow, preload, partners } = this;
    this.live = await startNodeRed({
      ...{ folder, port, flow, preload, editor: true, logLevel: 'warn' },
      env: { ...partners.environment, ...env },
    });
  }

  async kill(): Promise<void> {
    this.output.push(this.live!.output());
    this.partners.provider.kills.push(Date.now());
    await this.live!.kill();
    this.kills++;
  }

  get url(): string {
    return this.live!.url;
  }

  async stop(): Promise<void> {
    await this.live?.kill();
    await this.partners.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async counts(): Promise<StoreCounts> {
    return ((await (await fetch(`${this.live!.url}/health`)).json()) as { stores: StoreCounts[] }).stores[0]!;
  }

  /**
   * Waits until no work is in progress, no notification is pending, and several polls found nothing. Returns the items that need
   * an operator.
   */
  async idle(what: string): Promise<UnsettledItem[]> {
    const { customer, provider } = this.partners;
    let before = '';
    let since = 0;
    let lists = [0, 0];
    const isIdle = async () => {
      const { messages, deliveries } = await this.counts();
      const now = JSON.stringify([messages, deliveries, customer.written.length, provider.written.length]);
      if (customer.notifying || provider.notifying || now !== before) {
        before = now;
        since = performance.now();
        lists = [customer.lists, provider.lists];
        return 'moving';
      }
      const polled = customer.lists >= lists[0]! + 15 && provider.lists >= lists[1]! + 2;
      if (performance.now() < since + (this.polls ? 2_500 : 1_500) || (this.polls && !polled)) return false;
      const underWay = messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt!;
      return underWay === 0 || waitsForever(await this.operator.unsettled());
    };
    // Long lists take time: wait as long as there is progress.
    for (let found: unknown = 'moving'; found === 'moving'; ) {
      const renewed = performance.now() + PATIENCE / 2;
      const look = async () => {
        const now = await isIdle();
        return now === 'moving' && performance.now() < renewed ? false : now;
      };
      found = await until(what, look).catch(async (error: Error) => {
        const last = this.live!.output().slice(-2_000);
        throw new Error(`${error.message}: ${JSON.stringify(await this.counts())}\n${last}`);
      });
    }
    return this.operator.unsettled();
  }

  private get polls(): boolean {
    return this.flow.some(({ id, poll }) => id === 'sb1-sn-in' && poll);
  }
}

/** Prints figures on one line. */
export function print(what: string, figures: Record<string, unknown>): void {
  const words = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`      ${what}: ${words.join(', ')}`);
}
