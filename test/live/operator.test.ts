import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import type { AuditEntry, EndpointView, MessageList, UnmappedView } from '../../nodes/sidebar/views.js';
import type { Json } from '../../src/model/message.js';
import { type FlowNode, until } from './node-red.js';
import { command } from './product.js';
import { LiveRig } from './rig.js';

const CLI = 'dist/src/cli/switchboard.js';

/** Prints what the out node to the provider shows as its status. */
const STATUS: FlowNode[] = [
  { id: 'watch', type: 'status', z: 'sb1-flow', scope: ['sb1-tmf-out'], wires: [['print']] },
  {
    id: 'print',
    type: 'debug',
    z: 'sb1-flow',
    name: 'status',
    active: true,
    console: true,
    complete: 'status.text',
    targetType: 'msg',
    wires: [],
  },
];

interface Health {
  stores: { endpoints: { name: string; state: string; waiting: number }[] }[];
}

describe('an operator', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-tmf': { retryDelay: '0.05' } },
      STATUS,
    );
  });
  after(() => rig?.stop());

  const post = async (path: string, body: object = {}) => {
    const answer = await fetch(`${rig.live.url}/switchboard/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as { message?: string; done?: number; messages?: string[] } };
  };
  const audit = async () =>
    (await rig.get<AuditEntry[]>('/switchboard/audit')).map(({ action, target }) => `${action} ${target.kind}`);
  const endpoint = async () => (await rig.get<EndpointView[]>('/switchboard/endpoints')).find(({ id }) => id === 'sb1-tmf')!;
  const health = async () =>
    (await rig.get<Health>('/health')).stores[0]!.endpoints.find(({ name }) => name.includes('Provider'))!;

  it('suspends an endpoint: its deliveries wait, even across a deploy, and are sent in order on resume', async () => {
    const incident = rig.open('before maintenance');
    await until('the ticket', () => rig.tickets('before maintenance')[0]);
    await rig.quiet();
    assert.equal((await post('endpoints/sb1-tmf/suspend', { reason: 'Maintenance.' })).status, 200);
    await until('the node to say so', () => /suspended/.test(rig.live.output().split('[debug:status]').at(-1) ?? ''));
    const patches = () => rig.sandbox.tmf('v4').requests.filter((r) => r.method === 'PATCH').length;
    const before = patches();
    for (const description of ['one', 'two', 'three'])
      rig.sandbox.servicenow.update('incident', incident.sys_id, { description }, 'agent');
    await until('the change to wait', async () => (await endpoint()).waiting > 0);
    await rig.deploy();
    await until('the endpoint to be back', async () => (await endpoint())?.state === 'suspended');
    const told = await endpoint();
    assert.deepEqual([told.state, told.suspended?.reason], ['suspended', 'Maintenance.']);
    const { state, waiting } = await health();
    assert.equal(state, 'suspended');
    assert.ok(waiting > 0);
    const message = await rig.message(incident.number!, (m) => m.sent.some((d) => d.wait?.kind === 'suspended'));
    assert.ok(message, 'the message says why it waits');
    assert.equal(patches(), before, 'nothing was sent meanwhile');

    assert.equal((await post('endpoints/sb1-tmf/resume')).status, 200);
    await until('the last change', () => rig.tickets('before maintenance')[0]?.description === 'three');
    await rig.quiet();
    assert.equal((await health()).state, 'up');
    assert.deepEqual((await audit()).slice(0, 2), ['resume endpoint', 'suspend endpoint']);
  });

  it('edits a delivery and replays it; the edit is recorded, and what the partner would reject is not queued', async () => {
    rig.sandbox.tmf('v4').faults.add({ method: 'POST', kind: 'status', status: 422 });
    const incident = rig.open('wrong title');
    const failed = await until('the dead letter', () => rig.message(incident.number!, (m) => m.sent[0]?.state === 'failed'));
    rig.sandbox.tmf('v4').faults.clear();
    const [sent] = failed.sent;
    const payload = sent!.payload as Record<string, Json>;
    const exchange = sent!.attempts[0]?.exchanges?.find(({ method }) => method === 'POST');
    assert.equal(exchange?.got?.status, 422);
    assert.ok(!JSON.stringify(sent).includes(rig.sandbox.environment.SANDBOX_TMF_CLIENT_SECRET!), 'no secret is shown');
    const line = sent!.lines.find(({ path }) => path === 'name');
    assert.deepEqual(
      line?.from.map(({ generic, fields }) => [generic, fields[0]?.path, fields[0]?.value]),
      [['title', 'short_description', 'wrong title']],
    );

    const refused = await post(`deliveries/${sent!.id}/edit`, { payload: { ...payload, name: 7 } });
    assert.equal(refused.status, 409);
    assert.match(refused.body.message ?? '', /name/);
    assert.equal((await post(`deliveries/${sent!.id}/edit`, {})).status, 400);
    assert.equal(rig.tickets('wrong title').length, 0);

    assert.equal((await post(`deliveries/${sent!.id}/edit`, { payload: { ...payload, name: 'right title' } })).status, 200);
    await until('the changed ticket', () => rig.tickets('right title')[0]);
    await rig.quiet();
    const after = await rig.message(incident.number!, (m) => m.sent[0]?.edits.length === 1);
    assert.deepEqual(after?.sent[0]?.edits[0]?.fields, [{ path: 'name', from: 'wrong title', to: 'right title' }]);
    assert.equal(after?.sent[0]?.lines.find(({ path }) => path === 'name')?.edited, true);
    assert.equal(
      rig.sandbox.servicenow.row('incident', incident.sys_id)?.short_description,
      'wrong title',
      'it does not come back',
    );
    assert.equal((await audit())[0], 'edit delivery');
  });

  it('edits an incoming message and processes it again', async () => {
    const incident = rig.open('', { description: '' });
    const failed = await until('the failure', () => rig.message(incident.number!, (m) => m.state === 'failed'));
    const payload = failed.payload as { record: Record<string, Json> };
    const other = { ...payload, record: { ...payload.record, sys_id: 'f'.repeat(32) } };
    assert.equal((await post(`messages/${failed.id}/edit`, { payload: other })).status, 409);
    const mended = { ...payload, record: { ...payload.record, short_description: 'named by hand', description: 'by hand' } };
    assert.equal((await post(`messages/${failed.id}/edit`, { payload: mended })).status, 200);
    await until('the ticket', () => rig.tickets('named by hand')[0]);
    const after = await rig.message(incident.number!, (m) => m.edits.length > 0);
    assert.ok(after?.edits[0]?.fields.some(({ path, to }) => path === 'record.short_description' && to === 'named by hand'));
    await rig.quiet();
  });

  it('skips all matching messages at once, and undoes that', async () => {
    rig.sandbox.tmf('v4').faults.add({ method: 'POST', kind: 'status', status: 422 });
    for (let n = 0; n < 5; n++) rig.open(`bulk ${n}`);
    await until('five dead letters', async () => (await rig.counts()).deliveries.failed === 5);
    const selection = { state: 'problems', search: 'bulk', direction: 'outgoing' };
    const preview = await post('bulk', { action: 'skip', selection, preview: true });
    assert.equal(preview.body.done, 5);
    assert.equal((await rig.counts()).deliveries.failed, 5, 'a preview does nothing');
    const { body } = await post('bulk', { action: 'skip', selection, reason: 'A test.' });
    assert.equal(body.done, 5);
    assert.equal((await rig.counts()).deliveries.skipped, 5);
    const { messages } = await rig.get<MessageList>('/switchboard/messages?state=skipped&search=bulk');
    assert.equal(messages.length, 5);
    assert.equal((await post('bulk', { action: 'undo', ids: body.messages })).body.done, 5);
    assert.equal((await rig.counts()).deliveries.failed, 5);
    assert.deepEqual((await audit()).slice(0, 2), ['undo message', 'skip message'], 'each noted once');
    rig.sandbox.tmf('v4').faults.clear();
    assert.equal((await post('bulk', { action: 'replay', selection })).body.done, 5);
    await until('all tickets', () => [0, 1, 2, 3, 4].every((n) => rig.tickets(`bulk ${n}`).length === 1));
    await rig.quiet();
  });

  it('sees unknown values with their message, and resets them', async () => {
    rig.open('an odd severity');
    const ticket = await until('the ticket', () => rig.tickets('an odd severity')[0]);
    await rig.quiet();
    rig.sandbox.tmf('v4').patch(String(ticket.id), { severity: 'Apocalyptic' });
    const message = await until('the message', () => rig.message(String(ticket.id), (m) => m.unmapped));
    assert.equal(message.warning?.code, 'SWB_UNMAPPED');
    assert.match(message.warning?.message ?? '', /"Apocalyptic"/);
    const values = await rig.get<UnmappedView[]>('/switchboard/unmapped');
    const found = values.find(({ value }) => value === 'Apocalyptic');
    assert.deepEqual(
      [found?.mapping, found?.direction, found?.field, found?.node],
      ['TMF621 v4 trouble ticket', 'in', 'severity', undefined],
    );
    assert.equal((await post('unmapped/forget', { values: [found] })).status, 200);
    const left = await rig.get<UnmappedView[]>('/switchboard/unmapped');
    assert.ok(!left.some(({ value }) => value === 'Apocalyptic'));
  });

  it('erases a ticket from the command line while it runs, and exports the log, in which that is noted', async () => {
    const incident = rig.open('Erika Mustermann cannot call');
    const ticket = await until('the ticket', () => rig.tickets('Erika Mustermann cannot call')[0]);
    await rig.quiet();
    const erase = async (...more: string[]) => {
      const run = command([CLI, 'erase', '--person', 'erika mustermann', '--url', rig.live.url, ...more]);
      return `${await run.ended} ${await until('its output to end', () => run.output())}`;
    };
    assert.match(await erase(), /^0 .*NOT erased\. The ticket has not ended/);
    const shown = await rig.message(incident.number!);
    assert.ok(shown);
    rig.sandbox.tmf('v4').patch(String(ticket.id), { status: 'closed' });
    await until('its end', async () => {
      const found = await rig.get<ConversationList>(`/switchboard/conversations?search=${incident.number}`);
      return found.conversations[0]?.state === 'closed';
    });
    await rig.quiet();
    assert.equal((await post('people/erase', { ticket: [incident.number], confirm: 2 })).status, 409, 'another number');
    assert.match(await erase('--confirm', '1'), /^0 (?:.|\n)*Erased: 1 ticket/);
    const folder = join(rig.folder, 'user', 'switchboard');
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (file) => file.isFile() && /Mustermann/.test(readFileSync(join(file.parentPath, file.name), 'utf8')),
    );
    assert.deepEqual(
      left.map(({ name }) => name),
      [],
    );
    assert.deepEqual((await audit()).slice(0, 2), ['erase trail', 'erase conversation']);
    const trail = (range: object) =>
      fetch(`${rig.live.url}/switchboard/audit/export`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(range),
      });
    const answer = await trail({ from: '2000-01-01' });
    assert.match(answer.headers.get('content-type') ?? '', /^application\/x-ndjson/);
    const lines = (await answer.text()).trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { number: number; action: string; source: string; named?: object });
    assert.deepEqual(
      entries.map(({ number }) => number),
      entries.map((_, i) => i + 1),
    );
    assert.deepEqual(
      entries.slice(-3).map(({ action, source, named }) => [action, source, named]),
      [
        ['erase', 'cli', undefined],
        ['erase', 'cli', undefined],
        ['export', 'view', undefined],
      ],
    );
    assert.ok(
      entries.some(({ action, named }) => action === 'read' && named === undefined),
      'its opening no longer names it',
    );
    assert.equal((await trail({ from: 'soon' })).status, 400);
    assert.equal(await command([CLI, 'audit', 'verify', '--store', folder]).ended, '0');
  });
});
