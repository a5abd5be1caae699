import assert from 'node:assert/strict';
import type { EndpointView, MessageView } from '../../nodes/sidebar/views.js';
import { statusPrinters } from './flows.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

interface Health {
  status: string;
  stores: { endpoints: { name: string; state: string; reason?: string }[]; intakeTroubles: { part: string; reason: string }[] }[];
}

const TICKETS = 20;
/** More than an endpoint has slots. */
const FILES = 12;

describe('a party in trouble', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-tmf': { retryDelay: '0.05' }, 'sb1-sn': { retryDelay: '0.05' } },
      statusPrinters(['sb1-tmf-out', 'sb1-tmf-in']),
    );
  });
  after(() => rig?.stop());
  afterEach(() => {
    rig.sandbox.tmf('v4').faults.clear();
    rig.sandbox.servicenow.faults.clear();
  });

  const health = () => rig.get<Health>('/health');
  const provider = async () => (await health()).stores[0]?.endpoints.find(({ name }) => name.startsWith('Provider'));
  const shows = (node: string, text: RegExp) => () => text.test(rig.live.output().split(`[debug:status-${node}]`).at(-1) ?? '');
  const logged = (text: string) => rig.live.output().split(text).length - 1;
  const ended = async () => {
    const { deliveries, messages } = await rig.counts();
    return deliveries.failed! + deliveries.needsDecision! + messages.failed! + messages.needsDecision!;
  };

  it('rejects every sign-in for a while: it is paused, says so once, and gets and gives everything afterwards', async () => {
    const desk = rig.sandbox.tmf('v4');
    const incident = rig.open('before');
    const ticket = await until('the first ticket', () => rig.tickets('before')[0]);
    await rig.quiet();

    desk.faults.add({ kind: 'status', status: 401 });
    const titles = Array.from({ length: TICKETS }, (_, i) => `locked out ${i}`);
    for (const title of titles) rig.open(title);
    await until('the pause', async () => (await provider())?.state === 'paused');
    // An event that cannot be read.
    desk.setStatus(String(ticket.id), 'inProgress');
    await until('the nodes to say so', shows('sb1-tmf-out', /rejects everything, next check in \d+ s/));
    await until('the in node to say so', shows('sb1-tmf-in', /rejects everything, next check/));
    assert.match((await provider())?.reason ?? '', /returned 401/);
    assert.equal((await health()).status, 'degraded');
    const [view] = (await rig.get<EndpointView[]>('/switchboard/endpoints')).filter(({ state }) => state === 'paused');
    assert.match(view?.paused?.reason ?? '', /returned 401/);
    const { partners } = await rig.get<{
      partners: { state: string; downSince?: string; reason?: string; resumesAt?: string }[];
    }>('/health/ready');
    const paused = partners.find(({ state }) => state === 'paused');
    assert.equal(paused?.downSince, view?.paused?.since);
    assert.match(`${paused?.reason} ${paused?.resumesAt}`, /returned 401.* \d{4}-/);
    const before = desk.requests.length;
    const checked = view?.resumesAt;
    await until('another check', async () =>
      (await rig.get<EndpointView[]>('/switchboard/endpoints')).some((v) => v.state === 'paused' && v.resumesAt !== checked),
    );
    assert.ok(desk.requests.length - before < TICKETS, `${desk.requests.length - before} requests meanwhile`);
    assert.equal(await ended(), 0);

    desk.faults.clear();
    await until('every ticket', () => titles.every((title) => rig.tickets(title).length > 0));
    await until('the state at the customer', () => rig.sandbox.servicenow.row('incident', incident.sys_id)?.state === '2');
    await rig.quiet();
    assert.ok(titles.every((title) => rig.tickets(title).length === 1));
    assert.equal(await ended(), 0);
    assert.deepEqual([logged(' is paused: '), logged('answers again: its endpoint continues')], [1, 1]);
    await until('the node to say so', shows('sb1-tmf-out', /connected/));
    assert.equal((await provider())?.state, 'up');
  });

  it('cannot be asked for its files, which then hang: every ticket goes on, the trouble is shown at the source', async () => {
    const desk = rig.sandbox.servicenow;
    // Without an answer: more downloads hang than the partner has slots.
    desk.faults.add({ method: 'GET', path: '/file', kind: 'timeout-before', times: FILES });
    desk.faults.add({ method: 'GET', path: '/file', kind: 'status', status: 503 });
    const withFile = async (title: string) => {
      const { sys_id, number } = rig.open(title);
      await until('its ticket', () => rig.tickets(title)[0]);
      desk.attach('incident', sys_id, `${title}.txt`, 'text/plain', Buffer.from(title));
      return { sys_id, number };
    };
    for (let i = 0; i < FILES; i++) await withFile(`hanging ${i}`);
    const titles = Array.from({ length: TICKETS }, (_, i) => `healthy ${i}`);
    for (const title of titles) rig.open(title);
    await until('every other ticket', () => titles.every((title) => rig.tickets(title).length === 1));
    assert.equal((await provider())?.state, 'up');

    desk.faults.clear();
    desk.faults.add({ method: 'GET', path: '/file', kind: 'status', status: 503 });
    const { number } = await withFile('refused');
    const trouble = await until('the trouble at the source', async () =>
      (await health()).stores[0]?.intakeTroubles.find(({ part }) => part === 'file'),
    );
    assert.match(trouble.reason, /^Customer .*download .*\.txt/);
    const file = (message: MessageView | undefined) => message?.sent.find(({ part }) => part.startsWith('attachment:'));
    await until('the delivery to name the source', async () => {
      const message = await rig.message(number!, (m) => file(m)?.error !== undefined || (file(m)?.attempts.length ?? 0) > 0);
      return /^Customer /.test(file(message)?.attempts.at(-1)?.error ?? '');
    });

    desk.faults.clear();
    await until('every file', () =>
      [...Array.from({ length: FILES }, (_, i) => `hanging ${i}`), 'refused'].every((title) =>
        rig.sandbox.tmf('v4').attachmentBytes(String(rig.tickets(title)[0]?.id), `${title}.txt`),
      ),
    );
    await rig.quiet();
    assert.equal(await ended(), 0);
  });
});
