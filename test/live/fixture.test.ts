import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import { tmf621v4 } from '../../src/endpoints/tmf621/presets.js';
import type { Difference } from '../../src/fixture/difference.js';
import type { Fixture } from '../../src/fixture/fixture.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { troubleTicketFlow } from './flows.js';
import { until } from './node-red.js';
import { command } from './product.js';
import { LiveRig } from './rig.js';

const WAY = { version: 'v4', customer: 'webhook', provider: 'hub' } as const;
const TITLE = 'No dial tone in Ghent, says Jan Peeters';

describe('a conversation as a test', () => {
  let rig: LiveRig;
  let folder: string;
  let id: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-fixture-'));
    rig = await LiveRig.start(WAY);
    const desk = rig.sandbox.servicenow;
    const provider = rig.sandbox.tmf('v4');
    const incident = rig.open(TITLE, { impact: '1', urgency: '1' });
    const ticket = await until('the ticket', () => rig.tickets(TITLE)[0]);
    const ticketId = String(ticket.id);
    await rig.quiet();
    const row = () => desk.row('incident', incident.sys_id);
    provider.setStatus(ticketId, 'inProgress');
    await until('In Progress', () => row()?.state === '2');
    desk.workNote('incident', incident.sys_id, 'The caller is upset', 'agent');
    desk.comment('incident', incident.sys_id, 'Any news?', 'agent');
    await until('the comment', () => JSON.stringify(provider.ticket(ticketId)).includes('Any news?'));
    desk.attach('incident', incident.sys_id, 'line.pcap', 'application/octet-stream', Buffer.from('a capture'), 'agent');
    await until('the file', () => provider.attachmentBytes(ticketId, 'line.pcap'));
    provider.addNote(ticketId, 'A technician is on the way', 'noc');
    await until('the note', () => desk.journal(incident.sys_id).some((j) => j.value?.includes('technician')));
    provider.setStatus(ticketId, 'resolved', 'Card replaced');
    await until('Resolved', () => row()?.state === '6');
    await rig.quiet();
    const found = await rig.get<ConversationList>(`/switchboard/conversations?search=${incident.number}`);
    id = found.conversations[0]?.id ?? assert.fail('no conversation');
  });
  after(async () => {
    await rig?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const exported = async (mask: boolean) => {
    const answer = await fetch(`${rig.live.url}/switchboard/conversations/${id}/fixture`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ people: !mask }),
    });
    const fixture = (await answer.json()) as Fixture;
    const file = join(folder, mask ? 'masked.json' : 'fixture.json');
    writeFileSync(file, JSON.stringify(fixture));
    return { fixture, file };
  };
  const temporary = () => join(folder, 'tmp');
  const run = async (...args: string[]) => {
    mkdirSync(temporary(), { recursive: true });
    const env = { ...rig.sandbox.environment, TMPDIR: temporary() };
    const started = command(['dist/src/cli/switchboard.js', 'test', ...args], env);
    return { code: await started.ended, output: started.output() };
  };

  it('contains messages, mappings and sent data, and no secret', async () => {
    const { fixture } = await exported(false);
    assert.deepEqual(fixture.mappings.map((m) => `${m.direction} ${m.endpoint} ${m.preset}`).sort(), [
      'in sb1-sn true',
      'in sb1-tmf true',
      'out sb1-sn true',
      'out sb1-tmf true',
    ]);
    const sent = fixture.steps.flatMap((step) => step.sent);
    assert.equal(sent.filter((one) => one.part === 'create').length, 1);
    assert.equal(sent.find((one) => one.part === 'create')?.fields?.name, TITLE);
    assert.ok(sent.some((one) => one.comment?.text === 'Any news?') && sent.some((one) => one.attachment === 'line.pcap'));
    assert.ok(!sent.some((one) => one.comment?.text.includes('upset')), 'the work note was not sent');
    const text = JSON.stringify(fixture);
    for (const [name, value] of Object.entries(rig.sandbox.environment))
      if (/SECRET|PASSWORD/.test(name)) assert.ok(!text.includes(value), name);
  });

  it('is replayed offline with the same result, with presets or its original flow, and leaves nothing behind', async () => {
    const { file } = await exported(false);
    const alone = await run(file);
    assert.deepEqual([alone.code, /no differences/.test(alone.output)], ['0', true], alone.output);
    const flow = join(folder, 'flow.json');
    writeFileSync(flow, JSON.stringify(troubleTicketFlow(rig.sandbox, WAY)));
    const withFlow = await run(file, '--flow', flow);
    assert.equal(withFlow.code, '0', withFlow.output);
    assert.deepEqual(readdirSync(temporary()), []);
  });

  it('reports as text and JSON what a changed mapping would send differently, and exits with 1', async () => {
    const { file } = await exported(false);
    const mapping: Mapping = {
      ...tmf621v4,
      internalComments: 'public',
      rules: tmf621v4.rules.map((rule) =>
        rule.generic === 'title' ? { ...rule, expression: { out: '"[Ghent] " & fields.title' } } : rule,
      ),
    };
    const nodes = troubleTicketFlow(rig.sandbox, WAY).map((node) =>
      node.id === 'sb1-map-tmf' ? { ...node, mapping: 'own' } : node,
    );
    const flow = join(folder, 'changed.json');
    writeFileSync(flow, JSON.stringify([...nodes, { id: 'own', type: 'switchboard-mapping', name: 'own', preset: '', mapping }]));
    const told = await run(file, '--flow', flow);
    assert.equal(told.code, '1', told.output);
    assert.match(
      told.output,
      /create of troubleTicket at Provider \(TMF621\): name was "No dial tone .*", would be "\[Ghent\] No dial tone .*"\./,
    );
    assert.match(
      told.output,
      /an additional comment of troubleTicket at Provider \(TMF621\) would be sent: .*The caller is upset/,
    );
    const json = await run(file, '--flow', flow, '--json');
    const { differences } = JSON.parse(json.output) as { differences: Difference[] };
    assert.equal(json.code, '1');
    assert.deepEqual(differences.find((one) => one.field === 'name')?.was, TITLE);
  });

  it('reports that a message would fail if a value no longer has a row', async () => {
    const { file } = await exported(false);
    const mapping: Mapping = {
      ...tmf621v4,
      rules: tmf621v4.rules.map((rule) =>
        rule.generic === 'state'
          ? {
              ...rule,
              required: 'both' as const,
              default: undefined,
              values: rule.values?.filter((row) => !String(row.partner).match(/resolved/i)),
            }
          : rule,
      ),
    };
    const nodes = troubleTicketFlow(rig.sandbox, WAY).map((node) =>
      node.id === 'sb1-norm-tmf' ? { ...node, mapping: 'own' } : node,
    );
    const flow = join(folder, 'failing.json');
    writeFileSync(flow, JSON.stringify([...nodes, { id: 'own', type: 'switchboard-mapping', name: 'own', preset: '', mapping }]));
    const { code, output } = await run(file, '--flow', flow);
    assert.equal(code, '1', output);
    assert.match(output, /outcome was "routed", would be "failed"\./);
    assert.match(output, /would no longer be sent/);
  });

  it('masks texts and still gives the same result', async () => {
    const { fixture, file } = await exported(true);
    assert.equal(fixture.masked, true);
    const text = JSON.stringify(fixture);
    for (const word of ['Ghent', 'Peeters', 'technician', 'upset', 'Any news', 'Card replaced'])
      assert.ok(!text.includes(word), word);
    const told = await run(file);
    assert.equal(told.code, '0', told.output);
    assert.equal(fixture.steps.flatMap((step) => step.sent).filter((one) => one.part === 'create').length, 1);
  });

  it('reports a file that is not a fixture, or a different flow', async () => {
    const { file } = await exported(false);
    const flow = join(folder, 'other.json');
    writeFileSync(flow, '[]');
    const other = await run(file, '--flow', flow);
    assert.deepEqual([other.code, /The flow has no endpoint sb1-/.test(other.output)], ['1', true], other.output);
    const none = await run(flow);
    assert.match(none.output, /The file is not a fixture that this version of Switchboard can read/);
    assert.equal((await run()).code, '2');
    assert.ok(existsSync(file));
  });
});
