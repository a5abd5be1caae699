import assert from 'node:assert/strict';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { statusPrinters } from './flows.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

const STATUS = statusPrinters(['sb1-tmf-out', 'sb1-sn-in']);

describe('the status of nodes', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      // A retry far enough away to be counted down to.
      { 'sb1-tmf': { retryDelay: '60' } },
      STATUS,
    );
  });
  after(() => rig?.stop());

  /** All a node has shown so far, oldest first; ends of lines do not belong to it. */
  const shown = (id: string) =>
    rig.live
      .output()
      .split(`[debug:status-${id}]`)
      .slice(1)
      .map((part) => part.trim().split('\n')[0]?.trim() ?? '');
  const shows = (id: string, text: string) => until(`${id} to show «${text}»`, () => shown(id).at(-1) === text);

  it('counts failures until they are replayed or skipped', async () => {
    const { faults } = rig.sandbox.tmf('v4');
    await shows('sb1-tmf-out', 'connected');
    faults.add({ method: 'POST', path: 'troubleTicket', kind: 'status', status: 422 });
    for (const title of ['refused one', 'refused two']) rig.open(title);
    await shows('sb1-tmf-out', 'connected, 2 failed');
    const failed = async (title: string) => {
      const { messages } = await rig.get<MessageList>('/switchboard/messages');
      const found = messages.find((message) => message.title === title && message.deliveries.length > 0);
      return found!.deliveries[0]!.id;
    };
    await rig.act('deliveries', await failed('refused two'), 'skip');
    await shows('sb1-tmf-out', 'connected, 1 failed');
    faults.clear();
    await rig.act('deliveries', await failed('refused one'), 'replay');
    await shows('sb1-tmf-out', 'connected');
  });

  it('still counts failures from before a deploy', async () => {
    const { faults } = rig.sandbox.tmf('v4');
    faults.add({ method: 'POST', path: 'troubleTicket', kind: 'status', status: 422 });
    rig.open('refused three');
    await shows('sb1-tmf-out', 'connected, 1 failed');
    await rig.deploy();
    await until('the node to have started anew', () => shown('sb1-tmf-out').slice(-2).join('|') !== 'connected, 1 failed');
    await shows('sb1-tmf-out', 'connected, 1 failed');
    faults.clear();
  });

  it('counts warnings until they are marked as seen, even across a deploy', async () => {
    const { faults } = rig.sandbox.tmf('v4');
    const incident = rig.open('kept in part');
    await until('the ticket', () => rig.tickets('kept in part')[0]);
    await rig.quiet();
    // It is told a moment after the store has it.
    const before = await until('the node to rest', () => {
      const last = shown('sb1-tmf-out').at(-1);
      return last?.startsWith('connected') && last;
    });
    faults.add({ method: 'PATCH', path: 'troubleTicket', kind: 'drop-field', field: 'description' });
    rig.sandbox.servicenow.update('incident', incident.sys_id, { description: 'Second floor', urgency: '1' }, 'agent');
    await shows('sb1-tmf-out', `${before}, 1 with warnings`);
    faults.clear();
    const earlier = shown('sb1-tmf-out').length;
    await rig.deploy();
    await until('it to count again', () => shown('sb1-tmf-out').slice(earlier).at(-1) === `${before}, 1 with warnings`);
    const { messages } = await rig.get<MessageList>('/switchboard/messages?state=warned&direction=outgoing');
    await rig.act('deliveries', messages[0]!.deliveries[0]!.id, 'seen');
    await shows('sb1-tmf-out', before);
  });

  it('shows a suspended endpoint as suspended, not as down', async () => {
    const begins = (text: string) => until(text, () => shown('sb1-tmf-out').at(-1)?.startsWith(text));
    const by = async (action: string) =>
      assert.ok(
        (
          await fetch(`${rig.live.url}/switchboard/endpoints/sb1-tmf/${action}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
          })
        ).ok,
        action,
      );
    await by('suspend');
    await begins('Provider (TMF621) suspended');
    await by('resume');
    await begins('connected');
  });

  it('shows at an in node how many of its messages have failed', async () => {
    await shows('sb1-sn-in', 'listening on /switchboard/customer');
    const { faults } = rig.sandbox.servicenow;
    faults.add({ method: 'GET', path: '/incident', kind: 'status', status: 403 });
    rig.open('not readable');
    await until('the failure', () => /listening on \/switchboard\/customer, 1 failed/.test(shown('sb1-sn-in').at(-1) ?? ''));
    faults.clear();
    const { messages } = await rig.get<MessageList>('/switchboard/messages?state=problems');
    const message = messages.find(({ state }) => state === 'failed')!;
    await rig.act('messages', message.id, 'replay');
    await shows('sb1-sn-in', 'listening on /switchboard/customer');
  });

  it('shows at an in node how many of its messages need a decision, until they are skipped', async () => {
    const copy = rig.open('a copy', { correlation_id: 'SWB-0123456789AB' });
    await shows('sb1-sn-in', 'listening on /switchboard/customer, 1 needs a decision');
    const message = await rig.message(copy.number!, ({ state }) => state === 'needsDecision');
    assert.equal(message?.decision, 'wrongEntity');
    await rig.act('messages', message!.id, 'skip');
    await shows('sb1-sn-in', 'listening on /switchboard/customer');
  });

  it('counts down to a retry', async () => {
    rig.sandbox.tmf('v4').faults.add({ method: 'POST', path: 'troubleTicket', kind: 'status', status: 503 });
    rig.open('again');
    const counted = () => shown('sb1-tmf-out').flatMap((text) => /^retry in (\d+) s/.exec(text)?.[1] ?? []);
    await until('it to be counted', () => counted().length > 2);
    const seconds = counted().map(Number);
    assert.deepEqual(
      seconds,
      [...seconds].sort((a, b) => b - a),
      'down, not up',
    );
  });
});
