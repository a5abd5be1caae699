import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conversationDetail, listConversations, type PayloadReader } from '../../../nodes/sidebar/conversation-view-model.js';
import type { ConversationDetail, ConversationFilter, ConversationQuery } from '../../../nodes/sidebar/conversation-views.js';
import { parse as parseIncident } from '../../../src/endpoints/servicenow/parse.js';
import { dialectOf } from '../../../src/endpoints/tmf621/dialect.js';
import { parse as parseTicket } from '../../../src/endpoints/tmf621/parse.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import { cursorOf } from '../../../src/store/pages.js';
import { inAnyState } from '../../store/any-state.js';
import { at, conversation, HOSTILE, idAt, link, message, seedConversations } from './conversation-seed.js';

const NAMES: Record<string, string> = { sn1: 'Acme ServiceNow', tmf1: 'North Telecom', tmf2: 'South Telecom' };
const nameOf = (id: string) => NAMES[id] ?? id;
const query = (more: Partial<ConversationQuery> = {}): ConversationQuery => ({ search: '', state: 'all', limit: 50, ...more });
const context = (endpoint: string) => ({ endpoint, entityType: '', baseUrl: 'https://example.com' });
/** Reads payloads as the runtime does, with the systems' parsers; states come from the deliveries. */
const readPayload: PayloadReader = async (record, bodies) => {
  if (!bodies.read) return undefined;
  return record.endpoint === 'sn1'
    ? parseIncident(bodies.read as never, context('sn1'))
    : parseTicket(bodies.read as never, { ...context('tmf1'), dialect: dialectOf('v4', 'standard') });
};

describe('the conversations view', () => {
  let folder: string;
  let store: LowdbStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-conversations-'));
    await seedConversations(folder);
    store = inAnyState(new LowdbStore({ folder: join(folder, 'switchboard'), retentionDays: 3650, retentionBytes: 1e9 }));
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const broker = (of: LowdbStore) => ({ id: 's', store: of, client: () => undefined, worker: () => undefined });
  const list = (more: Partial<ConversationQuery> = {}) => listConversations([broker(store)], query(more), nameOf);
  const ids = async (more: Partial<ConversationQuery> = {}) => (await list(more)).conversations.map((row) => row.id);
  const detail = async (id: string) => (await conversationDetail([broker(store)], id, nameOf, readPayload)) as ConversationDetail;

  it('lists conversations by latest activity, with what needs attention', async () => {
    const rows = (await list()).conversations.map(({ id, failed, waiting, state }) => ({ id, failed, waiting, state }));
    assert.deepEqual(rows, [
      { id: 'SWB-TICKET', failed: 1, waiting: 0, state: 'open' },
      { id: 'SWB-ORDER', failed: 0, waiting: 1, state: 'open' },
      { id: 'SWB-CLOSED', failed: 0, waiting: 0, state: 'closed' },
    ]);
  });

  for (const [state, expected] of [
    ['open', ['SWB-TICKET', 'SWB-ORDER']],
    ['closed', ['SWB-CLOSED']],
    ['problems', ['SWB-TICKET']],
  ] as [ConversationFilter, string[]][]) {
    it(`filters: ${state}`, async () => assert.deepEqual(await ids({ state }), expected));
  }

  it('returns what a search has found so far, and goes on from there', async () => {
    const slow = Object.create(store) as LowdbStore;
    // As a store whose time is over after one record.
    slow.listConversations = async (asked) => {
      const page = await store.listConversations({ ...asked, limit: 1 });
      const [record] = page;
      return record ? Object.assign([record], { next: cursorOf(record) }) : [];
    };
    const found: string[] = [];
    let before: string | undefined;
    for (let pages = 0; pages === 0 || before !== undefined; pages++) {
      assert.ok(pages < 9, 'it ends');
      const page = await listConversations([broker(slow)], query({ search: 'swb-', before }), nameOf);
      assert.ok(page.conversations.length <= 1);
      found.push(...page.conversations.map(({ id }) => id));
      before = page.next;
    }
    assert.deepEqual(found.sort(), ['SWB-CLOSED', 'SWB-ORDER', 'SWB-TICKET']);
  });

  it('lists those that need a decision, counted separately from failures', async () => {
    assert.deepEqual(await ids({ state: 'needsDecision' }), []);
    const [failed] = await store.listDeliveries({ states: ['failed'], limit: 1 });
    await store.commit([{ kind: 'delivery', record: { ...failed!, state: 'needsDecision', decision: 'wrongEntity' } }]);
    assert.deepEqual(await ids({ state: 'needsDecision' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ state: 'needsDecision', search: 'INC' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ state: 'problems' }), []);
    const [row] = (await list({ state: 'needsDecision' })).conversations;
    assert.deepEqual([row?.failed, row?.needsDecision], [0, 1]);
  });

  it('lists those with an unseen warning, and shows seen and unseen warnings in the timeline', async () => {
    assert.deepEqual(await ids({ state: 'warned' }), []);
    const error = { code: 'SWB_PARTNER_DROPPED', message: 'North Telecom did not keep: severity', at: at(0) };
    const [sent] = await store.listDeliveries({ conversation: 'SWB-TICKET', states: ['delivered'], limit: 1 });
    await store.commit([{ kind: 'delivery', record: { ...sent!, error } }]);
    assert.deepEqual(await ids({ state: 'warned' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ state: 'warned', search: 'INC' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ state: 'warned', search: 'po2' }), []);
    const warned = async () => (await list({ search: 'INC1' })).conversations[0]?.warned;
    const drawn = async () => (await detail('SWB-TICKET')).entries.find(({ id }) => id === sent!.id);
    assert.equal(await warned(), 1);
    assert.deepEqual([(await drawn())?.warning, (await drawn())?.reason], [{ text: error.message, seen: false }, undefined]);
    const seen = { ...error, seen: { at: at(1), by: 'ann' } };
    await store.commit([{ kind: 'delivery', record: { ...sent!, version: sent!.version + 1, error: seen } }]);
    assert.deepEqual([await ids({ state: 'warned' }), await warned()], [[], 0]);
    assert.deepEqual((await drawn())?.warning, { text: error.message, seen: true });
  });

  it("finds a conversation by any party's number or id, or by its reference", async () => {
    assert.deepEqual(await ids({ search: 'INC1' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ search: 'tt1' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ search: 'po2' }), ['SWB-ORDER']);
    assert.deepEqual(await ids({ search: 'swb-closed' }), ['SWB-CLOSED']);
    assert.deepEqual(await ids({ search: 'INC', state: 'problems' }), ['SWB-TICKET']);
    assert.deepEqual(await ids({ search: 'nothing' }), []);
  });

  it('pages through all conversations without gaps or duplicates', async () => {
    for (let i = 0; i < 30; i++) {
      const id = `SWB-${String((i * 7) % 30).padStart(2, '0')}`;
      await store.commit([
        { kind: 'conversation', record: conversation(id, [link('sn1', 'incident', `x${i}`)]) },
        { kind: 'message', record: message(10 + i, id, 'sn1', `x${i}`) },
        { kind: 'message', record: message(60 + i, id, 'sn1', `x${i}`) },
      ]);
    }
    const all = await ids();
    assert.equal(new Set(all).size, 33);
    const found: string[] = [];
    let before: string | undefined;
    do {
      const page = await list({ limit: 4, before });
      found.push(...page.conversations.map((row) => row.id));
      before = page.next;
    } while (before);
    assert.deepEqual(found, all);
  });

  it('draws a lane for each party, with its number and URL', async () => {
    const { lanes } = await detail('SWB-TICKET');
    assert.deepEqual(
      lanes.map((lane) => [lane.endpoint, lane.link?.number, lane.link?.url, lane.state]),
      [
        ['Acme ServiceNow', 'INC1', 'https://sn1.example.com/inc1', 'inProgress'],
        ['North Telecom', 'TT1', 'javascript:alert(1)', 'inProgress'],
      ],
    );
  });

  it('lists messages and deliveries in order, each with its notes', async () => {
    const { entries } = await detail('SWB-TICKET');
    const drawn = entries.map(({ direction, lane, event, state, at: time }) => [
      direction,
      lane.split('|')[0],
      event,
      state,
      time,
    ]);
    assert.deepEqual(drawn, [
      ['incoming', 'sn1', 'created', 'delivered', at(0)],
      ['outgoing', 'tmf1', 'created', 'delivered', at(0)],
      ['incoming', 'sn1', 'commented', 'delivered', at(2)],
      ['outgoing', 'tmf1', 'commented', 'delivered', at(2)],
      ['incoming', 'tmf1', 'changed', 'delivered', at(900)],
      ['outgoing', 'sn1', 'changed', 'failed', at(900)],
    ]);
    assert.match(entries.at(-1)?.reason ?? '', /refused the update/);
    assert.deepEqual(entries.at(-2)?.fields, ['state']);
  });

  it('shows a comment with the message that brought it, marks internal ones, and hides echoes of ours', async () => {
    const { entries } = await detail('SWB-TICKET');
    assert.deepEqual(
      entries.map(({ notes }) => notes.map(({ text, internal }) => [text, internal])),
      [
        [],
        [],
        [
          [HOSTILE, false],
          ['The caller is upset', true],
        ],
        [[HOSTILE, false]],
        [['On my way', false]],
        [],
      ],
    );
  });

  it('shows a state where it is reached, but not one that was not written', async () => {
    const { entries } = await detail('SWB-TICKET');
    assert.deepEqual(
      entries.map((entry) => entry.entityState),
      ['acknowledged', 'acknowledged', undefined, undefined, 'inProgress', undefined],
    );
  });

  it('draws each leg of an order separately, with its items, what it waits for, and why it was dropped', async () => {
    const { lanes, entries } = await detail('SWB-ORDER');
    assert.deepEqual(
      lanes.map(({ leg, link: linked, plan }) => ({
        leg,
        number: linked?.number,
        items: plan?.items.map((item) => `${item.id} ${item.state ?? '-'}`),
        after: plan?.after.map((one) => one.leg),
        dropped: plan?.dropped,
      })),
      [
        { leg: '', number: 'REQ1', items: undefined, after: undefined, dropped: undefined },
        { leg: 'mobile', number: 'PO1', items: ['2 completed'], after: [], dropped: undefined },
        { leg: 'devices', number: 'PO2', items: ['1 held', '3 inProgress'], after: [], dropped: undefined },
        { leg: 'delivery', number: undefined, items: ['4 -'], after: ['devices'], dropped: undefined },
        { leg: 'billing', number: undefined, items: ['5 cancelled'], after: [], dropped: 'devices failed' },
      ],
    );
    const { wait } = entries.find((entry) => entry.state === 'waiting')!;
    assert.deepEqual([wait?.kind, wait?.legs], ['leg', [{ leg: 'devices', states: ['completed'] }]]);
  });

  it('gives an unlinked entity a separate lane', async () => {
    await store.commit([{ kind: 'message', record: message(5, 'SWB-ORDER', 'sn1', 'gone', { number: 'INC7' }) }]);
    const { lanes } = await detail('SWB-ORDER');
    assert.deepEqual(
      lanes.filter((lane) => lane.was).map((lane) => [lane.endpoint, lane.was]),
      [['Acme ServiceNow', 'INC7']],
    );
  });

  it('draws the latest entries, and indicates earlier ones', async () => {
    for (let i = 0; i < 250; i++)
      await store.commit([{ kind: 'message', record: message(1000 + i, 'SWB-TICKET', 'sn1', 'inc1') }], { durable: false });
    const { earlier, entries } = await detail('SWB-TICKET');
    assert.equal(earlier, true);
    assert.equal(entries.at(-1)?.id, idAt(1249, 'm'));
    assert.equal(entries.length, 200);
    assert.equal((await detail('SWB-ORDER')).earlier, false);
  });

  it('answers unchanged if nothing has changed', async () => {
    const again = async (mark: string) => conversationDetail([broker(store)], 'SWB-TICKET', nameOf, readPayload, mark);
    const { mark } = await detail('SWB-TICKET');
    assert.deepEqual(await again(mark), { mark, unchanged: true });
    await store.commit([{ kind: 'message', record: message(1, 'SWB-ORDER', 'sn1', 'req1', { key: 'other', id: idAt(7, 'm') }) }]);
    assert.equal((await again(mark))?.unchanged, true, 'of another conversation');
    const changed = (await store.delivery(idAt(900, 'd'))) ?? assert.fail();
    await store.commit([{ kind: 'delivery', record: { ...changed, state: 'skipped' } }]);
    assert.equal((await again(mark))?.unchanged, undefined);
  });

  it('is undefined for an unknown conversation', async () => assert.equal(await detail('SWB-NONE'), undefined));
});
