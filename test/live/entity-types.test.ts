import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

interface Type {
  name: string;
  table: string;
  /** What the provider's inProgress and resolved are there. */
  working: Record<string, string>;
  done: Record<string, string>;
}

const TYPES: Type[] = [
  { name: 'incident', table: 'incident', working: { state: '2' }, done: { state: '6', close_notes: 'Card replaced' } },
  { name: 'problem', table: 'problem', working: { state: '102' }, done: { state: '106', close_notes: 'Card replaced' } },
  { name: 'change', table: 'change_request', working: { state: '-1' }, done: { state: '0', close_notes: 'Card replaced' } },
  {
    name: 'request',
    table: 'sc_request',
    working: { request_state: 'in_process' },
    done: { request_state: 'closed_complete', close_notes: 'Card replaced' },
  },
  { name: 'requestItem', table: 'sc_req_item', working: { state: '2' }, done: { state: '3', close_notes: 'Card replaced' } },
  { name: 'catalogTask', table: 'sc_task', working: { state: '2' }, done: { state: '3', close_notes: 'Card replaced' } },
  {
    name: 'case',
    table: 'sn_customerservice_case',
    working: { state: '10' },
    done: { state: '6', close_notes: 'Card replaced' },
  },
];
const FILE = Buffer.from('every byte\0\x01\xff', 'latin1');

for (const { name, table, working, done } of TYPES) {
  describe(`a ServiceNow ${name} and its trouble ticket`, () => {
    let rig: LiveRig;
    before(async () => {
      rig = await LiveRig.start(
        { version: 'v4', customer: 'webhook', provider: 'hub' },
        Object.fromEntries(['sb1-sn-in', 'sb1-map-sn', 'sb1-sn-out'].map((id) => [id, { entityType: name }])),
      );
    });
    after(() => rig?.stop());

    it('stay in sync: state, comments, work note, attachment, resolution', async () => {
      const { servicenow: desk } = rig.sandbox;
      const provider = rig.sandbox.tmf('v4');
      const opened = desk.create(table, {
        short_description: 'No dial tone',
        description: 'Since 8.',
        business_service: 'a'.repeat(32),
      });
      const row = () => desk.row(table, opened.sys_id)!;
      const has = (fields: Record<string, string>) => Object.entries(fields).every(([field, value]) => row()[field] === value);
      const { id } = await until('the ticket', () => provider.tickets()[0]);
      const ticket = () => provider.ticket(String(id)) as Record<string, unknown> & { note?: { text: string }[] };
      assert.deepEqual(
        (ticket().relatedEntity as { id: string }[] | undefined)?.map((e) => e.id),
        ['a'.repeat(32), opened.number],
      );
      provider.setStatus(String(id), 'inProgress');
      await until('work begun at the customer', () => has(working));

      desk.workNote(table, opened.sys_id, 'internal words');
      desk.comment(table, opened.sys_id, 'Any news?');
      await until('the comment at the provider', () => ticket().note?.some((n) => n.text === 'Any news?'));
      provider.addNote(String(id), 'On our way');
      await until('the note at the customer', () =>
        desk.journal(opened.sys_id).some((j) => j.element === 'comments' && j.value === 'noc: On our way'),
      );
      desk.attach(table, opened.sys_id, 'ours.bin', 'application/octet-stream', FILE);
      assert.deepEqual(await until('the file at the provider', () => provider.attachmentBytes(String(id), 'ours.bin')), FILE);
      provider.attach(String(id), 'theirs.bin', 'application/octet-stream', FILE);
      const { sys_id } = await until('the file at the customer', () =>
        desk.attachments(opened.sys_id).find((a) => a.file_name === 'theirs.bin'),
      );
      assert.deepEqual(desk.attachmentBytes(sys_id), FILE);

      provider.setStatus(String(id), 'resolved', 'Card replaced');
      await until('the resolution at the customer', () => has(done));
      await rig.quiet();
      assert.deepEqual(
        ticket().note?.map((n) => n.text),
        ['Any news?', 'On our way'],
        'the work note stays at home',
      );
      assert.deepEqual([desk.rows(table).length, provider.tickets().length, (await rig.counts()).deliveries.failed], [1, 1, 0]);
    });

    it('have the same severity at the customer when opened at the provider', async () => {
      const { servicenow: desk } = rig.sandbox;
      rig.sandbox.tmf('v4').create({ name: 'Outage', description: 'x', severity: 'Critical', ticketType: 'incident' });
      const opened = await until('the record', () => desk.rows(table).find((r) => r.short_description === 'Outage'));
      assert.equal(opened.priority, '1');
      await rig.quiet();
    });
  });
}

describe('an in node that receives records of another type than its flow writes', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' });
  });
  after(() => rig?.stop());

  it('updates the record it received, and creates no other', async () => {
    const { servicenow: desk } = rig.sandbox;
    const problem = desk.create('problem', { short_description: 'Dial tone is lost again and again' });
    const ticket = await until('the ticket', () => rig.sandbox.tmf('v4').tickets()[0]);
    await until('its number', () => desk.row('problem', problem.sys_id)?.correlation_display === ticket.id);
    rig.sandbox.tmf('v4').setStatus(String(ticket.id), 'inProgress');
    await until('the state at the problem', () => desk.row('problem', problem.sys_id)?.state === '102');
    await rig.quiet();
    assert.deepEqual(desk.rows('incident'), []);
  });
});
