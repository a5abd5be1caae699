import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodeRed, until } from '../test/live/node-red.js';
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
 * Memory of the running product while one ticket after the other is changed: what is done must not stay in memory. A long run, so it
 * is not one of those of `npm run bench`: `npx tsx bench/memory.ts messages=200000`.
 */
const MESSAGES = Number(process.argv.find((arg) => arg.startsWith('messages='))?.slice(9) ?? 200_000);
const TICKETS = 2_000;
/** Messages between two measurements. */
const STEP = 20_000;
/** Milliseconds of rest before a measurement. */
const REST = 5_000;

/** Resident memory of a process in megabytes; only on Linux. */
function residentMb(pid: number | undefined): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1000);
}

/** Changes an incident on the customer's desk. */
async function change(partners: Partners, row: Row, urgency: string): Promise<Row> {
  const values = { table: 'incident', id: row.sys_id, urgency };
  const { status, body } = await post(`${partners.url}/_sandbox/servicenow/update`, {}, values);
  if (status !== 200) throw new Error(`sandbox: ${status} ${body}`);
  return JSON.parse(body) as Row;
}

/** Resident megabytes after every `STEP` messages, the first entry after the tickets were created. */
export async function memoryBench(): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-memory-'));
  const partners = await startPartners();
  const live = await startNodeRed({ folder, flow: switchboardFlow(partners), env: partners.environment });
  const waiting = async () => {
    const { messages, deliveries } = await storeCounts(live);
    return (messages.received ?? 0) + (deliveries.pending ?? 0) + (deliveries.sending ?? 0) + (deliveries.inDoubt ?? 0);
  };
  const measured: number[] = [];
  const measure = async () => {
    await until('all messages processed', async () => (await waiting()) === 0);
    await new Promise((resolve) => setTimeout(resolve, REST));
    measured.push(residentMb(live.process.pid));
    console.log(`${measured.length === 1 ? 'created' : (measured.length - 1) * STEP}: ${measured.at(-1)} MB`);
  };
  try {
    const rows = await incidents(partners, TICKETS);
    await each(rows, (row) => notify(live, partners, row));
    await measure();
    for (let sent = 0; sent < MESSAGES; ) {
      for (const end = Math.min(sent + STEP, MESSAGES); sent < end; sent += TICKETS) {
        const urgency = String(1 + ((sent / TICKETS) % 3));
        await each(rows, async (row) => notify(live, partners, await change(partners, row, urgency), 'update'));
        // So that every change is read by itself.
        await until('all changes processed', async () => (await waiting()) === 0);
      }
      await measure();
    }
  } finally {
    await live.stop();
    partners.process.kill();
    closeConnections();
    rmSync(folder, { recursive: true, force: true });
  }
  return measured;
}

if (require.main === module) {
  memoryBench().then(
    (measured) =>
      console.log(`At the end ${((measured.at(-1) ?? 0) / (measured[1] ?? 1)).toFixed(2)} × of after the first ${STEP}`),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
