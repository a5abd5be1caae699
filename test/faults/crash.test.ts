import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { troubleTicketFlow } from '../live/flows.js';
import { crashed, type FlowNode, freePort, type Live, startNodeRed, until } from '../live/node-red.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const TICKETS = LONG ? 400 : 200;
const POINTS = ['after-inbox', 'in-flow', 'between-outs', 'after-outbox', 'before-send', 'after-send', 'after-link'];
/** Each named point early and late, then random times. */
const CRASHES: [string, number][] = [
  ...POINTS.map((p): [string, number] => [p, 1]),
  ...POINTS.map((p): [string, number] => [p, 17]),
  ...Array.from({ length: LONG ? 20 : 2 }, (): [string, number] => ['random', 0]),
];

/** A second provider on the same wires, without a fan-out node: a crash between the two out nodes must lose neither. */
function withSecondProvider(flow: FlowNode[], sandbox: Sandbox): FlowNode[] {
  const copy = (id: string, changes: Record<string, unknown>): FlowNode =>
    ({ ...flow.find((n) => n.id === id)!, ...changes }) as FlowNode;
  const second = [
    copy('sb1-tmf', { id: 'sb1-tmf-2', name: 'Second provider', baseUrl: `${sandbox.url}/tmf5`, version: 'v5' }),
    copy('sb1-map-tmf', { id: 'sb1-map-tmf-2', endpoint: 'sb1-tmf-2', wires: [['sb1-tmf-out-2'], []] }),
    copy('sb1-tmf-out', { id: 'sb1-tmf-out-2', endpoint: 'sb1-tmf-2', wires: [[]] }),
  ];
  const wired = flow.map((n) => {
    if (n.id !== 'sb1-corr-sn') return n;
    const wires = (n.wires as string[][]).map((w) => (w.includes('sb1-map-tmf') ? [...w, 'sb1-map-tmf-2'] : w));
    return { ...n, wires };
  });
  return [...wired, ...second];
}

describe(`Node-RED killed repeatedly while it processes ${TICKETS} tickets`, () => {
  let folder: string;
  let sandbox: Sandbox;
  let live: Live | undefined;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-crash-'));
    sandbox = await startSandbox();
  });
  after(async () => {
    await live?.stop();
    await sandbox?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses none, duplicates none, and keeps their order', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    console.log(`      seed ${seed}`);
    const random = mulberry32(seed);
    const port = await freePort();
    const env = { ...sandbox.environment };
    const base = troubleTicketFlow(sandbox, {
      version: 'v4',
      customer: 'poll',
      provider: 'hub',
      publicUrl: `http://127.0.0.1:${port}`,
    });
    // Webhook and polling: a webhook to a killed Node-RED is not accepted, so polling must read the change.
    const flow = withSecondProvider(base, sandbox).map((n) => ({
      ...n,
      ...(n.id === 'sb1-sn-in' && { webhook: true }),
      ...(n.id === 'sb1-tmf-in' && { poll: true }),
    }));
    const desk = sandbox.servicenow;
    desk.webhook = { url: `http://127.0.0.1:${port}/switchboard/customer`, secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET! };

    const start = (extra: Record<string, string> = {}) =>
      startNodeRed({
        folder,
        port,
        flow,
        env: { ...env, ...extra },
        preload: resolve('test/faults/crash.cjs'),
        logLevel: 'error',
      });
    // The first start must reach its second poll: the first one sets the watermark.
    live = await start();
    await until('the first poll', () => desk.requests.filter((r) => r.path.includes('sys_attachment')).length > 1);
    await live.kill();

    let opened = 0;
    let ended = false;
    const tickets: string[] = [];
    const write = async () => {
      while (opened < TICKETS) {
        const row = desk.create('incident', {
          short_description: `Ticket ${opened}`,
          description: 'x',
          impact: '2',
          urgency: '2',
        });
        tickets.push(row.sys_id);
        opened++;
        for (const text of ['first', 'second', 'third'])
          desk.comment('incident', row.sys_id, `${text} of ${row.sys_id}`, 'agent');
        desk.update('incident', row.sys_id, { state: '2' }, 'agent');
        await new Promise((r) => setTimeout(r, 10 + random() * 60));
      }
      ended = true;
    };
    const writing = write();
    const byName = (version: 'v4' | 'v5') => {
      const names = new Map<string, Record<string, unknown>[]>();
      for (const t of sandbox.tmf(version).tickets()) names.set(String(t.name), [...(names.get(String(t.name)) ?? []), t]);
      return names;
    };
    const complete = (t: Record<string, unknown> | undefined) =>
      t?.status === 'inProgress' && ((t.note ?? []) as unknown[]).length >= 3;
    /** The customer's incidents whose ticket is missing or incomplete. */
    const incomplete = (version: 'v4' | 'v5') => {
      const names = byName(version);
      return tickets.filter((_, i) => !complete(names.get(`Ticket ${i}`)?.[0]));
    };
    const killed: string[] = [];
    for (const [point, at] of CRASHES) {
      const count = point === 'random' ? Math.round(500 + random() * 2_500) : at;
      const starting = start({ CRASH_POINT: point, CRASH_COUNT: String(count) }).catch((error: Error) => {
        if (!/SIGKILL/.test(error.message)) throw error;
        return undefined; // killed before it was ready
      });
      live = await starting;
      if (live) {
        const how = await crashed(live, () => ended && incomplete('v4').length + incomplete('v5').length === 0);
        if (how !== 'quiet') assert.equal(how, 'SIGKILL', live.output());
        killed.push(how === 'quiet' ? `${point}: not reached` : point);
      } else killed.push(point);
    }
    await writing;
    assert.ok(ended);
    console.log(`      killed ${killed.length} times: ${killed.join(', ')}`);
    live = await start();

    for (const version of ['v4', 'v5'] as const) {
      await until(`all tickets at the ${version} provider`, () => incomplete(version).length === 0).catch((error) => {
        const missing = incomplete(version).map((id) => desk.row('incident', id)?.number);
        throw new Error(
          `${(error as Error).message}: ${missing.length} incomplete: ${missing.slice(0, 10).join()}\n${live?.output().slice(-4000)}`,
        );
      });
      const names = byName(version);
      const twice = [...names].filter(([, list]) => list.length > 1).map(([name]) => name);
      assert.deepEqual(twice, [], `duplicates at ${version}`);
      for (const [index, id] of tickets.entries()) {
        const ticket = names.get(`Ticket ${index}`)![0]!;
        const texts = (ticket.note as { text: string }[]).map((n) => n.text);
        assert.deepEqual(
          texts,
          ['first', 'second', 'third'].map((t) => `${t} of ${id}`),
          `comments of ${desk.row('incident', id)?.number} at ${version}`,
        );
      }
    }
    // The customer received no echo: exactly three comments each.
    for (const id of tickets) assert.equal(desk.journal(id).filter((j) => j.element === 'comments').length, 3);
  });
});

/** A seeded random source, so that a failing run can be repeated. */
function mulberry32(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
