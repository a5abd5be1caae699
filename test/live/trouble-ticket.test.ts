import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { type FlowOptions, troubleTicketFlow } from './flows.js';
import { freePort, type Live, startNodeRed, until } from './node-red.js';

const WAYS: FlowOptions[] = (['v4', 'v5'] as const).flatMap((version) =>
  (['webhook', 'poll'] as const).flatMap((customer) =>
    (['hub', 'poll'] as const).map((provider) => ({ version, customer, provider })),
  ),
);
const SERVICE = '5e'.repeat(16);
const CI = 'c1'.repeat(16);
const FILE = Buffer.from('a capture of the line, with every byte\0\x01\xff', 'latin1');

for (const way of WAYS) {
  describe(`an incident and its ${way.version} trouble ticket, customer by ${way.customer}, provider by ${way.provider}`, () => {
    let folder: string;
    let sandbox: Sandbox;
    let live: Live;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'switchboard-live-'));
      sandbox = await startSandbox();
      const port = await freePort();
      live = await startNodeRed({ folder, port, flow: troubleTicketFlow(sandbox, way), env: sandbox.environment });
      const webhook = { url: `${live.url}/switchboard/customer`, secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET! };
      if (way.customer === 'webhook') sandbox.servicenow.webhook = webhook;
      if (way.provider === 'hub') await until('the hub registration', () => sandbox.tmf(way.version).hubs().length === 1);
      else await until('the first poll of the provider', () => sandbox.tmf(way.version).requests.some((r) => r.method === 'GET'));
      if (way.customer === 'poll')
        await until(
          'the first poll of the customer',
          () => sandbox.servicenow.requests.filter((r) => r.path.includes('sys_attachment')).length > 1,
        );
    });
    after(async () => {
      const how = await live?.stop();
      await sandbox?.close();
      rmSync(folder, { recursive: true, force: true });
      assert.equal(how, '0', live?.output());
    });

    it('stay in sync from opening to closing, both ways, without an echo or a duplicate', async () => {
      const desk = sandbox.servicenow;
      const provider = sandbox.tmf(way.version);
      const caller = desk.rows('sys_user').find((user) => user.user_name === 'agent')!;

      // The customer opens an incident; it appears at the provider with every field.
      const opened = desk.create('incident', {
        short_description: 'No dial tone in Ghent',
        description: 'All lines of the branch are dead since 8 o’clock.',
        impact: '1',
        urgency: '2',
        category: 'network',
        contact_type: 'phone',
        due_date: '2026-12-01 17:00:00',
        caller_id: caller.sys_id,
        business_service: SERVICE,
        cmdb_ci: CI,
      });
      const ticket = await until('the ticket at the provider', () => provider.tickets()[0]);
      const id = String(ticket.id);
      assert.equal(ticket.name, 'No dial tone in Ghent');
      assert.equal(ticket.description, 'All lines of the branch are dead since 8 o’clock.');
      assert.match(String(ticket.severity), /major/i);
      assert.equal(ticket.ticketType, 'incident');
      assert.equal(ticket.status, 'acknowledged');
      assert.equal((ticket.channel as { id: string }).id, 'phone');
      assert.equal(ticket.requestedResolutionDate, '2026-12-01T17:00:00.000Z');
      assert.deepEqual(party(ticket), { id: caller.sys_id, name: caller.name });
      assert.deepEqual(affected(ticket), { affectedService: SERVICE, affectedResource: CI, customerTicket: opened.number });
      const row = () => desk.row('incident', opened.sys_id)!;

      // The provider's number reaches the customer.
      await until('the provider’s number at the customer', () => row().correlation_display === id);

      // acknowledged → in progress
      provider.setStatus(id, 'inProgress');
      await until('In Progress at the customer', () => row().state === '2');

      // A comment each way; a work note stays at home.
      desk.workNote('incident', opened.sys_id, 'internal: the caller is upset', 'agent');
      desk.comment('incident', opened.sys_id, 'Any news?', 'agent');
      await until('the customer’s comment at the provider', () => notes(provider.ticket(id)).some((n) => n.text === 'Any news?'));
      provider.addNote(id, 'A technician is on the way', 'noc');
      await until('the provider’s note at the customer', () =>
        desk.journal(opened.sys_id).some((j) => j.element === 'comments' && j.value?.includes('A technician is on the way')),
      );

      // A file each way, byte for byte.
      desk.attach('incident', opened.sys_id, 'line.pcap', 'application/octet-stream', FILE, 'agent');
      const received = await until('the customer’s file at the provider', () => provider.attachmentBytes(id, 'line.pcap'));
      assert.deepEqual(Buffer.from(received), FILE);
      provider.attach(id, 'report.pdf', 'application/pdf', FILE);
      const got = await until('the provider’s file at the customer', () =>
        desk.attachments(opened.sys_id).find((a) => a.file_name === 'report.pdf'),
      );
      assert.deepEqual(desk.attachmentBytes(got.sys_id), FILE);

      // The customer changes a field, the provider waits, works, resolves; the customer closes.
      desk.update('incident', opened.sys_id, { short_description: 'No dial tone in Ghent and Bruges' }, 'agent');
      await until('the new title at the provider', () => provider.ticket(id)?.name === 'No dial tone in Ghent and Bruges');
      provider.setStatus(id, 'pending', 'Which floor?');
      await until('On Hold, awaiting caller', () => row().state === '3' && row().hold_reason === '1');
      provider.setStatus(id, 'inProgress');
      await until('In Progress again', () => row().state === '2');
      provider.setStatus(id, 'resolved', 'Card replaced');
      await until('Resolved at the customer', () => row().state === '6');
      assert.deepEqual([row().close_code, row().close_notes], ['Solution provided', 'Card replaced']);
      desk.update('incident', opened.sys_id, { state: '7' }, 'admin');
      await until('closed at the provider', () => provider.ticket(id)?.status === 'closed');

      await settled(way, live, sandbox);
      // Both desks, side by side, at the end.
      const last = provider.ticket(id)!;
      assert.deepEqual([provider.tickets().length, desk.rows('incident').length], [1, 1], 'no duplicate on either side');
      assert.deepEqual(
        notes(last)
          .map((n) => n.text)
          .sort(),
        ['A technician is on the way', 'Any news?'],
        'every public comment once, no work note, no echo',
      );
      const journal = desk.journal(opened.sys_id);
      const comments = journal.filter((j) => j.element === 'comments').map((j) => j.value);
      // The reason of the wait reads as a comment, as ServiceNow demands one when it is set on hold for the caller.
      assert.deepEqual(comments, ['Any news?', 'noc: A technician is on the way', 'Which floor?']);
      assert.equal(journal.filter((j) => j.element === 'work_notes').length, 1);
      assert.deepEqual(
        desk
          .attachments(opened.sys_id)
          .map((a) => a.file_name)
          .sort(),
        ['line.pcap', 'report.pdf'],
      );
      assert.deepEqual(
        attachments(last)
          .map((a) => a.name)
          .sort(),
        ['line.pcap', 'report.pdf'],
      );
      assert.deepEqual([row().state, last.status], ['7', 'closed']);
      assert.equal(row().short_description, last.name);
      assert.equal(row().description, last.description);
      assert.equal(last.statusChangeReason, row().close_notes);
      assert.deepEqual([row().impact, row().urgency, row().priority, last.severity], ['1', '2', '2', 'Major']);
      assert.deepEqual(party(last), { id: row().caller_id, name: caller.name });
      assert.deepEqual(affected(last), {
        affectedService: row().business_service,
        affectedResource: row().cmdb_ci,
        customerTicket: row().number,
      });
      assert.equal(row().category, 'network', 'what only the customer has stays as it was');
      const writes = provider.requests.filter((r) => r.method === 'POST' && r.path.endsWith('/troubleTicket'));
      assert.equal(writes.length, 1, 'created once');
      const counts = await health(live);
      for (const { failed, needsDecision } of [counts.messages, counts.deliveries])
        assert.deepEqual([failed, needsDecision], [0, 0], live.output());
      assert.equal(counts.conversations.open, 0);
    });
  });
}

/** Who opened it, v4 or v5. */
function party(ticket: Record<string, unknown>): { id?: string; name?: string } {
  const [requester] = ((ticket.relatedParty ?? []) as Record<string, unknown>[]).filter((p) => p.role === 'requester');
  const { id, name } = (requester?.partyOrPartyRole ?? requester ?? {}) as { id?: string; name?: string };
  return { id, name };
}

/** What is affected, id by role, v4 or v5. */
function affected(ticket: Record<string, unknown>): Record<string, string> {
  const list = (ticket.relatedEntity ?? []) as { role: string; id: string; entity?: { id: string } }[];
  return Object.fromEntries(list.map((e) => [e.role, (e.entity ?? e).id]));
}

type Notes = { text: string }[];
const notes = (ticket: Record<string, unknown> | undefined) => (ticket?.note ?? []) as Notes;
const attachments = (ticket: Record<string, unknown> | undefined) => (ticket?.attachment ?? []) as { name: string }[];

interface Counts {
  messages: Record<string, number>;
  deliveries: Record<string, number>;
  conversations: Record<string, number>;
}

async function health(live: Live): Promise<Counts> {
  const body = (await (await fetch(`${live.url}/health`)).json()) as { stores: Counts[] };
  return body.stores[0]!;
}

/**
 * Nothing is under way, no partner is telling anything, and whoever is polled was polled to the end of that: what would come back as an echo
 * has come back.
 */
async function settled(way: FlowOptions, live: Live, sandbox: Sandbox): Promise<void> {
  const { servicenow } = sandbox;
  const provider = sandbox.tmf(way.version);
  const polls = () => [
    ...(way.customer === 'poll' ? [servicenow.requests.filter((r) => r.path.includes('sys_attachment'))] : []),
    ...(way.provider === 'poll' ? [provider.requests.filter((r) => r.query.includes('lastUpdate'))] : []),
  ];
  let news = -1;
  let silentSince = 0;
  await until('both sides to fall silent', async () => {
    const { started, finished } = sandbox.pushes();
    const { messages, deliveries } = await health(live);
    const underWay = messages.received! + deliveries.pending! + deliveries.sending! + deliveries.inDoubt!;
    const writes = [...servicenow.requests, ...provider.requests].filter((r) => r.method !== 'GET').length;
    if (underWay > 0 || started !== finished || news !== started + writes) {
      news = started + writes;
      silentSince = Date.now();
      return false;
    }
    // A poll leaves what was changed in the partner's current second to the next one. The first of these may have begun before that second was
    // over; what the second one found is kept before the third.
    return polls().every((list) => list.filter(({ at }) => at > silentSince + 1_000).length >= 3);
  });
}
