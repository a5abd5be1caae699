import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FlowNode, freePort, type Live, startNodeRed, until } from '../test/live/node-red.js';
import {
  closeConnections,
  each,
  incidents,
  notify,
  type Partners,
  post,
  type Row,
  startPartners,
  storeCounts,
  switchboardFlow,
} from './rig.js';

/**
 * End-to-end throughput of a ticket: webhook → stored → read back → normalized → correlated → mapped → stored → POSTed to TMF621
 * → linked, compared with a flow wired by hand from Node-RED's own nodes (http in → change with JSONata → http request → http
 * response), which stores nothing and reads nothing back. Three processes: the partners, Node-RED, and this one, which generates
 * the load. Both flows alternate in one run.
 */
const TICKETS = 2_000;
const ROUNDS = 5;

/** The hand-wired flow. It sets `externalId` and maps the fields, but stores and looks up nothing. `api`: the provider's API. */
export function handWiredFlow(partners: Partners, api = `${partners.url}/tmf4/tmf-api/troubleTicket/v4`): FlowNode[] {
  const z = 'hand';
  const jsonata = `{"externalId": payload.number, "name": payload.short_description, "description": payload.description,
    "severity": $lookup({"1": "Critical", "2": "Major", "3": "Minor", "4": "Minor", "5": "Minor"}, payload.priority), "ticketType": "incident", "status": "acknowledged"}`;
  const { SANDBOX_TMF_CLIENT_ID: user, SANDBOX_TMF_CLIENT_SECRET: password } = partners.environment;
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return [
    { id: z, type: 'tab', label: 'hand-wired' },
    { id: 'hand-in', type: 'http in', z, url: '/hand', method: 'post', upload: false, wires: [['hand-change']] },
    {
      id: 'hand-change',
      type: 'change',
      z,
      rules: [
        { t: 'set', p: 'payload', pt: 'msg', to: jsonata, tot: 'jsonata' },
        {
          t: 'set',
          p: 'headers',
          pt: 'msg',
          to: JSON.stringify({ 'content-type': 'application/json', authorization: basic }),
          tot: 'json',
        },
      ],
      wires: [['hand-post']],
    },
    {
      id: 'hand-post',
      type: 'http request',
      z,
      method: 'POST',
      ret: 'obj',
      url: `${api}/troubleTicket`,
      persist: true,
      wires: [['hand-out']],
    },
    { id: 'hand-out', type: 'http response', z, statusCode: '', wires: [] },
  ];
}

/** Tickets per second through the hand-wired flow: each request is answered after the provider has answered. */
async function throughHandWired(live: Live, rows: Row[]): Promise<number> {
  const started = performance.now();
  await each(rows, async (row) => {
    const { status, body } = await post(`${live.url}/hand`, {}, row);
    if (status !== 201 || !body.includes('TT-')) throw new Error(`hand-wired: ${status} ${body}`);
  });
  return (rows.length / (performance.now() - started)) * 1000;
}

/** Tickets per second through Switchboard: until every one is delivered and linked. */
async function throughSwitchboard(live: Live, partners: Partners, rows: Row[]): Promise<number> {
  const delivered = async () => {
    const { messages, deliveries } = await storeCounts(live);
    return messages.received === 0 ? (deliveries.delivered ?? 0) : 0;
  };
  const before = await delivered();
  const started = performance.now();
  await each(rows, (row) => notify(live, partners, row));
  await until('all tickets delivered', async () => (await delivered()) >= before + rows.length);
  return (rows.length / (performance.now() - started)) * 1000;
}

/** CPU time of a process in milliseconds; only on Linux, otherwise NaN. */
function processorTime(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime in hundredths of a second
  } catch {
    return Number.NaN;
  }
}

/** The rate of a task, and the CPU time per ticket it causes in the process. */
async function perTicket(live: Live, tickets: number, task: () => Promise<number>): Promise<{ rate: number; cpu: number }> {
  const before = processorTime(live.process.pid);
  const rate = await task();
  return { rate, cpu: (processorTime(live.process.pid) - before) / tickets };
}

export interface EndToEndResult {
  /** Switchboard's tickets per second over those of the hand-wired flow; the median of the rounds. */
  throughputRatio: number;
  rounds: { handWired: number; switchboard: number; ratio: number; handWiredCpuMs: number; switchboardCpuMs: number }[];
}

export async function endToEndBench(): Promise<EndToEndResult> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
  const partners = await startPartners();
  const rounds: EndToEndResult['rounds'] = [];
  let lives: Live[] = [];
  try {
    const port = await freePort();
    const flow = switchboardFlow(partners);
    const live = await startNodeRed({ folder: join(folder, 'switchboard'), port, flow, env: partners.environment });
    const hand = await startNodeRed({ folder: join(folder, 'hand'), flow: handWiredFlow(partners), env: partners.environment });
    lives = [live, hand];
    await throughHandWired(hand, await incidents(partners, 300)); // warm up both
    await throughSwitchboard(live, partners, await incidents(partners, 300));
    for (let round = 0; round < ROUNDS; round++) {
      const rows = await incidents(partners, TICKETS);
      const handWiredRun = await perTicket(hand, TICKETS, () => throughHandWired(hand, rows));
      const switchboardRun = await perTicket(live, TICKETS, () => throughSwitchboard(live, partners, rows));
      rounds.push({
        handWired: Math.round(handWiredRun.rate),
        switchboard: Math.round(switchboardRun.rate),
        ratio: Number((switchboardRun.rate / handWiredRun.rate).toFixed(2)),
        handWiredCpuMs: Number(handWiredRun.cpu.toFixed(3)),
        switchboardCpuMs: Number(switchboardRun.cpu.toFixed(3)),
      });
    }
  } finally {
    await Promise.all(lives.map((l) => l.stop()));
    partners.process.kill();
    closeConnections();
    rmSync(folder, { recursive: true, force: true });
  }
  const sorted = rounds.map((r) => r.ratio).sort((a, b) => a - b);
  return { throughputRatio: sorted[Math.floor(sorted.length / 2)] ?? 0, rounds };
}

if (require.main === module) {
  endToEndBench().then(
    (result) => console.log(JSON.stringify(result, null, 2)),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
