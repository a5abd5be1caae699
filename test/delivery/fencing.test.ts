import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { newFolder, removeFolders } from '../store/folders.js';

const TICKETS = 30;

interface Report {
  open?: true;
  trouble?: string;
  refused?: string;
}

describe('a process that lost its store', () => {
  const children: ChildProcess[] = [];
  const tickets: { id: string; reference: string; from: string; fields: object; version: number }[] = [];
  let partner: Server;
  let url: string;
  before((done) => {
    partner = createServer(async (req, res) => {
      let text = '';
      for await (const chunk of req) text += chunk;
      const answer = (body: object) => res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      if (req.method === 'GET') return answer({ found: tickets.find(({ reference }) => req.url === `/${reference}`) });
      const ticket = { id: `T${tickets.length + 1}`, version: 1, ...JSON.parse(text) };
      tickets.push(ticket);
      answer(ticket);
    });
    partner.listen(0, '127.0.0.1', () => {
      url = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
      done();
    });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  after(async () => {
    partner.closeAllConnections();
    partner.close();
    await removeFolders();
  });

  function start(folder: string, name: string, rate: number, count: number) {
    const child = fork(join(__dirname, 'fenced-process.ts'), [folder, url, name, String(rate), String(count)], {
      execArgv: ['--require', 'tsx/cjs'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    children.push(child);
    const reports: Report[] = [];
    child.on('message', (report: Report) => reports.push(report));
    return { child, reports };
  }

  it('while it was paused sends nothing more of what waited for its turn, and accepts nothing', async () => {
    const folder = await newFolder();
    // A few requests per second: most deliveries wait in the rate limiter.
    const first = start(folder, 'first', 4, TICKETS);
    await until('its first writes', () => tickets.length >= 2);
    first.child.kill('SIGSTOP');
    // For the second process it is on another host, so that only its heartbeat tells whether it lives.
    const lock = JSON.parse(await readFile(`${folder}/lock`, 'utf8'));
    await writeFile(`${folder}/lock`, JSON.stringify({ ...lock, host: 'elsewhere', place: 'elsewhere' }));
    const second = start(folder, 'second', 0, 0);
    await until('the takeover', () => second.reports.some(({ open }) => open));
    const before = tickets.filter(({ from }) => from === 'first').length;
    assert.ok(before < TICKETS / 2, `${before} were sent before it was paused`);
    first.child.kill('SIGCONT');
    const lost = await until('it to notice', () => first.reports.find(({ trouble }) => trouble));
    assert.match(lost.trouble ?? '', new RegExp(`Process ${second.child.pid} .* has taken over the store in `));
    assert.equal((await until('its inbox', () => first.reports.find(({ refused }) => refused))).refused, 'SWB_CLOSED');
    await until('the second one to send everything', () => new Set(tickets.map((one) => one.reference)).size === TICKETS);
    // As long as the first one would have needed for the rest of its requests.
    await until('the first one to have had its turn', () => first.reports.some(({ trouble }) => trouble?.includes('in use by')));
    assert.equal(tickets.filter(({ from }) => from === 'first').length, before, 'the first one sends nothing more');
    assert.equal(tickets.length, TICKETS, 'no ticket is there twice');

    second.child.kill('SIGTERM');
    await until('the first one to have its store back', () => first.reports.at(-1)?.open);
  });
});
