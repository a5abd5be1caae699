import assert from 'node:assert/strict';
import { type FlowNode, until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('the guards', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-tmf': { retryDelay: '0.05' }, 'sb1-store': { inboxLimit: '20' } },
    );
  });
  after(() => rig?.stop());

  it('write nothing to a ticket that is no longer ours, and show both records', async () => {
    const incident = rig.open('taken over');
    const ticket = await until('the ticket', () => rig.tickets('taken over')[0]);
    await rig.quiet();
    // Somebody at the provider gives the ticket to another matter.
    const answer = await fetch(`${rig.sandbox.url}/tmf4/tmf-api/troubleTicket/v4/troubleTicket/${ticket.id}`, {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Basic ${Buffer.from(`${rig.sandbox.environment.SANDBOX_TMF_CLIENT_ID}:${rig.sandbox.environment.SANDBOX_TMF_CLIENT_SECRET}`).toString('base64')}`,
      },
      body: JSON.stringify({ externalId: 'SOMEBODY-ELSE', name: 'another matter' }),
    });
    assert.ok(answer.ok, await answer.text());
    await rig.quiet();
    // An identity once checked is trusted until the next deploy or start.
    await rig.deploy();
    rig.sandbox.servicenow.update('incident', incident.sys_id, { description: 'for the old matter' }, 'agent');
    const message = await until('the quarantine', () =>
      rig.message(incident.number!, (m) =>
        m.sent.some((d) => d.state === 'needsDecision' && d.error?.code === 'SWB_WRONG_ENTITY'),
      ),
    );
    const delivery = message!.sent.find((d) => d.state === 'needsDecision')!;
    assert.match(delivery.error?.message ?? '', /Provider \(TMF621\)/);
    assert.ok(delivery.bodies.ours && delivery.bodies.theirs, 'both records are kept');
    assert.notEqual(rig.sandbox.tmf('v4').ticket(String(ticket.id))?.description, 'for the old matter');
  });

  it('unregister from the provider’s hub when the node is removed', async () => {
    const hubs = () => rig.sandbox.tmf('v4').hubs().length;
    assert.equal(hubs(), 1);
    const removed: FlowNode[] = [];
    await rig.deploy((flows) => {
      removed.push(...flows.filter((n) => n.id === 'sb1-tmf-in'));
      return flows.filter((n) => n.id !== 'sb1-tmf-in');
    });
    await until('the registration to be gone', () => hubs() === 0);
    await rig.deploy((flows) => [...flows, ...removed]);
    await until('the registration to be back', () => hubs() === 1);
  });

  it('ask senders to retry when the inbox is full, and lose nothing that was accepted', async () => {
    // Nothing can be read, so everything accepted waits.
    rig.sandbox.servicenow.faults.add({ method: 'GET', kind: 'status', status: 503 });
    rig.sandbox.servicenow.webhook = undefined;
    const incidents = Array.from({ length: 30 }, (_, i) => rig.open(`full ${i}`));
    const secret = rig.sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
    const send = (sys_id: string) =>
      fetch(`${rig.live.url}/switchboard/customer`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'x-switchboard-secret': secret },
        body: JSON.stringify({ table: 'incident', sys_id, operation: 'insert', sys_mod_count: '0' }),
      });
    const accepted: string[] = [];
    let refused = 0;
    for (const [i, { sys_id }] of incidents.entries()) {
      const answer = await send(sys_id);
      if (answer.status === 202) accepted.push(`full ${i}`);
      else {
        refused++;
        assert.equal(answer.status, 503);
        assert.ok(Number(answer.headers.get('retry-after')) > 0);
        assert.match(((await answer.json()) as { message: string }).message, /inbox is full/);
      }
    }
    assert.ok(refused > 0 && accepted.length > 0, `${accepted.length} accepted, ${refused} refused`);
    rig.sandbox.servicenow.faults.clear();
    await until('all accepted ones at the provider', () => accepted.every((title) => rig.tickets(title).length === 1));
    await rig.quiet();
  });
});

describe('a provider that runs ServiceNow with its own TMF621 API', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'poll' }, (sandbox) => ({
      'sb1-tmf': {
        baseUrl: `${sandbox.url}/csm`,
        profile: 'servicenow',
        auth: 'basic',
        retryDelay: '0.05',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Node-RED's own placeholder
        credentials: { user: '${SANDBOX_SERVICENOW_USER}', password: '${SANDBOX_CSM_PASSWORD}' },
      },
    }));
  });
  after(() => rig?.stop());

  it('gets the ticket in its dialect, once; states and comments go both ways', async () => {
    const { csm, servicenow } = rig.sandbox;
    const incident = rig.open('No dial tone', { impact: '1', urgency: '1' });
    const theirs = await until('the ticket', () => csm.rows('incident')[0]);
    assert.equal(theirs.short_description, 'No dial tone');
    assert.deepEqual([theirs.impact, theirs.urgency, theirs.state], ['1', '1', '1']);
    assert.match(theirs.description ?? '', /\[ref SWB-/, 'our reference stands in the description, there is no other place');
    await rig.quiet();

    csm.update('incident', theirs.sys_id, { state: '2' }, 'agent');
    await until('In Progress at the customer', () => servicenow.row('incident', incident.sys_id)?.state === '2');
    servicenow.comment('incident', incident.sys_id, 'Any news?', 'agent');
    await until('the comment at the provider', () => csm.journal(theirs.sys_id).some((j) => j.value?.includes('Any news?')));
    csm.comment('incident', theirs.sys_id, 'A technician is on the way', 'noc');
    await until('the comment at the customer', () =>
      servicenow.journal(incident.sys_id).some((j) => j.value?.includes('A technician is on the way')),
    );
    await rig.quiet();
    const said = (desk: typeof csm, id: string) => desk.journal(id).filter((j) => j.element === 'comments').length;
    assert.deepEqual([said(csm, theirs.sys_id), said(servicenow, incident.sys_id)], [2, 2], 'each comment once on each side');
    assert.equal(csm.rows('incident').length, 1);
    assert.ok(!servicenow.row('incident', incident.sys_id)?.description?.includes('[ref'), 'our mark stays with the provider');
  });

  it('gets the states that a case has there: an unknown state would reset it to new', async () => {
    const { csm, servicenow } = rig.sandbox;
    const table = 'sn_customerservice_case';
    const opened = servicenow.create(table, { short_description: 'Line is slow', description: 'x' });
    const theirs = await until('the case at the provider', () => csm.rows(table)[0]);
    for (const state of ['10', '18', '10', '6', '3']) {
      servicenow.update(table, opened.sys_id, { state }, 'agent');
      await until(`state ${state} at the provider`, () => csm.row(table, theirs.sys_id)?.state === state);
      await rig.quiet();
    }
    assert.deepEqual([csm.rows(table).length, servicenow.rows(table).length], [1, 1]);
  });
});
