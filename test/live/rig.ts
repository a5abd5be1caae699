import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageList, MessageView, Counts as ViewCounts } from '../../nodes/sidebar/views.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { type FlowOptions, troubleTicketFlow } from './flows.js';
import { type FlowNode, freePort, type Live, type LiveOptions, startNodeRed, until } from './node-red.js';

export interface StoreCounts {
  messages: Record<string, number>;
  deliveries: Record<string, number>;
  conversations: Record<string, number>;
  warned: { messages: number; deliveries: number };
}

type Changes = Record<string, Record<string, unknown>>;

/** How the Node-RED of a rig differs from the usual one. */
export interface RigProcess extends Pick<LiveOptions, 'preload' | 'settings' | 'env'> {
  /** Writes files to the user folder before Node-RED starts. */
  prepare?: (userDir: string) => void;
}

/** The first scenario between two stand-ins, in a real Node-RED, with what an operator sees of it. */
export class LiveRig {
  private constructor(
    readonly folder: string,
    readonly sandbox: Sandbox,
    readonly live: Live,
  ) {}

  /** `change`: what is different in a node, by its id. */
  static async start(
    way: FlowOptions,
    change: Changes | ((sandbox: Sandbox) => Changes) = {},
    more: FlowNode[] | ((sandbox: Sandbox) => FlowNode[]) = [],
    { prepare, env, ...process }: RigProcess = {},
  ): Promise<LiveRig> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-live-'));
    prepare?.(join(folder, 'user'));
    const sandbox = await startSandbox();
    const port = await freePort();
    // What the catch node gets is printed too.
    const changes: Changes = { 'sb1-errors': { console: true }, ...(typeof change === 'function' ? change(sandbox) : change) };
    const flow = troubleTicketFlow(sandbox, way).map((node) => ({ ...node, ...changes[node.id] }));
    const live = await startNodeRed({
      folder,
      port,
      flow: [...flow, ...(typeof more === 'function' ? more(sandbox) : more)],
      env: { ...sandbox.environment, ...(way.language && { LC_ALL: way.language }), ...env },
      editor: true,
      logLevel: 'info',
      ...process,
    });
    if (way.customer === 'webhook')
      sandbox.servicenow.webhook = {
        url: `${live.url}/switchboard/customer`,
        secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET!,
        retries: 50,
      };
    if (way.provider === 'hub') await until('the hub registration', () => sandbox.tmf(way.version).hubs().length === 1);
    return new LiveRig(folder, sandbox, live);
  }

  async stop(): Promise<void> {
    await this.live.stop();
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The customer opens an incident. */
  open(title: string, fields: Record<string, string> = {}) {
    return this.sandbox.servicenow.create('incident', {
      short_description: title,
      description: title,
      impact: '2',
      urgency: '2',
      ...fields,
    });
  }

  /** The provider's tickets of that title. */
  tickets(title: string, version: 'v4' | 'v5' = 'v4') {
    return this.sandbox
      .tmf(version)
      .tickets()
      .filter((ticket) => ticket.name === title);
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.live.url}${path}`)).json()) as T;
  }

  async counts(): Promise<StoreCounts> {
    return (await this.get<{ stores: StoreCounts[] }>('/health')).stores[0]!;
  }

  async problems(): Promise<ViewCounts> {
    return this.get('/switchboard/counts');
  }

  /** The message about an entity, whole, as the messages view shows it; the newest of that number that fits. */
  async message(search: string, fits: (message: MessageView) => boolean = () => true): Promise<MessageView | undefined> {
    const { messages } = await this.get<MessageList>(`/switchboard/messages?search=${encodeURIComponent(search)}`);
    for (const { id } of messages) {
      const message = await this.get<MessageView>(`/switchboard/messages/${id}`);
      if (fits(message)) return message;
    }
    return undefined;
  }

  async act(
    kind: 'messages' | 'deliveries' | 'endpoints',
    id: string,
    action: 'replay' | 'skip' | 'seen' | 'renewSecret',
  ): Promise<void> {
    const answer = await fetch(`${this.live.url}/switchboard/${kind}/${id}/${action}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    if (!answer.ok) throw new Error(`${action} was answered ${answer.status}: ${await answer.text()}`);
  }

  /** Deploys the flows again, as they are or as `edit` makes them. */
  async deploy(edit?: (flows: FlowNode[]) => FlowNode[]): Promise<void> {
    await this.replaceFlows(edit);
    await until('the store to be open again', async () => (await fetch(`${this.live.url}/health`)).ok);
  }

  /** As `deploy`, where the flows need not work afterwards. */
  async replaceFlows(edit: (flows: FlowNode[]) => FlowNode[] = (flows) => flows): Promise<void> {
    const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': 'full' };
    const current = (await (await fetch(`${this.live.url}/flows`, { headers })).json()) as { flows: FlowNode[] };
    const body = JSON.stringify({ ...current, flows: edit(current.flows) });
    const answer = await fetch(`${this.live.url}/flows`, { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`The deploy was answered ${answer.status}: ${await answer.text()}`);
  }

  /** Nothing is in a flow or on its way, and no partner is telling anything: an echo would have come by now. */
  async quiet(): Promise<void> {
    await until('everything to be done', async () => {
      const { started, finished } = this.sandbox.pushes();
      const { messages, deliveries } = await this.counts();
      const underWay = messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt!;
      return started === finished && underWay === 0 && this.sandbox.pushes().started === started;
    });
  }
}
