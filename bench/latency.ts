import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlowNode, type Live, startNodeRed, until } from '../test/live/node-red.js';
import { handWiredFlow } from './end-to-end.js';
import { closeConnections, incidents, notify, post, type Row, startPartners, switchboardFlow } from './rig.js';

/**
 * Latency of a ticket: from the customer's webhook to the provider's receipt of the POST, at a steady rate. The provider is a
 * minimal TMF621 server in this process, so that both times are by one clock.
 */
const PER_SECOND = 100;
const WARM_UP = 500;
const MEASURED = 3_000;
/** Milliseconds after which a new ticket is certainly younger than the store. */
const OLDER = 5_000;

/** Milliseconds. */
interface Latency {
  p50: number;
  p99: number;
}

export interface LatencyResult extends Latency {
  /** Through the hand-wired flow, in the same run. */
  handWired: Latency;
}

/** A provider that notes when it received the ticket of each name. */
async function startProvider(received: Map<string, number>): Promise<Server> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const at = performance.now();
      const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>) : undefined;
      if (req.method === 'POST' && body) received.set(String(body.name), at);
      const answer = req.method === 'POST' ? { id: `TT-${received.size}`, ...body } : [];
      res.writeHead(req.method === 'POST' ? 201 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Sends the incidents at the steady rate, and returns the time from sending to the receipt at the provider. */
async function atSteadyRate(rows: Row[], received: Map<string, number>, send: (row: Row) => Promise<unknown>): Promise<Latency> {
  const sent = new Map<string, number>();
  const started = performance.now();
  const answers: Promise<unknown>[] = [];
  for (const [index, row] of rows.entries()) {
    const wait = started + (index * 1000) / PER_SECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.set(row.short_description ?? '', performance.now());
    answers.push(send(row));
  }
  await Promise.all(answers);
  await until('all tickets at the provider', () => received.size >= rows.length);
  const times = rows
    .slice(WARM_UP)
    .map(({ short_description: name = '' }) => received.get(name)! - sent.get(name)!)
    .sort((a, b) => a - b);
  received.clear();
  const at = (share: number) => Number(times[Math.floor(share * times.length)]!.toFixed(1));
  return { p50: at(0.5), p99: at(0.99) };
}

/** Runs the benchmark and returns its results. */
export async function latencyBench(): Promise<LatencyResult> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-latency-'));
  const partners = await startPartners();
  const received = new Map<string, number>();
  const provider = await startProvider(received);
  const api = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/troubleTicket/v4`;
  const start = (name: string, flow: FlowNode[]) => startNodeRed({ folder: join(folder, name), flow, env: partners.environment });
  const lives: Live[] = [];
  try {
    const live = await start('switchboard', switchboardFlow(partners, api));
    lives.push(live);
    // A ticket from before the store, by clocks that differ, is looked up before it is created.
    await new Promise((resolve) => setTimeout(resolve, OLDER));
    const rows = await incidents(partners, WARM_UP + MEASURED);
    const switchboard = await atSteadyRate(rows, received, (row) => notify(live, partners, row));
    const hand = await start('hand', handWiredFlow(partners, api));
    lives.push(hand);
    const handWired = await atSteadyRate(rows, received, (row) => post(`${hand.url}/hand`, {}, row));
    return { ...switchboard, handWired };
  } finally {
    await Promise.all(lives.map((one) => one.stop()));
    partners.process.kill();
    closeConnections();
    provider.closeAllConnections();
    provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) {
  latencyBench().then(
    (result) => console.log(JSON.stringify(result, null, 2)),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
