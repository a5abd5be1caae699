import assert from 'node:assert/strict';
import type {
  ConversationDetail,
  ConversationList,
  LinkEditEntry,
  LinkEditPreview,
  LinkEditRequest,
} from '../../nodes/sidebar/conversation-views.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('conversations and their links', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' });
  });
  after(() => rig?.stop());

  const found = async (search: string) =>
    (await rig.get<ConversationList>(`/switchboard/conversations?search=${search}`)).conversations;
  const one = (id: string) => rig.get<ConversationDetail>(`/switchboard/conversations/${id}`);
  const post = async <T>(path: string, body: object) => {
    const answer = await fetch(`${rig.live.url}/switchboard/conversations/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as T & { message?: string } };
  };
  const preview = (id: string, request: LinkEditRequest) => post<LinkEditPreview>(`${id}/preview`, request);
  const applyEdit = (id: string, request: LinkEditRequest) => post<LinkEditEntry>(`${id}/apply`, request);
  /** Opens an incident and waits for its ticket and its conversation to be there. */
  const begin = async (title: string) => {
    const incident = rig.open(title);
    const ticket = await until(`the ticket of ${title}`, () => rig.tickets(title)[0]);
    await rig.quiet();
    const id = (await found(String(incident.number)))[0]?.id ?? assert.fail('no conversation');
    // The provider's number was written to the incident; what its webhook then tells comes after.
    const came = async () =>
      (await one(id)).entries.filter(({ direction, lane }) => direction === 'incoming' && lane.startsWith('sb1-sn'));
    await until(`the echo of ${title}`, async () => (await came()).length > 1);
    await rig.quiet();
    return { incident, ticket: String(ticket.id), id };
  };

  it('show messages, deliveries, comments, internal notes and the state of both tickets', async () => {
    const { incident, ticket, id } = await begin('no dial tone');
    rig.sandbox.servicenow.workNote('incident', incident.sys_id, 'the caller is upset', 'agent');
    rig.sandbox.servicenow.comment('incident', incident.sys_id, 'Any news?', 'agent');
    await rig.quiet();
    rig.sandbox.tmf('v4').setStatus(ticket, 'inProgress');
    await until('In Progress at the customer', () => rig.sandbox.servicenow.row('incident', incident.sys_id)?.state === '2');
    await rig.quiet();
    const view = await one(id);
    assert.deepEqual(
      view.lanes.map((lane) => [lane.endpoint, lane.link?.number, lane.state]),
      [
        ['Customer (ServiceNow)', incident.number, 'inProgress'],
        ['Provider (TMF621)', ticket, 'inProgress'],
      ],
    );
    const [customer, provider] = view.lanes.map((lane) => lane.key);
    const told = view.entries.filter((entry) => entry.event !== 'nothing');
    assert.deepEqual(
      told.flatMap((entry) => entry.notes.map((note) => [entry.lane === customer ? 'from' : 'to', note.text, note.internal])),
      [
        ['from', 'the caller is upset', true],
        ['from', 'Any news?', false],
        ['to', 'Any news?', false],
      ],
    );
    assert.equal(told[0]?.event, 'created');
    assert.ok(told.some((entry) => entry.lane === provider && entry.direction === 'outgoing' && entry.event === 'created'));
    assert.ok(
      told.some((entry) => entry.lane === customer && entry.direction === 'outgoing' && entry.entityState === 'inProgress'),
    );
    assert.ok(view.targets.some((target) => target.name === 'Customer (ServiceNow)' && target.entityTypes.includes('incident')));
  });

  it('link a ticket found by its number, and pass on only later changes', async () => {
    const { ticket, incident, id } = await begin('opened twice');
    assert.equal(
      (await applyEdit(id, { kind: 'unlink', endpoint: 'sb1-sn', entityType: 'incident', entity: incident.sys_id })).status,
      200,
    );
    // Someone opens an incident by hand while nobody listens.
    rig.sandbox.servicenow.webhook = undefined;
    const byHand = rig.open('opened by hand');
    const asked = await preview(id, {
      kind: 'link',
      endpoint: 'sb1-sn',
      entityType: 'incident',
      entity: String(byHand.number),
    });
    assert.deepEqual(
      [asked.status, asked.body.found?.number, asked.body.found?.title, asked.body.found?.state],
      [200, byHand.number, 'opened by hand', 'acknowledged'],
    );
    assert.deepEqual(
      asked.body.effects.map((e) => e.code),
      ['joins', 'known'],
    );
    assert.equal((await one(id)).lanes.filter((lane) => lane.link).length, 1, 'nothing is done by asking');
    assert.equal(
      (await applyEdit(id, { kind: 'link', endpoint: 'sb1-sn', entityType: 'incident', entity: byHand.sys_id })).status,
      200,
    );
    rig.sandbox.tmf('v4').addNote(ticket, 'A technician is on the way', 'noc');
    await until('the note at the incident opened by hand', () =>
      rig.sandbox.servicenow.journal(byHand.sys_id).some((j) => j.value?.includes('A technician is on the way')),
    );
    await rig.quiet();
    assert.equal(
      rig.sandbox.servicenow.row('incident', byHand.sys_id)?.short_description,
      'opened by hand',
      'what differed before stays',
    );
    assert.equal(rig.tickets('opened by hand').length, 0);
    assert.ok(
      !rig.sandbox.servicenow.journal(incident.sys_id).some((j) => j.value?.includes('technician')),
      'the unlinked one is left alone',
    );
    const missing = await preview(id, { kind: 'link', endpoint: 'sb1-tmf', entityType: 'troubleTicket', entity: 'TT-NONE' });
    assert.equal(missing.status, 409);
    assert.match(missing.body.message ?? '', /has no troubleTicket "TT-NONE"/);
    rig.sandbox.servicenow.webhook = {
      url: `${rig.live.url}/switchboard/customer`,
      secret: rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET ?? '',
      retries: 50,
    };
  });

  it('merge instead of linking a ticket of another conversation, continue as one, and can be split again', async () => {
    const [first, second] = [await begin('line down'), await begin('line down, says another')];
    const taken = await preview(first.id, {
      kind: 'link',
      endpoint: 'sb1-sn',
      entityType: 'incident',
      entity: String(second.incident.number),
    });
    assert.equal(taken.status, 200);
    assert.match(taken.body.refused ?? '', /belongs to the conversation/);
    const { owner } = taken.body;
    assert.equal(owner, (await one(second.id)).reference);
    const asked = await preview(first.id, { kind: 'merge', other: owner });
    assert.deepEqual(
      asked.body.effects.map((e) => e.code),
      ['merges', 'joins', 'joins', 'moves', 'heardOnly', 'heardOnly'],
    );
    const merged = await applyEdit(first.id, { kind: 'merge', other: owner });
    assert.equal(merged.status, 200, merged.body.message);

    assert.deepEqual(
      (await found(String(owner))).map((row) => row.id),
      [first.id],
      'the other reference finds it',
    );
    assert.equal((await one(String(owner))).id, first.id);
    rig.sandbox.servicenow.comment('incident', second.incident.sys_id, 'here, too', 'agent');
    await until('the comment at the ticket that stays', () =>
      JSON.stringify(rig.sandbox.tmf('v4').ticket(first.ticket)).includes('here, too'),
    );
    await rig.quiet();

    const late = await post<LinkEditEntry>(`${first.id}/undo`, { operation: merged.body.id });
    assert.equal(late.status, 409);
    assert.match(late.body.message ?? '', /INC\d+ has changed since/);
    const split = await applyEdit(first.id, {
      kind: 'split',
      endpoint: 'sb1-sn',
      entityType: 'incident',
      entity: second.incident.sys_id,
    });
    assert.equal(split.status, 200, split.body.message);
    assert.notEqual((await found(String(second.incident.number)))[0]?.id, first.id);
    const undone = await post<LinkEditEntry>(`${first.id}/undo`, { operation: split.body.id });
    assert.equal(undone.status, 200, undone.body.message);
    const { linkEdits: done, lanes } = await one(first.id);
    assert.deepEqual(
      done.map(({ kind, undone: back }) => [kind, back !== undefined]),
      [
        ['split', true],
        ['merge', false],
      ],
    );
    assert.equal(lanes.filter((lane) => lane.link).length, 4);
  });

  it('undo a merge without later activity, across a restart of Node-RED', async () => {
    const [first, second] = [await begin('one matter'), await begin('another matter')];
    const merged = await applyEdit(first.id, { kind: 'merge', other: String(second.incident.number) });
    assert.equal(merged.status, 200, merged.body.message);
    await rig.deploy();
    const undone = await post<LinkEditEntry>(`${first.id}/undo`, { operation: merged.body.id });
    assert.equal(undone.status, 200, undone.body.message);
    assert.equal((await one(second.id)).lanes.filter((lane) => lane.link).length, 2);
    rig.sandbox.servicenow.update('incident', second.incident.sys_id, { description: 'by itself again' }, 'agent');
    await until(
      'the change at its own ticket',
      () => rig.sandbox.tmf('v4').ticket(second.ticket)?.description === 'by itself again',
    );
    await rig.quiet();
    assert.notEqual(rig.sandbox.tmf('v4').ticket(first.ticket)?.description, 'by itself again');
    const counts = await rig.counts();
    for (const { failed, needsDecision } of [counts.messages, counts.deliveries])
      assert.deepEqual([failed, needsDecision], [0, 0], rig.live.output());
  });

  it('reject impossible edits with a reason', async () => {
    const { id } = await begin('asked too much');
    assert.equal((await post('SWB-NONE/apply', { kind: 'merge', other: 'x' })).status, 404);
    for (const [request, said] of [
      [{ kind: 'merge', other: 'nobody knows this' }, /No conversation has the number/],
      [{ kind: 'merge', other: id }, /with itself/],
      [{ kind: 'shred' }, /is not a link edit/],
      [{ kind: 'link', endpoint: 'nowhere', entityType: 'x', entity: '1' }, /endpoint does not exist/],
      [{ kind: 'unlink', endpoint: 'sb1-sn', entityType: 'incident', entity: 'nothing' }, /is not linked/],
    ] as [LinkEditRequest, RegExp][]) {
      const answer = await applyEdit(id, request);
      assert.equal(answer.status, 409, JSON.stringify(request));
      assert.match(answer.body.message ?? '', said);
    }
  });
});
