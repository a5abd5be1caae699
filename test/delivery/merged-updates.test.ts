import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangeNotice, DeliveryRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { type Payload, Rig } from './rig.js';

const PERSON = { name: 'ann' };

describe('updates that wait', () => {
  let folder: string;
  let rig: Rig;
  let open: () => void;
  let version: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-merging-'));
    rig = await new Rig(folder).start();
    version = 1;
  });
  afterEach(async () => {
    open?.();
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  /** From now on every write of the provider waits, until `open` is called. */
  function close(): void {
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
  }

  /** A change at the customer that has reached the outbox. */
  async function change(fields: Record<string, string>, comments?: string[]): Promise<void> {
    await receive({ fields, comments });
  }

  async function receive(payload: Omit<Payload, 'id'>, from: 'customer' | 'provider' = 'customer'): Promise<void> {
    await rig.receive(from, { id: from === 'customer' ? 'A' : 'T1', version: String(version++), ...payload });
    await until('the message to have left its flow', async () => (await rig.store.counts()).messages.received === 0);
  }

  async function inState(state: DeliveryRecord['state']): Promise<DeliveryRecord[]> {
    return (await rig.store.listDeliveries({ states: [state], limit: 1_000 })).reverse();
  }

  const updates = () => rig.provider.calls.filter((call) => call.startsWith('update'));

  /** A ticket at both sides, and an update of it that is under way. */
  async function busyTicket(): Promise<void> {
    await change({ title: 'one', state: 'inProgress' });
    await rig.idle();
    close();
    await change({ title: 'two', state: 'inProgress' });
    await until('the update to be under way', () => updates().length === 1);
  }

  it('become one write: the first that waits takes the others, which end as merged', async () => {
    await busyTicket();
    for (let n = 0; n < 200; n++) await change({ title: `title ${n}`, [`extra${n % 3}`]: `value ${n}`, state: 'inProgress' });
    const [waiting, ...more] = await inState('pending');
    assert.deepEqual(more, []);
    const merged = await inState('merged');
    assert.equal(merged.length, 199);
    assert.ok(merged.every(({ mergedInto, entityId }) => mergedInto === waiting?.id && entityId === 'T1'));
    open();
    await rig.idle();
    assert.equal(updates().length, 2);
    assert.deepEqual(rig.provider.tickets[0]?.fields, {
      title: 'title 199',
      state: 'inProgress',
      extra0: 'value 198',
      extra1: 'value 199',
      extra2: 'value 197',
    });
    assert.equal((await inState('delivered')).length, 3);
  });

  it('are merged in the commit that settles their message: both or neither', async () => {
    await busyTicket();
    await change({ title: 'three', state: 'inProgress' });
    const commits: ChangeNotice[][] = [];
    const unwatch = rig.store.watch((changes) => void commits.push(changes));
    await change({ title: 'four', state: 'inProgress' });
    // The notice of the change before may come only now.
    const merging = await until('the commit', () =>
      commits.find((changes) => changes.some((one) => one.kind === 'delivery' && one.state === 'merged')),
    );
    unwatch();
    assert.deepEqual(merging.map((one) => `${one.kind} ${'state' in one ? one.state : ''}`).sort(), [
      'conversation open',
      'delivery merged',
      'delivery pending',
      'message settled',
    ]);
  });

  it('keep every state, in order, and the order of comments and states', async () => {
    await busyTicket();
    await change({ title: 'two', state: 'pending' }, ['before the customer answers']);
    await change({ title: 'three', state: 'pending' });
    await change({ title: 'four', state: 'pending' });
    await change({ title: 'four', state: 'inProgress' });
    await change({ title: 'four', state: 'resolved' }, ['solved']);
    open();
    await rig.idle();
    assert.deepEqual(rig.provider.calls.filter((call) => !/^(read|create)/.test(call)).slice(1), [
      'update {"state":"pending"}',
      'comment before the customer answers',
      'update {"title":"four"}',
      'update {"state":"inProgress"}',
      'update {"state":"resolved"}',
      'comment solved',
    ]);
  });

  it('are merged across comments, each of which is sent', async () => {
    await busyTicket();
    for (const n of [1, 2, 3]) await change({ title: `title ${n}`, state: 'inProgress' }, [`comment ${n}`]);
    open();
    await rig.idle();
    assert.deepEqual(rig.provider.calls.filter((call) => !/^(read|create)/.test(call)).slice(1), [
      'update {"title":"title 3"}',
      'comment comment 1',
      'comment comment 2',
      'comment comment 3',
    ]);
  });

  it('are merged behind a create that waits, but not into it', async () => {
    close();
    await change({ title: 'one', state: 'new' });
    await until('the create to be under way', () => rig.provider.calls.includes('create'));
    for (const n of [1, 2, 3]) await change({ title: `title ${n}`, state: 'new' });
    assert.equal((await inState('merged')).length, 2);
    open();
    await rig.idle();
    assert.deepEqual(updates(), ['update {"title":"title 3"}']);
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('are not merged into one that was tried', async () => {
    await change({ title: 'one', state: 'inProgress' });
    await rig.idle();
    await rig.broker.interventions.suspend('provider', '', PERSON);
    await change({ title: 'two', state: 'inProgress' });
    const [tried] = await inState('pending');
    await rig.store.commit([{ kind: 'delivery', record: { ...tried!, state: 'sending', tries: 1 } }]);
    const [sending] = await inState('sending');
    await rig.store.commit([{ kind: 'delivery', record: { ...sending!, state: 'pending', notBefore: undefined } }]);
    for (const n of [1, 2, 3]) await change({ title: `title ${n}`, state: 'inProgress' });
    const [first, second, ...more] = await inState('pending');
    assert.deepEqual([first?.id, more], [tried?.id, []]);
    assert.ok((await inState('merged')).every(({ mergedInto }) => mergedInto === second?.id));
    await rig.broker.interventions.resume('provider', PERSON);
    await rig.idle();
    assert.deepEqual(updates(), ['update {"title":"two"}', 'update {"title":"title 3"}']);
  });

  it('are sent with what was merged while they were being claimed', async () => {
    await busyTicket();
    await change({ title: 'three', state: 'inProgress' });
    const [waiting] = await inState('pending');
    let claimed = () => {};
    const isClaimed = new Promise<void>((resolve) => {
      claimed = resolve;
    });
    let merged = () => {};
    const isMerged = new Promise<void>((resolve) => {
      merged = resolve;
    });
    const { claimDeliveries } = rig.store;
    rig.store.claimDeliveries = async (...args) => {
      const deliveries = await claimDeliveries.apply(rig.store, args);
      if (!deliveries.some(({ id, version: of }) => id === waiting?.id && of === waiting?.version)) return deliveries;
      claimed();
      await isMerged;
      return deliveries;
    };
    open();
    await isClaimed;
    await change({ title: 'four', state: 'inProgress' });
    merged();
    await rig.idle();
    assert.deepEqual(updates(), ['update {"title":"two"}', 'update {"title":"four"}']);
    assert.deepEqual(rig.log, []);
  });

  it('are merged once, however often their message is emitted', async () => {
    await busyTicket();
    await change({ title: 'three', state: 'inProgress' });
    const { flow } = rig;
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      throw new Error('a later node fails');
    };
    await change({ title: 'four', state: 'inProgress' });
    rig.flow = flow;
    await change({ title: 'five', state: 'inProgress' });
    const [failed] = await rig.store.listMessages({ states: ['failed'], limit: 1 });
    await rig.broker.interventions.replayMessage(failed!.id, PERSON);
    await until('the replay to be done', async () => (await rig.store.message(failed!.id))?.state === 'settled');
    assert.equal((await inState('merged')).length, 2);
    open();
    await rig.idle();
    assert.deepEqual(updates(), ['update {"title":"two"}', 'update {"title":"five"}']);
  });

  it('are still newer than an update between them that is replayed late', async () => {
    await busyTicket();
    await change({ title: 'three', site: 'Graz', state: 'inProgress' });
    await change({ title: 'three', site: 'Wien', state: 'pending' });
    const [, skipped] = await inState('pending');
    await rig.broker.interventions.skipDelivery(skipped!.id, 'not now', PERSON);
    await change({ title: 'four', site: 'Linz', state: 'pending' });
    await change({ title: 'five', site: 'Linz', state: 'pending' });
    open();
    await rig.idle();
    await rig.broker.interventions.replayDelivery(skipped!.id, PERSON);
    await rig.idle();
    assert.deepEqual(rig.provider.tickets[0]?.fields, { title: 'five', site: 'Linz', state: 'pending' });
  });

  it('survive a restart with all that was merged', async () => {
    await busyTicket();
    for (const n of [1, 2, 3]) await change({ title: `title ${n}`, [`extra${n}`]: 'kept', state: 'inProgress' });
    open();
    rig.provider.gate = () => new Promise(() => undefined);
    rig.broker.halt();
    const { provider, customer } = rig;
    await rig.store.close();
    provider.gate = async () => undefined;
    rig = new Rig(folder);
    Object.assign(rig, { provider, customer });
    await rig.start();
    await rig.idle();
    assert.deepEqual(rig.provider.tickets[0]?.fields, {
      title: 'title 3',
      state: 'inProgress',
      extra1: 'kept',
      extra2: 'kept',
      extra3: 'kept',
    });
  });

  it('leave nothing to do once they are merged', async () => {
    await busyTicket();
    for (const title of ['three', 'four']) await change({ title, state: 'inProgress' });
    const [merged] = await inState('merged');
    const { interventions } = rig.broker;
    const id = merged!.id;
    for (const act of [
      () => interventions.replayDelivery(id, PERSON),
      () => interventions.skipDelivery(id, 'no', PERSON),
      () => interventions.editDelivery(id, {}, PERSON),
      () => interventions.undoDelivery(id, PERSON),
    ])
      await assert.rejects(act(), { code: 'SWB_PAYLOAD', message: new RegExp(`delivery ${id} is merged`) });
  });

  it('count in a conflict with the time of their own change', async () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();
    await receive({ at: at(0), fields: { title: 'one', site: 'Wien', phone: '0' } });
    await rig.idle();
    await rig.broker.interventions.suspend('provider', '', PERSON);
    await receive({ at: at(1), fields: { title: 'one', site: 'Graz', phone: '0' } });
    await receive({ at: at(20), fields: { title: 'one', site: 'Graz', phone: '2' } });
    assert.equal((await inState('merged')).length, 1);
    // The provider has changed both in between.
    rig.provider.changedAt = at(10);
    Object.assign(rig.provider.tickets[0]!.fields, { site: 'Linz', phone: '9' });
    await receive({ at: at(10), fields: { title: 'one', site: 'Linz', phone: '9' } }, 'provider');
    await rig.broker.interventions.resume('provider', PERSON);
    await rig.idle();
    const { site, phone } = rig.provider.tickets[0]!.fields;
    assert.deepEqual({ site, phone }, { site: 'Linz', phone: '2' });
  });

  it('are checked before the write with the time of their own change', async () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();
    await receive({ at: at(0), fields: { title: 'one', site: 'Wien', phone: '0' } });
    await rig.idle();
    await rig.broker.interventions.suspend('provider', '', PERSON);
    await receive({ at: at(1), fields: { title: 'one', site: 'Graz', phone: '0' } });
    await receive({ at: at(20), fields: { title: 'one', site: 'Graz', phone: '2' } });
    // Nothing has told us.
    rig.provider.changedAt = at(10);
    Object.assign(rig.provider.tickets[0]!.fields, { site: 'Linz', phone: '9' });
    await rig.broker.interventions.resume('provider', PERSON);
    await rig.idle();
    const { site, phone } = rig.provider.tickets[0]!.fields;
    assert.deepEqual({ site, phone }, { site: 'Linz', phone: '2' });
  });

  it('do not hide a change in the answer to the write of all of them', async () => {
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await busyTicket();
    for (const title of ['three', 'four']) await change({ title, state: 'inProgress' });
    open();
    await until('the updates to be written', () => updates().length === 2);
    await rig.idle();
    const [delivered] = (await inState('delivered')).filter(({ newestMerged }) => newestMerged);
    // As the out node emits it.
    await rig.broker.inbox.accept([
      {
        node: 'in-provider',
        origin: 'answer',
        endpoint: 'provider',
        entityType: 'troubleTicket',
        entityId: 'T1',
        key: `answer|${delivered?.id}`,
        payload: { id: 'T1', version: '9', fields: { title: 'by a rule there', state: 'inProgress' } },
      },
    ]);
    await rig.idle();
    assert.equal(rig.customer.tickets[0]?.fields.title, 'by a rule there');
  });
});
