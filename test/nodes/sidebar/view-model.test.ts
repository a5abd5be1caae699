import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerAccess } from '../../../nodes/sidebar/broker-access.js';
import { countAll, listMessages, messageView } from '../../../nodes/sidebar/view-model.js';
import type { DeliveryRow, Filter, Query } from '../../../nodes/sidebar/views.js';
import { waitSummary } from '../../../nodes/sidebar/wait-summary.js';
import type { WaitKind } from '../../../src/delivery/wait-reason.js';
import type { WorkerStatus } from '../../../src/delivery/worker.js';
import type { ParsedEntity, RawEntity } from '../../../src/endpoints/endpoint.js';
import { createIdSource } from '../../../src/store/id.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { DeliveryRecord } from '../../../src/store/store.js';
import { inAnyState } from '../../store/any-state.js';
import { DECISIONS, LOOK_LEFT } from './decision-seed.js';
import { delivery, message, seedStore } from './seed.js';
import { WARNINGS } from './warning-seed.js';

const NAMES: Record<string, string> = { sn1: 'Acme ServiceNow', tmf1: 'North Telecom' };
const nameOf = (id: string) => NAMES[id] ?? id;
const query = (more: Partial<Query> = {}): Query => ({ search: '', state: 'all', direction: 'either', limit: 50, ...more });

/** Parses rows like ServiceNow's client. */
const client = () => ({ parse: (raw: RawEntity) => ({ record: raw.record }) as unknown as ParsedEntity });

/** The same store, counting the records it returns. */
function counting(store: LowdbStore): { store: LowdbStore; records(): number } {
  let records = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        const answer = await value.apply(target, args);
        records += Array.isArray(answer) ? answer.length : 1;
        return answer;
      };
    },
  });
  return { store: counted, records: () => records };
}

describe('the messages view', () => {
  let folder: string;
  let store: LowdbStore;
  let brokers: BrokerAccess[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-view-'));
    await seedStore(folder);
    store = inAnyState(new LowdbStore({ folder: join(folder, 'switchboard'), retentionDays: 90, retentionBytes: 1e9 }));
    await store.open();
    brokers = [{ id: 'store1', store, client, worker: () => undefined }];
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** More delivered messages, all newer than the others. */
  const many = (count: number, prefix = 'n') =>
    store.commit(
      Array.from({ length: count }, (_, index) => {
        const id = `${prefix}${String(index).padStart(5, '0')}`;
        return { kind: 'message' as const, record: message(9, { id, key: id, receivedAt: new Date().toISOString() }) };
      }),
    );
  const list = async (more: Partial<Query> = {}) => (await listMessages(brokers, query(more), nameOf)).messages;
  const numbers = async (more: Partial<Query> = {}) => (await list(more)).map((row) => row.number.slice(-1)).join('');

  it('lists the newest first, each with its state', async () => {
    const states = (await list()).map((row) => `${row.number.slice(-1)} ${row.state}`);
    assert.deepEqual(states, ['6 failed', '5 unrouted', '4 ignored', '3 delivered', '2 failed', '1 delivered']);
  });

  it('shows the names of endpoints on both sides', async () => {
    const row = (await list()).at(-1);
    assert.equal(row?.endpoint, 'Acme ServiceNow');
    assert.deepEqual(
      row?.deliveries.map(({ endpoint, number }) => [endpoint, number]),
      [['North Telecom', 'TT-9001']],
    );
  });

  for (const [state, expected] of [
    ['problems', '62'],
    ['unrouted', '5'],
    ['waiting', ''],
  ] as [Filter, string][]) {
    it(`filters: ${state}`, async () => assert.equal(await numbers({ state }), expected));
  }

  it("finds a message by its own number, by the partner's number and by our reference", async () => {
    assert.equal(await numbers({ search: 'INC0010021' }), '1');
    assert.equal(await numbers({ search: 'TT-9001' }), '1');
    assert.equal(await numbers({ search: 'swb-7k3m9q2x4f3a' }), '3');
    assert.equal(await numbers({ search: 'nothing' }), '');
  });

  it('searches within a filter', async () => {
    assert.equal(await numbers({ search: 'INC001002', state: 'problems' }), '62');
    assert.equal(await numbers({ search: 'SWB-7K3M9Q2X4F2A', state: 'problems' }), '2');
    assert.equal(await numbers({ search: 'SWB-7K3M9Q2X4F1A', state: 'problems' }), '');
  });

  it('pages through all messages without gaps or duplicates', async () => {
    for (const state of ['all', 'problems', 'unrouted'] as const) {
      let found = '';
      let before: string | undefined;
      do {
        const page = await listMessages(brokers, query({ state, limit: 1, before }), nameOf);
        found += page.messages.map((row) => row.number.slice(-1)).join('');
        before = page.next;
      } while (before);
      assert.equal(found, await numbers({ state }), state);
    }
  });

  it('filters by endpoint, entity type and direction', async () => {
    assert.equal(await numbers({ endpoint: 'sn1' }), '654321');
    assert.equal(await numbers({ endpoint: 'tmf1' }), '321');
    assert.equal(await numbers({ endpoint: 'tmf1', direction: 'incoming' }), '');
    assert.equal(await numbers({ endpoint: 'tmf1', direction: 'outgoing', state: 'problems' }), '2');
    assert.equal(await numbers({ direction: 'incoming', state: 'problems' }), '6');
    assert.equal(await numbers({ entityType: 'troubleTicket' }), '321');
    assert.equal(await numbers({ entityType: 'change' }), '');
    assert.equal(await numbers({ state: 'delivered' }), '31');
    assert.equal(await numbers({ state: 'ignored' }), '4');
  });

  it('shows a merged update in list and card, with the delivery that writes it', async () => {
    await store.commit([
      { kind: 'delivery', record: delivery(7, { state: 'merged', mergedInto: 'd2', attempts: [], tries: 0 }) },
      { kind: 'message', record: message(7, {}) },
      { kind: 'delivery', record: { ...delivery(8, {}), newestMerged: 'd7' } },
      { kind: 'message', record: message(8, {}) },
    ]);
    const [row, ...more] = await list({ state: 'merged' });
    assert.deepEqual([row?.id, row?.state, more], ['m7', 'merged', []]);
    const [shown] = row!.deliveries;
    assert.deepEqual([shown?.state, shown?.mergedInto?.message, shown?.mergedInto?.state], ['merged', 'm2', 'failed']);
    const card = await messageView(brokers, 'm7', nameOf);
    assert.deepEqual([card?.sent[0]?.mergedInto?.id, card?.sent[0]?.actions], ['d2', []]);
    assert.equal((await messageView(brokers, 'm8', nameOf))?.sent[0]?.newestMerged, 'm7');
    assert.ok(!(await numbers({ state: 'delivered' })).includes('7'));
  });

  it('filters by time, and finds messages by words of the title', async () => {
    let now = Date.parse('2030-01-01T10:00:00Z');
    const ids = createIdSource(() => now);
    for (const n of [1, 2, 3]) {
      const id = ids();
      const record = message(n, { id, key: id, endpoint: 'late', receivedAt: new Date(now).toISOString() });
      await store.commit([{ kind: 'message', record }]);
      now += 3_600_000;
    }
    const late = (more: Partial<Query>) => numbers({ endpoint: 'late', direction: 'incoming', ...more });
    assert.equal(await late({}), '321');
    assert.equal(await late({ since: '2030-01-01T11:00:00.000Z' }), '32');
    assert.equal(await late({ since: '2030-01-01T10:30:00.000Z', until: '2030-01-01T12:00:00.000Z' }), '2');
    assert.equal(await numbers({ search: 'second line' }), '3');
    assert.equal(await numbers({ search: 'GHENT' }), '1');
  });

  it('finds a few unrouted messages among many others, with one request', async () => {
    await many(2500);
    const first = await listMessages(brokers, query({ state: 'unrouted' }), nameOf);
    assert.deepEqual(
      first.messages.map((row) => row.number),
      ['INC0010025'],
    );
    assert.equal(first.next, undefined);
  });

  it('reads no more records for a page if there are many messages', async () => {
    const work = async () => {
      const counted = counting(store);
      const asked = { ...brokers[0]!, store: counted.store };
      for (const more of [{}, { state: 'problems' }, { search: 'INC0010023' }, { endpoint: 'tmf1' }] as Partial<Query>[])
        await listMessages([asked], query({ limit: 5, ...more }), nameOf);
      return counted.records();
    };
    await many(300);
    const few = await work();
    await many(3000, 'o');
    assert.ok((await work()) <= few + 20, `${await work()} records are read where ${few} were`);
  });

  it('starts from the beginning if the cursor is invalid', async () => {
    for (const before of ['x', 'bnVsbA', Buffer.from('{"a":1}').toString('base64url')])
      assert.equal((await list({ before })).length, 6);
  });

  it('shows one message with its payload, deliveries and linked tickets', async () => {
    const view = await messageView(brokers, 'm2', nameOf);
    assert.ok(view);
    assert.deepEqual(Object.keys(view.bodies), ['received']);
    assert.equal(view.fields.find(({ path }) => path === 'state')?.value, '2', 'the fields as the mapping reads them');
    assert.equal(view.conversation?.reference, 'SWB-7K3M9Q2X4F2A');
    assert.equal(view.conversation?.links[0]?.endpoint, 'Acme ServiceNow');
    const [sent] = view.sent;
    assert.deepEqual(sent?.actions, ['replay', 'edit', 'skip']);
    assert.deepEqual(view.actions, ['replay'], 'what its delivery failed with is created again');
    assert.equal(view.reason, sent?.error?.message);
  });

  it('shows the number of a record if only the conversation has it', async () => {
    await store.commit([{ kind: 'message', record: message(1, { id: 'p1', key: 'p1', number: undefined, conversation: 'c1' }) }]);
    assert.equal((await messageView(brokers, 'p1', nameOf))?.number, 'INC0010021');
  });

  it('shows for each outgoing field which rule and row made it, from which of the partner’s fields', async () => {
    const sent = (await messageView(brokers, 'm1', nameOf))?.sent[0];
    const line = (path: string) => sent?.lines.find((one) => one.path === path);
    assert.deepEqual(line('status'), {
      path: 'status',
      value: 'inProgress',
      made: { mapping: 'tmf621-v4', rule: 1, row: 2, kind: 'source' },
      from: [
        {
          generic: 'state',
          value: 'inProgress',
          made: { mapping: 'Acme incident', node: 'map1', rule: 7, row: 2, kind: 'source' },
          fields: [{ path: 'state', value: '2' }],
        },
      ],
    });
    assert.deepEqual(line('externalId')?.from, []);
    assert.ok(line('note'), 'a field that no rule made is shown too');
  });

  it('shows HTTP exchanges with their attempt', async () => {
    const sent = (await messageView(brokers, 'm2', nameOf))?.sent[0];
    assert.equal(sent?.attempts[0]?.exchanges?.[0]?.got?.status, 400);
    assert.deepEqual(Object.keys(sent?.bodies ?? {}), ['request', 'response', 'made']);
  });

  it('shows no HTTP exchanges for an older attempt if a later one has replaced them', async () => {
    const record = (await store.delivery('d2'))!;
    const tries = [0, 1, 2, 0].map((http, index) => ({ at: '', took: index, what: 'failed', http }));
    await store.commit([{ kind: 'delivery', record: { ...record, attempts: tries } }]);
    const shown = (await messageView(brokers, 'm2', nameOf))?.sent[0]?.attempts.map((attempt) => attempt.exchanges !== undefined);
    assert.deepEqual([shown?.[0], shown?.[3]], [false, true]);
  });

  it('shows that an entity could not be read, why, and when it is read again', async () => {
    const notBefore = Date.now() + 60_000;
    const error = { code: 'SWB_PARTNER_UNAVAILABLE', message: 'Acme answered with 503.', at: '' } as const;
    const record = message(9, { state: 'received', outcome: undefined, conversation: undefined, emissions: 3, error, notBefore });
    await store.commit([{ kind: 'message', record }]);
    const view = await messageView(brokers, 'm9', nameOf);
    const expected = ['waiting', error.message, 'read', new Date(notBefore).toISOString()];
    assert.deepEqual([view?.state, view?.reason, view?.wait?.kind, view?.wait?.until], expected);
    const row = (await list({ state: 'waiting' }))[0];
    assert.deepEqual([row?.state, row?.reason, row?.wait?.kind, row?.wait?.until], expected);
  });

  it('shows the request separately from how it was made', async () => {
    const sent = (await messageView(brokers, 'm3', nameOf))?.sent[0]?.bodies;
    assert.deepEqual(Object.keys(sent ?? {}), ['request', 'made']);
    assert.deepEqual(sent?.made, { changed: ['name'] });
  });

  it('offers exactly the actions that the broker accepts', async () => {
    const actions = async (id: string) => (await messageView(brokers, id, nameOf))?.actions;
    assert.deepEqual(await actions('m6'), ['replay', 'edit', 'skip'], 'failed');
    assert.deepEqual(await actions('m5'), ['replay', 'edit', 'skip'], 'unrouted');
    assert.deepEqual(await actions('m4'), [], 'ignored');
    assert.deepEqual(await actions('m2'), ['replay'], 'a delivery of it failed');
  });

  it('is undefined for an unknown message', async () => assert.equal(await messageView(brokers, 'm99', nameOf), undefined));

  it('counts what needs attention in all stores', async () => {
    assert.deepEqual(await countAll([...brokers, ...brokers]), {
      problems: 4,
      needsDecision: 0,
      waiting: 0,
      unrouted: 2,
      warned: 0,
      conversations: 6,
      unmapped: 0,
    });
  });

  describe('with warnings', () => {
    beforeEach(() => store.commit(WARNINGS));

    it('lists and counts unseen warnings, and lists seen ones with another filter', async () => {
      assert.equal(await numbers({ state: 'warned' }), '87');
      assert.equal(await numbers({ state: 'warned', direction: 'outgoing' }), '7');
      assert.equal(await numbers({ state: 'warned', search: 'TT-9007' }), '7');
      assert.equal(await numbers({ state: 'anyWarning' }), '987');
      assert.equal(await numbers({ state: 'problems' }), '62');
      assert.equal((await countAll(brokers)).warned, 2);
    });

    it('shows in the row what was left out, and whether it was seen', async () => {
      const rows = (await list({ state: 'anyWarning' })).map(({ state, reason, warning }) => [state, reason, warning]);
      assert.deepEqual(rows, [
        ['delivered', undefined, { text: 'North Telecom did not keep: name', seen: true }],
        ['delivered', undefined, { text: 'severity «Apocalyptic» has no row in its value map.', seen: false }],
        ['delivered', undefined, { text: 'North Telecom did not keep: severity (sent "Critical", has "Minor")', seen: false }],
      ]);
    });

    it('shows unseen warnings in the row before seen ones', async () => {
      const [seen, unseen] = [(await store.delivery('d9'))!, (await store.delivery('d7'))!];
      const more = delivery(9, { id: 'd9b', part: 'comment:1', error: unseen.error });
      await store.commit([{ kind: 'delivery', record: more }]);
      const warning = async () => (await list({ search: 'TT-9009' }))[0]?.warning;
      assert.deepEqual(await warning(), { text: unseen.error?.message, seen: false });
      await store.commit([
        { kind: 'delivery', record: { ...more, version: 1, error: { ...unseen.error!, seen: seen.error?.seen } } },
      ]);
      assert.deepEqual(await warning(), { text: `${seen.error?.message} ${unseen.error?.message}`, seen: true });
    });

    it('finds a few warnings among many messages without, with one request', async () => {
      await many(2500);
      const { messages, next } = await listMessages(brokers, query({ state: 'warned' }), nameOf);
      assert.deepEqual([messages.length, next], [2, undefined]);
    });

    it('offers to mark a warning as seen, and to undo that', async () => {
      const actions = async (id: string) => {
        const view = await messageView(brokers, id, nameOf);
        return [view?.actions, view?.sent.map((one) => one.actions)];
      };
      assert.deepEqual(await actions('m7'), [[], [['seen']]]);
      assert.deepEqual(await actions('m8'), [['seen'], []]);
      assert.deepEqual(await actions('m9'), [[], [['undo']]]);
    });
  });

  describe('with decisions', () => {
    beforeEach(() => store.commit(DECISIONS));

    it('lists and counts decisions separately from problems', async () => {
      assert.equal(await numbers({ state: 'needsDecision' }), '87');
      assert.equal(await numbers({ state: 'needsDecision', direction: 'outgoing' }), '7');
      assert.equal(await numbers({ state: 'problems' }), '62');
      const { problems, needsDecision, waiting } = await countAll(brokers);
      assert.deepEqual({ problems, needsDecision, waiting }, { problems: 2, needsDecision: 2, waiting: 1 });
      assert.deepEqual(
        (await list({ state: 'needsDecision' })).map((row) => row.state),
        ['needsDecision', 'needsDecision'],
      );
    });

    it('shows the kind of decision and its answers', async () => {
      const asked = (await messageView(brokers, 'm7', nameOf))?.sent[0];
      assert.deepEqual([asked?.decision, asked?.actions], ['unresolved', ['replay', 'sendAgain', 'skip', 'edit']]);
      assert.match(asked?.error?.message ?? '', /Is there one\?/);
      const plan = await messageView(brokers, 'm8', nameOf);
      assert.deepEqual([plan?.decision, plan?.actions], ['legFailed', ['replay', 'skip']], 'its payload is not for people');
    });

    it('shows that a delivery waits for an endpoint that is down, even after a replay has cleared its error', async () => {
      const record = (await store.delivery('d9'))!;
      await store.commit([{ kind: 'delivery', record: { ...record, error: undefined, tries: 0 } }]);
      const resumesAt = Math.ceil(Date.now() / 1_000) * 1_000 + 5_000;
      const waits = async (more: Partial<WorkerStatus>) => {
        const status: WorkerStatus = { inFlight: 0, circuit: 'open', strange: false, resumesAt, ...more };
        const seen = await messageView([{ ...brokers[0]!, worker: () => ({ status }) }], 'm9', nameOf);
        const { kind, until } = seen!.sent[0]!.wait!;
        return [kind, until];
      };
      const next = new Date(resumesAt).toISOString();
      const { updatedAt } = record;
      const lookUntil = new Date(Date.parse(updatedAt) + LOOK_LEFT).toISOString();
      assert.deepEqual(await waits({}), ['down', next]);
      assert.deepEqual(await waits({ strange: true }), ['strange', next]);
      assert.deepEqual(await waits({ circuit: 'closed', resumesAt: undefined }), ['doubt', lookUntil]);
      assert.deepEqual(await waits({ suspended: { at: '', by: 'ann' } }), ['suspended', undefined]);
    });

    it('shows in list and detail which delivery another one waits for', async () => {
      const comment = delivery(7, { id: 'd7c', message: 'm10', part: 'comment:1', state: 'pending', entityId: undefined });
      await store.commit([
        { kind: 'message', record: message(10, { id: 'm10', key: 'm10', conversation: 'c7' }) },
        { kind: 'conversation', record: { ...(await store.conversation('c7'))!, links: [] } },
        { kind: 'delivery', record: comment },
        {
          kind: 'delivery',
          record: { ...comment, id: 'd7f', part: 'attachment:1', lane: 'files of c7', waitsFor: 'link' },
        },
      ]);
      const text = ({ wait }: DeliveryRow) => [wait?.kind, wait?.behind?.state].filter(Boolean).join('_');
      const waits = async () => {
        const down: WorkerStatus = { inFlight: 0, circuit: 'open', strange: true };
        brokers = [{ ...brokers[0]!, worker: () => ({ status: down }) }];
        const seen = (await messageView(brokers, 'm10', nameOf))?.sent.map(text);
        const row = (await list()).find(({ id }) => id === 'm10');
        assert.deepEqual(row?.deliveries.map(text), seen);
        return seen;
      };
      const create = async (more: Partial<DeliveryRecord>) =>
        store.commit([{ kind: 'delivery', record: { ...(await store.delivery('d7'))!, ...more } }]);
      assert.deepEqual(await waits(), ['create_needsDecision', 'create_needsDecision']);
      await create({ state: 'failed', decision: undefined });
      assert.deepEqual(await waits(), ['create_failed', 'create_failed']);
      await create({ state: 'inDoubt', blocking: undefined });
      assert.deepEqual(await waits(), ['strange', 'strange'], 'what the create itself waits for says more');
      brokers = [{ ...brokers[0]!, worker: () => ({ status: { inFlight: 0, circuit: 'closed', strange: false } }) }];
      const first = async () => (await messageView(brokers, 'm10', nameOf))?.sent[0] as DeliveryRow;
      assert.deepEqual((await first()).wait?.behind, { message: 'm7', number: 'INC0010027', state: 'inDoubt' }, 'to be opened');
      const one = async () => text(await first());
      assert.equal(await one(), 'create_inDoubt');
      await create({ state: 'pending' });
      assert.equal(await one(), 'create_waiting');
      await create({ state: 'pending', part: 'comment:0' });
      assert.equal(await one(), 'earlier_waiting');
    });

    it('counts what waits by reason, and lists what waits for one', async () => {
      const status: WorkerStatus = { inFlight: 0, circuit: 'closed', strange: false };
      brokers = [{ ...brokers[0]!, worker: () => ({ status }) }];
      const conversation = 'c9';
      const comment = { conversation, entityId: undefined, lane: 'c9|tmf1', message: 'm9', state: 'pending' } as const;
      await store.commit([
        { kind: 'delivery', record: delivery(9, { ...comment, id: 'd9a', part: 'comment:1' }) },
        { kind: 'delivery', record: delivery(9, { ...comment, id: 'd9b', part: 'comment:2' }) },
        { kind: 'message', record: message(11, { id: 'm11', key: 'm11', state: 'received', outcome: undefined }) },
      ]);
      const { reasons, more } = await waitSummary(brokers, nameOf);
      const counted = new Map(reasons.map(({ kind, count }) => [kind, count]));
      assert.equal(more, false);
      assert.equal(counted.get('doubt'), 1);
      assert.equal(counted.get('turn'), 1, 'the message');
      assert.equal(
        [...counted.values()].reduce((a, b) => a + b),
        (await countAll(brokers)).waiting,
      );
      const listed = async (reason: WaitKind) => (await list({ state: 'waiting', reason })).map(({ id }) => id);
      assert.deepEqual([await listed('turn'), await listed('doubt'), await listed('leg')], [['m11'], ['m9'], []]);
    });

    it('shows until when a delivery in doubt is looked up, while that is in the future', async () => {
      brokers = [{ ...brokers[0]!, worker: () => ({ status: { inFlight: 0, circuit: 'closed', strange: false } }) }];
      const doubtful = async () => (await messageView(brokers, 'm9', nameOf))?.sent[0]?.wait?.until;
      const record = (await store.delivery('d9'))!;
      assert.equal(await doubtful(), new Date(Date.parse(record.updatedAt) + LOOK_LEFT).toISOString());
      await store.commit([{ kind: 'delivery', record: { ...record, lookLeft: 0 } }]);
      assert.equal(await doubtful(), undefined);
    });
  });
});
