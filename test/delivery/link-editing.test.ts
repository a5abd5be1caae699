import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const TT = 'troubleTicket';
const customer = (id: string) => ({ endpoint: 'customer', entityType: TT, id });
const provider = (id: string) => ({ endpoint: 'provider', entityType: TT, id });

describe('editing links while messages are processed', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-surgery-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const receive = async (id: string, fields: Record<string, string>, more: { version?: string; comments?: string[] } = {}) => {
    rig.customer.tickets.push({ id, fields, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id, fields, ...more });
  };
  const by = (id: string) => rig.store.conversationByLink('customer', TT, id);
  const of = async (id: string) => (await by(id)) ?? assert.fail(`${id} is in no conversation`);
  const numbers = async (id: string) => (await of(id)).links.map((l) => `${l.endpoint} ${l.id}${l.leg && ' apart'}`).sort();
  const surgeon = () => rig.broker.linkEditor;
  const merge = async (into: string, other: string) =>
    surgeon().apply({ kind: 'merge', conversation: (await of(into)).id, other: (await of(other)).id }, 'anna');

  it('merges two conversations: changes from both go to the ticket that stays, and both references find the conversation', async () => {
    await receive('C1', { title: 'line down' });
    await receive('C2', { title: 'line down, again' });
    await rig.idle();
    const reference = (await of('C2')).reference;
    await merge('C1', 'C2');
    assert.equal((await of('C1')).id, (await of('C2')).id);
    assert.equal((await rig.store.conversationByReference(reference))?.id, (await of('C1')).id);
    assert.equal((await rig.store.listMessages({ search: reference, limit: 10 })).length, 2);
    assert.equal((await rig.store.counts()).conversations.open, 1);
    await rig.receive('customer', { id: 'C2', fields: { title: 'all lines down' }, version: '2' });
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 2, 'no third ticket');
    assert.equal(
      rig.provider.tickets.find((t) => t.reference === rig.provider.tickets[0]?.reference)?.fields.title,
      'all lines down',
    );
    assert.equal((await rig.deliveries()).filter((d) => d.state !== 'delivered').length, 0);
  });

  it('neither loses nor repeats deliveries when two conversations are merged while the partner is down', async () => {
    await receive('C1', { title: 'one' });
    await rig.idle();
    rig.provider.faults.push('lost');
    // The create stays in doubt for a while.
    rig.provider.lookUpFaults.push('down', 'down', 'down', 'down');
    await receive('C2', { title: 'two' }, { comments: ['hello'] });
    await until('a try that may have got through', async () =>
      (await rig.deliveries()).some((d) => d.tries > 0 && d.state === 'inDoubt'),
    );
    await until('the merge', () =>
      merge('C1', 'C2').then(
        () => true,
        (error: Error) => (/being sent/.test(error.message) ? false : assert.fail(error)),
      ),
    );
    await rig.idle();
    assert.deepEqual(
      rig.provider.tickets.map((t) => t.fields.title).sort(),
      ['one', 'two'],
      'found by its reference, not created again',
    );
    assert.equal(rig.provider.tickets.find((t) => t.fields.title === 'two')?.comments.length, 1);
    assert.deepEqual(await numbers('C1'), ['customer C1', 'customer C2 apart', 'provider T1', 'provider T2 apart']);
  });

  it('keeps the order of writes to one ticket across a merge', async () => {
    await receive('C1', { title: 'one' });
    await rig.idle();
    await surgeon().apply({ kind: 'unlink', conversation: (await of('C1')).id, entity: provider('T1') }, '');
    await receive('C2', { title: 'two' });
    await rig.idle();
    // Nothing is sent to the provider for a while.
    await rig.broker.removeEndpoint('provider');
    await rig.receive('customer', { id: 'C2', fields: { title: 'two' }, comments: ['first'] });
    await until('the first comment', async () => (await rig.deliveries()).some((d) => d.part === 'comment:first'));
    await merge('C1', 'C2');
    await rig.receive('customer', { id: 'C1', fields: { title: 'one' }, comments: ['second'] });
    await until('the second comment', async () => (await rig.deliveries()).some((d) => d.part === 'comment:second'));
    rig.provider.faults.push('down');
    rig.broker.addEndpoint(rig.provider, { concurrency: 4, retry: { baseDelay: 10, maxDelay: 50, maxTries: 4 } });
    await rig.idle();
    assert.deepEqual(rig.provider.tickets[1]?.comments, ['first', 'second']);
  });

  it('undoes a merge, unless something has followed from it', async () => {
    await receive('C1', { title: 'one' });
    await receive('C2', { title: 'two' });
    await rig.idle();
    const [one, two] = [await of('C1'), await of('C2')];
    const merged = await merge('C1', 'C2');
    await surgeon().undo(merged.id, 'ben');
    assert.deepEqual([(await of('C1')).reference, (await of('C2')).reference], [one.reference, two.reference]);
    assert.deepEqual((await of('C2')).links, two.links);
    assert.equal((await rig.store.listMessages({ conversation: two.id, limit: 10 })).length, 1);
    await assert.rejects(surgeon().undo(merged.id, 'ben'), /has already been undone/);
    await rig.receive('customer', { id: 'C2', fields: { title: 'two and more' }, version: '2' });
    await rig.idle();
    assert.equal(rig.provider.tickets.find((t) => t.reference === two.reference)?.fields.title, 'two and more');

    const again = await merge('C1', 'C2');
    await rig.receive('customer', { id: 'C2', fields: { title: 'changed since' }, version: '3' });
    await rig.idle();
    await assert.rejects(surgeon().undo(again.id, ''), /C2 has changed since/);
  });

  it('ignores changes of an unlinked ticket, and creates a new one with another reference', async () => {
    await receive('C1', { title: 'one' });
    await rig.idle();
    const { id, reference } = await of('C1');
    const done = await surgeon().apply({ kind: 'unlink', conversation: id, entity: provider('T1') }, 'anna');
    await rig.receive('provider', { id: 'T1', fields: { title: 'change of the wrong one' }, reference, version: '9' });
    await rig.idle();
    const event = (await rig.messages()).find((m) => m.endpoint === 'provider');
    assert.deepEqual([event?.state, event?.outcome, event?.conversation], ['settled', 'ignored', id]);
    assert.match(event?.reason ?? '', /unlinked by anna/);
    assert.equal(rig.customer.calls.length, 0);
    await rig.receive('customer', { id: 'C1', fields: { title: 'one, still' }, version: '2' });
    await rig.idle();
    assert.deepEqual(
      rig.provider.tickets.map((t) => t.reference),
      [reference, `${reference}//2`],
    );
    await assert.rejects(surgeon().undo(done.id, ''), /linked in place of T1/);
    // The guard recognises the new one by its reference, also in a new process.
    await rig.stop();
    rig = await restarted(rig);
    await rig.receive('customer', { id: 'C1', fields: { title: 'one, as ever' }, version: '3' });
    await rig.idle();
    assert.equal(rig.provider.tickets[1]?.fields.title, 'one, as ever');
  });

  it('splits a ticket off into its own conversation, which continues independently', async () => {
    await receive('C1', { title: 'one' });
    await receive('C2', { title: 'two' });
    await rig.idle();
    await merge('C1', 'C2');
    const { id } = await of('C1');
    const { reference } = await of('C1');
    const operated = await surgeon().apply({ kind: 'split', conversation: id, entity: customer('C2'), reference: 'SWB-OWN' }, '');
    assert.deepEqual(operated.conversations, [id, 'SWB-OWN']);
    assert.equal((await of('C2')).reference, 'SWB-OWN');
    await rig.receive('customer', { id: 'C2', fields: { title: 'for itself' }, version: '2' });
    await rig.idle();
    assert.deepEqual(
      rig.provider.tickets.map((t) => [t.reference === reference, t.fields.title]).at(0),
      [true, 'one'],
      'the other ticket is not changed',
    );
    assert.equal(rig.provider.tickets.at(-1)?.fields.title, 'for itself');
  });

  it('waits for messages in their flow, and moves waiting ones to their new conversation', async () => {
    await receive('C1', { title: 'one' });
    await receive('C2', { title: 'two' });
    await rig.idle();
    const [one, two] = [await of('C1'), await of('C2')];
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      if (payload.fields.title === 'held') await held;
    };
    await rig.receive('customer', { id: 'C2', fields: { title: 'held' }, version: '2' });
    await until('it to be in its flow', () => rig.emitted.length === 3);
    let merged = false;
    const merging = surgeon()
      .apply({ kind: 'merge', conversation: one.id, other: two.id }, '')
      .then(() => {
        merged = true;
      });
    await rig.receive('customer', { id: 'C1', fields: { title: 'of the other' }, version: '2' });
    await until('the other message to be done', async () => (await rig.deliveries()).length === 4 || rig.emitted.length === 4);
    assert.equal(merged, false, 'a message is in its flow');
    finish();
    await merging;
    await rig.idle();
    const messages = await rig.messages();
    assert.deepEqual(new Set(messages.map((m) => m.conversation)), new Set([one.id]));
    assert.ok(
      messages.every((m) => m.state === 'settled'),
      JSON.stringify(messages.map((m) => m.error)),
    );
  });

  it('lists who did what, newest first, also after a restart', async () => {
    await receive('C1', { title: 'one' });
    await receive('C2', { title: 'two' });
    await rig.idle();
    const { id } = await of('C1');
    const merged = await merge('C1', 'C2');
    await surgeon().undo(merged.id, 'ben');
    await surgeon().apply({ kind: 'unlink', conversation: id, entity: provider('T1') }, 'carl');
    await rig.stop();
    rig = await restarted(rig);
    const history = await surgeon().history(id);
    assert.deepEqual(
      history.map(({ kind, by: who, undone }) => [kind, who, undone?.by]),
      [
        ['unlink', 'carl', undefined],
        ['merge', 'anna', 'ben'],
      ],
    );
    assert.ok(!('inverse' in (history[0] ?? {})));
  });

  it('shows in a preview what would change, and changes nothing', async () => {
    await receive('C1', { title: 'one' });
    await receive('C2', { title: 'two' });
    await rig.idle();
    const [one, two] = [await of('C1'), await of('C2')];
    const effects = await surgeon().preview({ kind: 'merge', conversation: one.id, other: two.id });
    assert.deepEqual(
      effects.map((e) => e.code),
      ['merges', 'joins', 'joins', 'moves', 'heardOnly', 'heardOnly'],
    );
    assert.deepEqual([await of('C1'), await of('C2')], [one, two]);
    const entity = { ...customer('C2'), record: {}, fields: {}, parts: [] };
    await assert.rejects(
      surgeon().preview({ kind: 'link', conversation: one.id, entity }),
      new RegExp(`belongs to the conversation ${two.reference}`),
    );
  });

  async function restarted(before: Rig): Promise<Rig> {
    const next = new Rig(folder);
    next.customer = before.customer;
    next.provider = before.provider;
    return next.start();
  }
});
