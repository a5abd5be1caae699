import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { troubleTicketFlow } from '../test/live/flows.js';
import type { FlowNode, Live } from '../test/live/node-red.js';

/** What the benchmarks of the running product share: the partners, the flow, and the load. */
export const CONCURRENCY = 32;

export interface Partners {
  url: string;
  environment: Record<string, string>;
  process: ChildProcess;
}

export async function startPartners(): Promise<Partners> {
  const cli = ['dist/src/cli/switchboard.js', 'sandbox', '--port', '0'];
  const child = spawn(process.execPath, cli, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = String((await lines.next()).value).replace(/^.* /, '');
  const environment: Record<string, string> = {};
  for (let line = (await lines.next()).value; line; line = (await lines.next()).value)
    environment[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  return { url, environment, process: child };
}

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });

export function post(url: string, headers: Record<string, string>, body: unknown): Promise<{ status: number; body: string }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      {
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text), ...headers },
      },
      (res) => {
        let answer = '';
        res.setEncoding('utf8');
        res.on('data', (chunk) => {
          answer += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: answer }));
      },
    );
    req.once('error', reject);
    req.end(text);
  });
}

/** Closes idle connections. */
export function closeConnections(): void {
  agent.destroy();
}

/** Runs a task for each item with limited concurrency. */
export async function each<T>(items: T[], task: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const item of queue) await task(item);
    }),
  );
}

export type Row = Record<string, string> & { sys_id: string };

/** Creates incidents on the customer's desk before the measurement starts. */
export async function incidents(partners: Partners, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  await each(
    Array.from({ length: count }, (_, i) => i),
    async (i) => {
      const answer = await post(
        `${partners.url}/_sandbox/servicenow/create`,
        {},
        {
          short_description: `Ticket ${i}`,
          description: 'No dial tone since this morning. '.repeat(10),
          impact: '2',
          urgency: '2',
        },
      );
      rows.push(JSON.parse(answer.body) as Row);
    },
  );
  return rows;
}

/** The first example, with the provider at `provider`; only the path from customer to provider, without polling. */
export function switchboardFlow(partners: Partners, provider?: string): FlowNode[] {
  const flow = troubleTicketFlow({ url: partners.url }, { version: 'v4', customer: 'webhook', provider: 'poll' });
  return flow.map((n) => ({
    ...n,
    ...(n.type === 'switchboard-tmf621-in' && { poll: false, hub: false }),
    ...(n.type === 'switchboard-tmf-endpoint' && { concurrency: String(CONCURRENCY), ...(provider && { baseUrl: provider }) }),
    ...(n.type === 'switchboard-servicenow-endpoint' && { concurrency: String(CONCURRENCY) }),
    ...(n.id === 'sb1-tmf-out' && { wires: [[]] }),
  }));
}

/** Notifies Switchboard of an incident, as the customer's business rule does. */
export async function notify(live: Live, partners: Partners, row: Row, operation: 'insert' | 'update' = 'insert'): Promise<void> {
  const headers = { 'x-switchboard-secret': partners.environment.SANDBOX_WEBHOOK_SECRET ?? '' };
  const { sys_id, number, sys_updated_on, sys_mod_count } = row;
  const hint = { table: 'incident', sys_id, number, sys_updated_on, sys_mod_count, operation };
  const { status, body } = await post(`${live.url}/switchboard/customer`, headers, hint);
  if (status !== 202) throw new Error(`switchboard: ${status} ${body}`);
}

/** Numbers of records by state, of the only store. */
export async function storeCounts(live: Live): Promise<{ deliveries: Record<string, number>; messages: Record<string, number> }> {
  const { stores } = (await (await fetch(`${live.url}/health`)).json()) as { stores: Awaited<ReturnType<typeof storeCounts>>[] };
  return stores[0] ?? { deliveries: {}, messages: {} };
}
