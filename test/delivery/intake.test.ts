import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IntakeMember } from '../../src/delivery/intake.js';
import { sharedIntakesOf } from '../../src/delivery/shared-intakes.js';
import type { PollResult } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import { emitterOf } from '../../src/store/message-queue.js';
import { until } from '../live/node-red.js';
import { conversation, link, message } from '../store/records.js';
import { Rig } from './rig.js';

describe('an intake that in nodes share', () => {
  let folder: string;
  let rig: Rig;
  let leaves: ((removed: boolean) => Promise<void>)[];
  /** What entered a flow: in node and entity. */
  let entered: string[];
  /** Flows that do not end until it is called. */
  /** The in nodes of the flow file, and the endpoints they lead to. */
  let file: Record<string, string[]>;
  let keys: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-intake-'));
    rig = await new Rig(folder).start({ flows: false });
    [leaves, entered, keys] = [[], [], 0];
    file = { 'in-a': ['customer-a'], 'in-b': ['customer-b'] };
  });
  afterEach(async () => {
    await Promise.all(leaves.map((leave) => leave(false)));
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const joined = (node: string, more: Partial<IntakeMember> = {}, entityType = 'troubleTicket') => {
    const leave = sharedIntakesOf(rig.broker).join(
      {
        node,
        client: rig.provider,
        condition: '',
        webhook: false,
        flows: () => Object.entries(file).map(([id, to]) => ({ node: id, name: `name of ${id}`, leadsTo: new Set(to) })),
        deployed: async () => undefined,
        emit: ({ entityId }, _payload, _emission, onIdle) => {
          entered.push(`${node} ${entityId}`);
          onIdle();
        },
        ended: () => undefined,
        readFailed: () => undefined,
        polled: () => undefined,
        trouble: () => undefined,
        ...more,
      },
      entityType,
    );
    leaves.push(leave);
    return leave;
  };
  const ticket = (id: string, fields: Record<string, Json> = {}, reference?: string) => {
    const known = rig.provider.tickets.find((one) => one.id === id);
    if (known) Object.assign(known.fields, fields);
    else rig.provider.tickets.push({ id, reference, fields, comments: [], files: [], version: 1 });
  };
  const report = (entityId: string, node = 'in-a', entityType = 'troubleTicket', origin: 'event' | 'webhook' = 'event') =>
    rig.broker.inbox.accept([
      { node, origin, endpoint: 'provider', entityType, entityId, key: `k${++keys}`, payload: { n: keys } },
    ]);
  const settled = (count: number) => until(`${count} settled`, async () => (await rig.store.counts()).messages.settled === count);
  /** A conversation of a customer with a ticket of the provider. */
  const shared = (customer: string, ticketId: string) =>
    rig.store.commit([
      {
        kind: 'conversation',
        record: conversation(`c-${ticketId}`, {
          links: [
            link(`${customer} 1 ${ticketId}`, { endpoint: customer }),
            link(ticketId, { endpoint: 'provider', entityType: 'troubleTicket' }),
          ],
        }),
      },
    ]);

  it('shows a failed read at each in node, but logs it at one: the one that received the message', async () => {
    const shown: string[] = [];
    for (const node of ['in-a', 'in-b', 'in-c'])
      joined(node, { readFailed: (_record, _error, _at, logs) => shown.push(`${node}${logs ? ' logs it' : ''}`) });
    rig.provider.read = () => Promise.reject(new PartnerError('SWB_PARTNER_REFUSED', 'no', { outcome: 'notDone', retry: false }));
    await report('T1', 'in-b');
    await until('the failure', () => shown.length >= 3);
    assert.deepEqual(shown, ['in-a', 'in-b logs it', 'in-c']);
  });

  it('emits an update into the flow that leads to the customer of its conversation, whichever in node received it', async () => {
    joined('in-a');
    joined('in-b');
    for (const [customer, id] of [
      ['customer-a', 'T1'],
      ['customer-b', 'T2'],
    ] as const) {
      ticket(id);
      await shared(customer, id);
      for (const node of ['in-a', 'in-b']) await report(id, node);
    }
    await settled(4);
    assert.deepEqual(new Set(entered), new Set(['in-a T1', 'in-b T2']));
    for (const record of await rig.messages())
      assert.equal(emitterOf(record), record.entityId === 'T1' ? 'in-a' : 'in-b', 'the record shows the node it entered');
  });

  it('knows the conversation by our reference too: the event may come before the answer to the create', async () => {
    joined('in-a');
    joined('in-b');
    await shared('customer-b', 'another');
    ticket('T9', {}, 'SWB-C-ANOTHER');
    await report('T9');
    await settled(1);
    assert.deepEqual(entered, ['in-b T9']);
  });

  it('emits a new record into the first flow whose condition holds, else into the first without one', async () => {
    joined('in-a');
    joined('in-b', { condition: "category = 'network'" });
    ticket('T1', { category: 'network' });
    ticket('T2', { category: 'mail' });
    for (const id of ['T1', 'T2']) await report(id);
    await settled(2);
    assert.deepEqual(entered.sort(), ['in-a T2', 'in-b T1']);
  });

  it('says why a new record enters no flow', async () => {
    file = { 'in-a': ['customer-a'] };
    joined('in-a', { condition: "category = 'network'" });
    ticket('T1', { category: 'mail' });
    await report('T1');
    await settled(1);
    const [record] = await rig.messages();
    assert.deepEqual([entered, record?.outcome], [[], 'ignored']);
    assert.match(record?.reason ?? '', /no in node of provider takes it/);
  });

  it('fails a message whose condition cannot be evaluated, and takes it when it is replayed', async () => {
    file = { 'in-a': ['customer-a'] };
    const leave = joined('in-a', { condition: '$number(category) > 1' });
    ticket('T1', { category: 'mail' });
    await report('T1');
    await until('the failure', async () => (await rig.store.counts()).messages.failed === 1);
    assert.match((await rig.messages())[0]?.error?.message ?? '', /^name of in-a, New records only if: .*Fix the expression/);
    await leave(false);
    joined('in-a');
    const [record] = await rig.messages();
    await rig.broker.interventions.replayMessage(record!.id, { name: 'Anna' } as never);
    await settled(1);
    assert.deepEqual(entered, ['in-a T1']);
  });

  it('holds a message whose flow an invalid condition decides about, names the setting, and emits it after the fix', async () => {
    file = { 'in-a': ['customer-a'] };
    const leave = joined('in-a', { condition: 'category =' });
    ticket('T1', { category: 'mail' });
    ticket('T2', { category: 'mail' });
    await shared('customer-a', 'T2');
    for (const id of ['T1', 'T2']) await report(id);
    await settled(1);
    assert.deepEqual(entered, ['in-a T2'], 'an update needs no condition');
    await until('the reason', async () =>
      (await rig.messages()).some(({ error }) =>
        /^name of in-a, New records only if: The expression "category =" is invalid/.test(error?.message ?? ''),
      ),
    );
    await leave(false);
    joined('in-a');
    await settled(2);
    assert.deepEqual(entered, ['in-a T2', 'in-a T1']);
  });

  it('holds a message whose flow does not run, says so, and emits it there once it does', async () => {
    joined('in-a');
    ticket('T2');
    await shared('customer-b', 'T2');
    await report('T2');
    await until('the reason', async () => /name of in-b, whose flow leads/.test((await rig.messages())[0]?.error?.message ?? ''));
    joined('in-b');
    await settled(1);
    assert.deepEqual(entered, ['in-b T2']);
  });

  it('leaves an update to the customer whose ticket a user has unlinked, whoever else shares the provider', async () => {
    joined('in-a');
    joined('in-b');
    ticket('T2');
    await rig.store.commit([
      {
        kind: 'conversation',
        record: conversation('c-T2', {
          links: [link('T2', { endpoint: 'provider', entityType: 'troubleTicket' })],
          formerParties: ['customer-b'],
        }),
      },
    ]);
    await report('T2');
    await settled(1);
    assert.deepEqual(entered, ['in-b T2']);
  });

  it('gives the messages of an in node that is gone to another one, and waits where there is none', async () => {
    file = { 'in-a': ['customer-a'] };
    await report('T1', 'in-gone');
    ticket('T1');
    assert.equal(rig.broker.inbox.isAttached('provider|troubleTicket'), false);
    joined('in-a');
    await settled(1);
    assert.deepEqual(entered, ['in-a T1']);
    assert.equal(emitterOf((await rig.messages())[0]!), 'in-a');
  });

  it('emits what a webhook reports of other record types at the in node that received it, also after a restart', async () => {
    file = { 'in-a': [] };
    ticket('P1');
    ticket('P2');
    await report('P1', 'in-a', 'problem', 'webhook');
    joined('in-a', { webhook: true });
    await until('the one from before', () => entered.length === 1);
    await report('P2', 'in-a', 'problem', 'webhook');
    await settled(2);
    assert.deepEqual(entered, ['in-a P1', 'in-a P2']);
  });

  it('leaves other record types to the in node for them', async () => {
    file = { 'in-a': [] };
    ticket('P1');
    joined('in-a', { webhook: true });
    joined('in-problem', { flows: () => [{ node: 'in-problem', name: '', leadsTo: new Set() }] }, 'problem');
    await report('P1', 'in-a', 'problem', 'webhook');
    await settled(1);
    assert.deepEqual(entered, ['in-problem P1']);
  });

  describe('polls', () => {
    /** Changes since a cursor, two at a time; each is one of the entity that it is named after. */
    const changes = ['T1', 'T2', 'T3', 'T4', 'T5'];
    let cursors: (Json | undefined)[];
    beforeEach(() => {
      cursors = [];
      file = { 'in-a': [], 'in-b': [] };
      for (const id of changes) ticket(id);
      rig.provider.poll = (async (_type: string, cursor: Json | undefined): Promise<PollResult> => {
        cursors.push(cursor);
        const from = (cursor as number | undefined) ?? changes.length;
        const to = Math.min(from + 2, changes.length);
        const hints = changes.slice(from, to).map((id) => ({ entityType: 'troubleTicket', id, key: id, payload: {} }));
        return { hints, cursor: to, more: to < changes.length };
      }) as never;
    });
    const polled = (node: string, id: string) =>
      ({ kind: 'message', record: message(`old ${node} ${id}`, { node, key: id, ...about, state: 'failed' }) }) as const;
    const about = { origin: 'poll', endpoint: 'provider', entityType: 'troubleTicket' } as const;
    const found = async () =>
      (await rig.messages())
        .filter(({ id }) => !id.startsWith('old'))
        .map(({ entityId }) => entityId)
        .sort();

    it('once for all, as often as the one that asks most often', async () => {
      let [a, b] = [0, 0];
      joined('in-a', { pollInterval: 1_000_000, polled: () => a++ });
      joined('in-b', { pollInterval: 5, polled: () => b++ });
      await until('some polls', () => b > 3);
      assert.equal(a, b);
      assert.deepEqual(cursors.slice(0, 3), [undefined, 5, 5]);
    });

    it('on from the watermark of an in node of an earlier version', async () => {
      await rig.store.commit([{ kind: 'setting', key: 'poll|in-a|provider|troubleTicket', value: 3 }, polled('in-a', 'T3')]);
      joined('in-a', { pollInterval: 5 });
      await until('some polls', () => cursors.length > 2);
      assert.deepEqual(await found(), ['T4', 'T5']);
      assert.deepEqual(await rig.store.setting('poll|provider|troubleTicket'), { cursor: 5, node: 'in-a' });
      assert.equal(await rig.store.setting('poll|in-a|provider|troubleTicket'), undefined);
    });

    it('on from the watermarks of two: nothing is missed, and nothing that the first has found is found again', async () => {
      await rig.store.commit([
        { kind: 'setting', key: 'poll|in-a|provider|troubleTicket', value: 3 },
        { kind: 'setting', key: 'poll|in-b|provider|troubleTicket', value: 1 },
        polled('in-a', 'T2'),
        polled('in-a', 'T3'),
      ]);
      joined('in-a', { pollInterval: 5 });
      joined('in-b', { pollInterval: 5 });
      await until('some polls', () => cursors.filter((cursor) => cursor === 5).length > 1);
      assert.deepEqual(await found(), ['T4', 'T5']);
      assert.equal(await rig.store.setting('poll|in-b|provider|troubleTicket'), undefined);
    });

    it('on from where it was when all in nodes were replaced', async () => {
      await rig.store.commit([{ kind: 'setting', key: 'poll|provider|troubleTicket', value: { cursor: 4, node: 'in-gone' } }]);
      joined('in-b', { pollInterval: 5 });
      await until('some polls', () => cursors.length > 2);
      assert.deepEqual(await found(), ['T5']);
    });

    it('and shows a failure at each of them, but logs it at one', async () => {
      const failing = new PartnerError('SWB_PARTNER_UNAVAILABLE', 'is down', { outcome: 'notDone', retry: true });
      rig.provider.poll = () => Promise.reject(failing);
      const shown: [string, boolean][] = [];
      for (const node of ['in-a', 'in-b'])
        joined(node, { pollInterval: 5, trouble: (_part, _error, _at, isFirst) => shown.push([node, isFirst]) });
      await until('the failure', () => shown.length === 2);
      assert.deepEqual(shown, [
        ['in-a', true],
        ['in-b', false],
      ]);
    });
  });
});
