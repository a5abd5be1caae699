import assert from 'node:assert/strict';
import type { MessageList, MessageView } from '../../nodes/sidebar/views.js';
import type { Fault } from '../../src/sandbox/faults.js';
import { serve } from '../http/server.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

interface Case {
  title: string;
  fault: Fault;
  /** What a person reads of it. */
  says: RegExp;
}

/** The partner said no: a person has to look, then replays. */
const REFUSALS: Case[] = [
  { title: '400', fault: { kind: 'status', status: 400, times: 1 }, says: /returned 400.*Fix the data or the mapping/s },
  { title: '401', fault: { kind: 'status', status: 401 }, says: /returned 401.*Check the credentials/s },
  { title: '403', fault: { kind: 'status', status: 403, times: 1 }, says: /returned 403.*lacks a permission/s },
  {
    title: '404',
    fault: { kind: 'status', status: 404, times: 1 },
    says: /returned 404.*does not exist at the partner, or is hidden/s,
  },
  { title: '409', fault: { kind: 'status', status: 409 }, says: /returned 409/ },
];

/** It may get through later, or has got through and nobody said so: nobody has to do anything. */
const TROUBLES: Case[] = [
  { title: '429', fault: { kind: 'status', status: 429, retryAfter: '1', times: 1 }, says: /returned 429/ },
  { title: '500', fault: { kind: 'status', status: 500, times: 1 }, says: /returned 500/ },
  { title: '503', fault: { kind: 'status', status: 503, retryAfter: '1', times: 1 }, says: /returned 503/ },
  { title: 'a connection cut before it acted', fault: { kind: 'reset-before', times: 1 }, says: /connection was closed/ },
  { title: 'a connection cut after it acted', fault: { kind: 'reset-after', times: 1 }, says: /connection was closed/ },
  { title: 'a success without a body', fault: { kind: 'no-body', times: 1 }, says: /without|^$/ },
  { title: 'JSON cut in the middle', fault: { kind: 'cut-json', times: 1 }, says: /not valid JSON/ },
];

/** The same without an answer. Only these get a short time-out: any other request would run into it where the machine is busy. */
const SILENCES: Case[] = [
  { title: 'no answer, and it did not act', fault: { kind: 'timeout-before', times: 1 }, says: /request timed out/ },
  { title: 'no answer, and it acted', fault: { kind: 'timeout-after', times: 1 }, says: /request timed out/ },
];

describe('a partner that fails', () => {
  let rig: LiveRig;
  before(async () => {
    // Every case is to be judged by itself: the circuit opens after five failures in a row, not before.
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      // Nothing here is so new that a 404 is not believed.
      { 'sb1-tmf': { retryDelay: '0.05', settling: '0' }, 'sb1-sn': { retryDelay: '0.05', settling: '0' } },
    );
  });
  after(() => rig?.stop());
  afterEach(() => {
    rig.sandbox.tmf('v4').faults.clear();
    rig.sandbox.servicenow.faults.clear();
  });

  const sent = (message: MessageView | undefined, to: 'Provider' | 'Customer') =>
    message?.sent.find((d) => d.part === 'entity' && d.endpoint.startsWith(to));

  for (const { title, fault, says } of REFUSALS) {
    it(`returns ${title} for a create: the error is explained, and a replay creates the ticket once`, async () => {
      const subject = `create, ${title}`;
      rig.sandbox.tmf('v4').faults.add({ method: 'POST', path: '/troubleTicket', ...fault });
      const { number } = rig.open(subject);
      const message = await until('the failure to be shown', () =>
        rig.message(number!, (m) => sent(m, 'Provider')?.state === 'failed'),
      );
      assert.match(sent(message, 'Provider')?.error?.message ?? '', says);
      assert.match(sent(message, 'Provider')?.error?.message ?? '', /^Provider .*: create ticket \(POST /, 'it says where');
      await until('the catch node to have it', () =>
        rig.live
          .output()
          .split('[debug:errors]')
          .slice(1)
          .join('')
          .includes(sent(message, 'Provider')!.error!.message.slice(0, 60)),
      );
      assert.equal(rig.tickets(subject).length, 0);
      rig.sandbox.tmf('v4').faults.clear();
      await rig.act('deliveries', sent(message, 'Provider')!.id, 'replay');
      await until('the ticket', () => rig.tickets(subject).length === 1);
      await rig.quiet();
      assert.equal(rig.tickets(subject).length, 1);
    });
  }

  const troublesCreate = ({ title, fault, says }: Case) =>
    it(`gives ${title} for a create: the ticket exists once, without an operator`, async () => {
      const subject = `create, ${title}`;
      rig.sandbox.tmf('v4').faults.add({ method: 'POST', path: '/troubleTicket', ...fault });
      const { number } = rig.open(subject);
      const message = await until('the ticket to be delivered', () =>
        rig.message(number!, (m) => sent(m, 'Provider')?.state === 'delivered'),
      );
      assert.match(
        sent(message, 'Provider')
          ?.attempts.map((a) => a.error ?? '')
          .join(' ') ?? '',
        says,
      );
      await rig.quiet();
      assert.equal(rig.tickets(subject).length, 1);
    });

  const troublesUpdate = ({ title, fault, says }: Case) =>
    it(`gives ${title} for an update at the customer: the state arrives once`, async () => {
      const subject = `update, ${title}`;
      const incident = rig.open(subject);
      const ticket = await until('the ticket', () => rig.tickets(subject)[0]);
      await rig.quiet();
      const refused = REFUSALS.some((c) => c.title === title);
      rig.sandbox.servicenow.faults.add({ method: 'PATCH', path: '/table/incident', ...fault });
      rig.sandbox.tmf('v4').setStatus(String(ticket.id), 'inProgress');
      const reached = () => rig.sandbox.servicenow.row('incident', incident.sys_id)?.state === '2';
      if (refused) {
        const failed = await until('the failure to be shown', () =>
          rig.message(String(ticket.id), (m) => sent(m, 'Customer')?.state === 'failed'),
        );
        assert.match(sent(failed, 'Customer')?.error?.message ?? '', says);
        assert.match(sent(failed, 'Customer')?.error?.message ?? '', /^Customer .*: update incident \(PATCH /);
        assert.ok(!reached());
        rig.sandbox.servicenow.faults.clear();
        await rig.act('deliveries', sent(failed, 'Customer')!.id, 'replay');
      }
      await until('the state at the customer', reached);
      await rig.quiet();
      const { failed, needsDecision } = (await rig.counts()).deliveries;
      assert.deepEqual([failed, needsDecision], [0, 0]);
    });

  for (const one of TROUBLES) troublesCreate(one);
  for (const one of [...REFUSALS, ...TROUBLES]) troublesUpdate(one);
  troublesUpdate({ title: '409 twice', fault: { kind: 'status', status: 409, times: 2 }, says: /returned 409/ });

  it('loses the response to a comment: the comment exists once', async () => {
    const incident = rig.open('comment, lost answer');
    const ticket = await until('the ticket', () => rig.tickets('comment, lost answer')[0]);
    await rig.quiet();
    rig.sandbox.servicenow.faults.add({ method: 'PATCH', path: '/table/incident', kind: 'reset-after', times: 1 });
    rig.sandbox.tmf('v4').addNote(String(ticket.id), 'Card is on its way', 'noc');
    const comments = () => rig.sandbox.servicenow.journal(incident.sys_id).filter((j) => j.value?.includes('Card is on its way'));
    await until('the comment', () => comments().length > 0);
    await rig.quiet();
    assert.equal(comments().length, 1);
  });

  it('cannot be reached for a read: the message waits and is read later', async () => {
    rig.sandbox.servicenow.faults.add({ method: 'GET', path: '/table/incident', kind: 'status', status: 503, times: 2 });
    rig.open('read, 503');
    await until('the ticket', () => rig.tickets('read, 503').length === 1);
    await rig.quiet();
    assert.equal(rig.tickets('read, 503').length, 1);
  });

  it('drops a field silently: delivery, list, counts and health report it until it is marked as seen', async () => {
    const subject = 'dropped field';
    const incident = rig.open(subject);
    const ticket = await until('the ticket', () => rig.tickets(subject)[0]);
    await rig.quiet();
    rig.sandbox.servicenow.faults.add({
      method: 'PATCH',
      path: '/table/incident',
      kind: 'drop-field',
      field: 'hold_reason',
      times: 1,
    });
    rig.sandbox.tmf('v4').setStatus(String(ticket.id), 'pending', 'Which floor?');
    await until('the state', () => rig.sandbox.servicenow.row('incident', incident.sys_id)?.state === '3');
    const message = await until('the warning', () =>
      rig.message(String(ticket.id), (m) => sent(m, 'Customer')?.error?.code === 'SWB_PARTNER_DROPPED'),
    );
    assert.match(sent(message, 'Customer')?.error?.message ?? '', /did not keep: hold_reason \(sent "1", has ""\)/);
    assert.equal(sent(message, 'Customer')?.state, 'delivered');
    const listed = async () => (await rig.get<MessageList>('/switchboard/messages?state=warned')).messages;
    const row = (await listed()).find(({ id }) => id === message.id);
    assert.deepEqual([row?.state, row?.warning], ['delivered', { text: sent(message, 'Customer')?.error?.message, seen: false }]);
    const counted = async () => [(await rig.problems()).warned, (await rig.counts()).warned.deliveries];
    const before = (await listed()).length;
    assert.deepEqual(await counted(), [before, before]);
    await rig.act('deliveries', sent(message, 'Customer')!.id, 'seen');
    assert.deepEqual([await counted(), (await listed()).length], [[before - 1, before - 1], before - 1]);
  });

  it('names an address inside for a file: the ticket goes on, the file is refused in words until the host is allowed', async () => {
    let asked = 0;
    const inside = await serve((_req, res) => {
      asked++;
      res.end('what only this machine may read');
    });
    try {
      const { host } = new URL(inside.url);
      const subject = 'file at an address inside';
      const incident = rig.open(subject);
      const ticket = await until('the ticket', () => rig.tickets(subject)[0]);
      await rig.quiet();
      const entry = { id: 'f1', name: 'report.txt', attachmentType: 'file', mimeType: 'text/plain', url: `${inside.url}/secret` };
      rig.sandbox.tmf('v4').patch(String(ticket.id), { status: 'inProgress', attachment: [entry] });
      await until('the state at the customer', () => rig.sandbox.servicenow.row('incident', incident.sys_id)?.state === '2');
      const file = (message: MessageView | undefined) => message?.sent.find(({ part }) => part.startsWith('attachment:'));
      const message = await until('the dead letter', () => rig.message(String(ticket.id), (m) => file(m)?.state === 'failed'));
      const { code, message: text = '' } = file(message)?.error ?? {};
      assert.equal(code, 'SWB_ADDRESS');
      assert.ok(text.includes(`: download report.txt was refused: ${host} is an address of this machine`), text);
      assert.ok(text.includes(`add ${host} to Other hosts in the endpoint’s settings`), text);
      assert.equal(asked, 0);

      await rig.deploy((flows) => flows.map((node) => (node.id === 'sb1-tmf' ? { ...node, allowedHosts: host } : node)));
      await rig.act('deliveries', file(message)!.id, 'replay');
      await until('the file', () =>
        rig.sandbox.servicenow.attachments(incident.sys_id).some((found) => found.file_name === 'report.txt'),
      );
      await rig.quiet();
    } finally {
      await inside.close();
    }
  });

  it('causes no secret to be shown or stored', async () => {
    const { environment } = rig.sandbox;
    for (const [name, secret] of Object.entries(environment)) {
      if (!/SECRET|PASSWORD/.test(name)) continue;
      assert.ok(!rig.live.output().includes(secret), `${name} in the log`);
    }
  });

  describe('that does not respond', () => {
    before(() =>
      rig.deploy((flows) => flows.map((node) => (node.type.endsWith('-endpoint') ? { ...node, timeout: '1' } : node))),
    );
    for (const one of SILENCES) troublesCreate(one);
    for (const one of SILENCES) troublesUpdate(one);
  });
});
