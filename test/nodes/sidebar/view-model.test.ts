import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countAll, type Desk, listMessages, messageView } from '../../../nodes/sidebar/view-model.js';
import type { Filter, Query } from '../../../nodes/sidebar/views.js';
import type { WorkerStatus } from '../../../src/delivery/worker.js';
import type { Parsed, RawEntity } from '../../../src/endpoints/endpoint.js';
import { createIdSource } from '../../../src/store/id.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { DeliveryRecord } from '../../../src/store/store.js';
import { DECISIONS, LOOK_LEFT } from './decision-seed.js';
import { delivery, message, seedStore } from './seed.js';
import { WARNINGS } from './warning-seed.js';

const NAMES: Record<string, string> = { sn1: 'Acme ServiceNow', tmf1: 'North Telecom' };
const nameOf = (id: string) => NAMES[id] ?? id;
const query = (more: Partial<Query> = {}): Query => ({ search: '', state: 'all', direction: 'either', limit: 50, ...more });

/** Reads rows as ServiceNow's client does. */
const client = () => ({ parse: (raw: RawEntity) => ({ record: raw.record }) as unknown as Parsed });

/** The same store, counting the records it hands out. */
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
  let desks: Desk[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-view-'));
    await seedStore(folder);
    store = new LowdbStore({ folder: join(folder, 'switchboard'), retentionDays: 90, retentionBytes: 1e9 });
    await store.open();
    desks = [{ id: 'store1', store, client, worker: () => undefined }];
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** More messages that went through, all newer than the others. */
  const many = (count: number, prefix = 'n') =>
    store.commit(
      Array.from({ length: count }, (_, index) => {
        const id = `${prefix}${String(index).padStart(5, '0')}`;
        return { kind: 'message' as const, record: message(9, { id, key: id, receivedAt: new Date().toISOString() }) };
      }),
    );
  const list = async (more: Partial<Query> = {}) => (await listMessages(desks, query(more), nameOf)).messages;
  const numbers = async (more: Partial<Query> = {}) => (await list(more)).map((row) => row.number.slice(-1)).join('');

  it('lists the newest first, each with its state in a word', async () => {
    const states = (await list()).map((row) => `${row.number.slice(-1)} ${row.state}`);
    assert.deepEqual(states, ['6 failed', '5 unrouted', '4 ignored', '3 delivered', '2 failed', '1 delivered']);
  });

  it('names endpoints as people named them, on both sides', async () => {
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

  it('pages through everything without a gap or a repetition', async () => {
    for (const state of ['all', 'problems', 'unrouted'] as const) {
      let found = '';
      let before: string | undefined;
      do {
        const page = await listMessages(desks, query({ state, limit: 1, before }), nameOf);
        found += page.messages.map((row) => row.number.slice(-1)).join('');
        before = page.next;
      } while (before);
      assert.equal(found, await numbers({ state }), state);
    }
  });

  it('narrows by endpoint, entity type and direction', async () => {
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

  it('narrows by time, and finds by the words of a title', async () => {
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

  it('finds the few unrouted among very many that are not, at once', async () => {
    await many(2500);
    const first = await listMessages(desks, query({ state: 'unrouted' }), nameOf);
    assert.deepEqual(
      first.messages.map((row) => row.number),
      ['INC0010025'],
    );
    assert.equal(first.next, undefined);
  });

  it('reads no more for a page of many messages than for a page of few', async () => {
    const work = async () => {
      const counted = counting(store);
      const asked = { ...desks[0]!, store: counted.store };
      for (const more of [{}, { state: 'problems' }, { search: 'INC0010023' }, { endpoint: 'tmf1' }] as Partial<Query>[])
        await listMessages([asked], query({ limit: 5, ...more }), nameOf);
      return counted.records();
    };
    await many(300);
    const few = await work();
    await many(3000, 'o');
    assert.ok((await work()) <= few + 20, `${await work()} records are read where ${few} were`);
  });

  it('takes a cursor that makes no sense for the beginning', async () => {
    for (const before of ['x', 'bnVsbA', Buffer.from('{"a":1}').toString('base64url')])
      assert.equal((await list({ before })).length, 6);
  });

  it('shows one message with what came, what went out and whose tickets belong together', async () => {
    const view = await messageView(desks, 'm2', nameOf);
    assert.ok(view);
    assert.deepEqual(Object.keys(view.bodies), ['received']);
    assert.equal(view.fields.find(({ path }) => path === 'state')?.value, '2', 'the fields as the mapping reads them');
    assert.equal(view.conversation?.reference, 'SWB-7K3M9Q2X4F2A');
    assert.equal(view.conversation?.links[0]?.endpoint, 'Acme ServiceNow');
    const [sent] = view.sent;
    assert.deepEqual(sent?.actions, ['replay', 'edit', 'skip']);
    assert.deepEqual(view.actions, [], 'the message itself went through; its delivery is what failed');
    assert.equal(view.reason, sent?.error?.message);
  });

  it('names a record by its number where only the conversation knows it', async () => {
    await store.commit([{ kind: 'message', record: message(1, { id: 'p1', key: 'p1', number: undefined, conversation: 'c1' }) }]);
    assert.equal((await messageView(desks, 'p1', nameOf))?.number, 'INC0010021');
  });

  it('tells of each outgoing field which rule and row made it, and from which of the partner’s fields', async () => {
    const sent = (await messageView(desks, 'm1', nameOf))?.sent[0];
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

  it('shows what was said over HTTP with the try it belongs to', async () => {
    const sent = (await messageView(desks, 'm2', nameOf))?.sent[0];
    assert.equal(sent?.attempts[0]?.exchanges?.[0]?.got?.status, 400);
    assert.deepEqual(Object.keys(sent?.bodies ?? {}), ['request', 'response', 'made']);
  });

  it('shows what was said with no older try, whose place a later one took', async () => {
    const record = (await store.delivery('d2'))!;
    const tries = [0, 1, 2, 0].map((http, index) => ({ at: '', took: index, what: 'failed', http }));
    await store.commit([{ kind: 'delivery', record: { ...record, attempts: tries } }]);
    const shown = (await messageView(desks, 'm2', nameOf))?.sent[0]?.attempts.map((attempt) => attempt.exchanges !== undefined);
    assert.deepEqual([shown?.[0], shown?.[3]], [false, true]);
  });

  it('tells that a message could not be read, why, and when it is read again', async () => {
    const notBefore = Date.now() + 60_000;
    const error = { code: 'SWB_PARTNER_UNAVAILABLE', message: 'Acme answered with 503.', at: '' } as const;
    const record = message(9, { state: 'received', outcome: undefined, conversation: undefined, emissions: 3, error, notBefore });
    await store.commit([{ kind: 'message', record }]);
    const view = await messageView(desks, 'm9', nameOf);
    const expected = ['waiting', error.message, { readAt: new Date(notBefore).toISOString() }];
    assert.deepEqual([view?.state, view?.reason, view?.unread], expected);
    const row = (await list({ state: 'waiting' }))[0];
    assert.deepEqual([row?.state, row?.reason, row?.unread], expected);
  });

  it('shows what was sent apart from how it was made', async () => {
    const sent = (await messageView(desks, 'm3', nameOf))?.sent[0]?.bodies;
    assert.deepEqual(Object.keys(sent ?? {}), ['request', 'made']);
    assert.deepEqual(sent?.made, { changed: ['name'] });
  });

  it('offers what the broker would do, and no more', async () => {
    const actions = async (id: string) => (await messageView(desks, id, nameOf))?.actions;
    assert.deepEqual(await actions('m6'), ['replay', 'edit', 'skip'], 'failed');
    assert.deepEqual(await actions('m5'), ['replay', 'edit'], 'unrouted');
    assert.deepEqual(await actions('m4'), [], 'ignored');
  });

  it('does not know what is not there', async () => assert.equal(await messageView(desks, 'm99', nameOf), undefined));

  it('counts what needs a person over all stores', async () => {
    assert.deepEqual(await countAll([...desks, ...desks]), {
      problems: 4,
      needsDecision: 0,
      waiting: 0,
      unrouted: 2,
      warned: 0,
      conversations: 6,
      unmapped: 0,
    });
  });

  describe('of what went on with a warning', () => {
    beforeEach(() => store.commit(WARNINGS));

    it('lists and counts what nobody has seen, and lists with it what somebody has', async () => {
      assert.equal(await numbers({ state: 'warned' }), '87');
      assert.equal(await numbers({ state: 'warned', direction: 'outgoing' }), '7');
      assert.equal(await numbers({ state: 'warned', search: 'TT-9007' }), '7');
      assert.equal(await numbers({ state: 'anyWarning' }), '987');
      assert.equal(await numbers({ state: 'problems' }), '62');
      assert.equal((await countAll(desks)).warned, 2);
    });

    it('says in the row what was left out, and whether a person has seen it', async () => {
      const rows = (await list({ state: 'anyWarning' })).map(({ state, reason, warning }) => [state, reason, warning]);
      assert.deepEqual(rows, [
        ['delivered', undefined, { text: 'North Telecom did not keep: name', seen: true }],
        ['delivered', undefined, { text: 'severity «Apocalyptic» has no row in its value map.', seen: false }],
        ['delivered', undefined, { text: 'North Telecom did not keep: severity (sent "Critical", has "Minor")', seen: false }],
      ]);
    });

    it('names in the row what nobody has seen of a message before what somebody has', async () => {
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

    it('finds the few among very many that have none, at once', async () => {
      await many(2500);
      const { messages, next } = await listMessages(desks, query({ state: 'warned' }), nameOf);
      assert.deepEqual([messages.length, next], [2, undefined]);
    });

    it('offers to mark it as seen, and to take that back', async () => {
      const actions = async (id: string) => {
        const view = await messageView(desks, id, nameOf);
        return [view?.actions, view?.sent.map((one) => one.actions)];
      };
      assert.deepEqual(await actions('m7'), [[], [['seen']]]);
      assert.deepEqual(await actions('m8'), [['seen'], []]);
      assert.deepEqual(await actions('m9'), [[], [['undo']]]);
    });
  });

  describe('of what needs a decision', () => {
    beforeEach(() => store.commit(DECISIONS));

    it('has a list and a count of its own, and no place among the problems', async () => {
      assert.equal(await numbers({ state: 'needsDecision' }), '87');
      assert.equal(await numbers({ state: 'needsDecision', direction: 'outgoing' }), '7');
      assert.equal(await numbers({ state: 'problems' }), '62');
      const { problems, needsDecision, waiting } = await countAll(desks);
      assert.deepEqual({ problems, needsDecision, waiting }, { problems: 2, needsDecision: 2, waiting: 1 });
      assert.deepEqual(
        (await list({ state: 'needsDecision' })).map((row) => row.state),
        ['needsDecision', 'needsDecision'],
      );
    });

    it('tells the kind of the question and the answers to it', async () => {
      const asked = (await messageView(desks, 'm7', nameOf))?.sent[0];
      assert.deepEqual([asked?.decision, asked?.actions], ['unresolved', ['replay', 'sendAgain', 'skip', 'edit']]);
      assert.match(asked?.error?.message ?? '', /Is there one\?/);
      const plan = await messageView(desks, 'm8', nameOf);
      assert.deepEqual([plan?.decision, plan?.actions], ['legFailed', ['replay', 'skip']], 'its payload is not for people');
    });

    it('tells that a delivery waits for an endpoint that is down, also after a replay took its error away', async () => {
      const record = (await store.delivery('d9'))!;
      await store.commit([{ kind: 'delivery', record: { ...record, error: undefined, tries: 0 } }]);
      const resumesAt = Date.now() + 5_000;
      const waits = async (more: Partial<WorkerStatus>) => {
        const status: WorkerStatus = { inFlight: 0, circuit: 'open', strange: false, resumesAt, ...more };
        const seen = await messageView([{ ...desks[0]!, worker: () => ({ status }) }], 'm9', nameOf);
        const { waitsFor, nextTry } = seen!.sent[0]!;
        return [waitsFor, nextTry];
      };
      const next = new Date(resumesAt).toISOString();
      assert.deepEqual(await waits({}), ['down', next]);
      assert.deepEqual(await waits({ strange: true }), ['strange', next]);
      assert.deepEqual(await waits({ circuit: 'closed', resumesAt: undefined }), [undefined, undefined]);
      assert.deepEqual(await waits({ suspended: { at: '', by: 'ann' } }), ['endpoint', undefined]);
    });

    it('tells in list and detail what a delivery waits behind', async () => {
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
      const waits = async () => {
        const down: WorkerStatus = { inFlight: 0, circuit: 'open', strange: true };
        desks = [{ ...desks[0]!, worker: () => ({ status: down }) }];
        const seen = (await messageView(desks, 'm10', nameOf))?.sent.map((one) => one.waitsFor);
        const row = (await list()).find(({ id }) => id === 'm10');
        assert.deepEqual(
          row?.deliveries.map((one) => one.waitsFor),
          seen,
        );
        return seen;
      };
      const create = async (more: Partial<DeliveryRecord>) =>
        store.commit([{ kind: 'delivery', record: { ...(await store.delivery('d7'))!, ...more } }]);
      assert.deepEqual(await waits(), ['create_needsDecision', 'create_needsDecision']);
      await create({ state: 'failed', decision: undefined });
      assert.deepEqual(await waits(), ['create_failed', 'create_failed']);
      await create({ state: 'inDoubt', blocking: undefined });
      assert.deepEqual(await waits(), ['strange', 'strange'], 'what the create itself waits for says more');
      desks = [{ ...desks[0]!, worker: () => undefined }];
      const one = async () => (await messageView(desks, 'm10', nameOf))?.sent[0]?.waitsFor;
      assert.equal(await one(), 'create_inDoubt');
      await create({ state: 'pending' });
      assert.equal(await one(), 'create_waiting');
      await create({ state: 'pending', part: 'comment:0' });
      assert.equal(await one(), 'earlier_waiting');
    });

    it('tells how long a delivery in doubt is looked for, while that lies ahead', async () => {
      const doubtful = async () => (await messageView(desks, 'm9', nameOf))?.sent[0]?.lookUntil;
      const record = (await store.delivery('d9'))!;
      assert.equal(await doubtful(), new Date(Date.parse(record.updatedAt) + LOOK_LEFT).toISOString());
      await store.commit([{ kind: 'delivery', record: { ...record, lookLeft: 0 } }]);
      assert.equal(await doubtful(), undefined);
    });
  });
});
