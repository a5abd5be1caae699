import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countAll, type Desk, listMessages, messageView } from '../../../nodes/sidebar/view-model.js';
import type { Filter, Query } from '../../../nodes/sidebar/views.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import { message, seedStore } from './seed.js';

const NAMES: Record<string, string> = { sn1: 'Acme ServiceNow', tmf1: 'North Telecom' };
const nameOf = (id: string) => NAMES[id] ?? id;
const query = (more: Partial<Query> = {}): Query => ({ search: '', state: 'all', limit: 50, ...more });

describe('the messages view', () => {
  let folder: string;
  let store: LowdbStore;
  let desks: Desk[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-view-'));
    await seedStore(folder);
    store = new LowdbStore({ folder: join(folder, 'switchboard'), retentionDays: 90, retentionBytes: 1e9 });
    await store.open();
    desks = [{ id: 'store1', store }];
  });

  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

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

  it('finds the few unrouted among very many that are not', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => {
      const id = `n${String(index).padStart(5, '0')}`;
      return { kind: 'message' as const, record: message(9, { id, key: id, receivedAt: new Date().toISOString() }) };
    });
    await store.commit(many);
    const first = await listMessages(desks, query({ state: 'unrouted' }), nameOf);
    assert.equal(first.messages.length, 0, 'one page looks only so far');
    const second = await listMessages(desks, query({ state: 'unrouted', before: first.next }), nameOf);
    assert.deepEqual(
      second.messages.map((row) => row.number),
      ['INC0010025'],
    );
    assert.equal(second.next, undefined);
  });

  it('takes a cursor that makes no sense for the beginning', async () => {
    for (const before of ['x', 'bnVsbA', Buffer.from('{"a":1}').toString('base64url')])
      assert.equal((await list({ before })).length, 6);
  });

  it('shows one message with what came, what went out and whose tickets belong together', async () => {
    const view = await messageView(desks, 'm2', nameOf);
    assert.ok(view);
    assert.deepEqual(Object.keys(view.bodies), ['received']);
    assert.equal(view.conversation?.reference, 'SWB-7K3M9Q2X4F2A');
    assert.equal(view.conversation?.links[0]?.endpoint, 'Acme ServiceNow');
    const [sent] = view.sent;
    assert.deepEqual(Object.keys(sent?.bodies ?? {}), ['request', 'response']);
    assert.deepEqual(sent?.actions, ['replay', 'skip']);
    assert.deepEqual(view.actions, [], 'the message itself went through; its delivery is what failed');
    assert.equal(view.reason, sent?.error?.message);
  });

  it('names a record by its number where only the conversation knows it', async () => {
    await store.commit([{ kind: 'message', record: message(1, { id: 'p1', key: 'p1', number: undefined, conversation: 'c1' }) }]);
    assert.equal((await messageView(desks, 'p1', nameOf))?.number, 'INC0010021');
  });

  it('shows what was sent apart from how it was made', async () => {
    const sent = (await messageView(desks, 'm3', nameOf))?.sent[0]?.bodies;
    assert.deepEqual(Object.keys(sent ?? {}), ['request', 'made']);
    assert.deepEqual(sent?.made, { changed: ['name'] });
  });

  it('offers what the broker would do, and no more', async () => {
    const actions = async (id: string) => (await messageView(desks, id, nameOf))?.actions;
    assert.deepEqual(await actions('m6'), ['replay', 'skip'], 'failed');
    assert.deepEqual(await actions('m5'), ['replay'], 'unrouted');
    assert.deepEqual(await actions('m4'), [], 'ignored');
  });

  it('does not know what is not there', async () => assert.equal(await messageView(desks, 'm99', nameOf), undefined));

  it('counts what needs a person over all stores', async () => {
    assert.deepEqual(await countAll([...desks, ...desks]), { problems: 4, waiting: 0, unrouted: 2, conversations: 6 });
  });
});
