import assert from 'node:assert/strict';
import { allOf, cursorOf } from '../../../src/store/pages.js';
import type { ListQuery } from '../../../src/store/store.js';
import { conversation, delivery, link, message } from '../records.js';
import { ids, type TestedStore } from './tested-store.js';

/** What every store lists and counts. */
export function listContract(at: TestedStore): void {
  const { commit, put } = at;

  describe('lists', () => {
    const all: ListQuery = { limit: 100 };
    beforeEach(async () => {
      await commit(
        {
          kind: 'conversation',
          record: conversation('c1', {
            links: [link('0c5f', { number: 'INC0010001' }), link('TT-77', { endpoint: 'csp', entityType: 'troubleTicket' })],
          }),
        },
        {
          kind: 'conversation',
          record: conversation('c2', { state: 'closed', links: [link('9aa0', { number: 'INC0010002' })] }),
        },
        { kind: 'message', record: message('m1', { conversation: 'c1', entityId: '0c5f', number: 'INC0010001' }) },
        { kind: 'message', record: message('m2', { endpoint: 'csp', conversation: 'c1', entityId: 'TT-77' }) },
        { kind: 'message', record: message('m3', { state: 'failed', conversation: 'c2', entityId: '9aa0' }) },
        { kind: 'message', record: message('M4', { state: 'settled', outcome: 'unrouted', number: 'CHG1' }) },
        { kind: 'delivery', record: delivery('d1', { message: 'm1' }) },
        {
          kind: 'delivery',
          record: delivery('d2', { message: 'm3', conversation: 'c2', state: 'delivered', number: 'TT-78' }),
        },
        { kind: 'delivery', record: delivery('d3', { message: 'm1', endpoint: 'jira', state: 'failed' }) },
      );
    });

    it('lists newest first, page by page', async () => {
      assert.deepEqual(ids(await at.store.listMessages({ limit: 2 })), ['m3', 'm2']);
      assert.deepEqual(ids(await at.store.listMessages({ limit: 2, before: 'm2' })), ['m1', 'M4']);
      assert.deepEqual(ids(await at.store.listMessages({ limit: 2, before: 'M4' })), []);
      assert.deepEqual(ids(await at.store.listMessages({ limit: 0 })), []);
      assert.deepEqual(ids(await at.store.listConversations(all)), ['c2', 'c1']);
      assert.deepEqual(ids(await at.store.listDeliveries(all)), ['d3', 'd2', 'd1']);
    });

    it('lists conversations by their last change, page by page', async () => {
      await put.conversation('c1', { version: 1, updatedAt: '2026-03-02T10:00:00.000Z' });
      await put.conversation('c3', { updatedAt: '2026-03-01T09:00:00.000Z' });
      assert.deepEqual(ids(await at.store.listConversations(all)), ['c1', 'c2', 'c3']);
      const [first] = await at.store.listConversations({ limit: 1 });
      assert.deepEqual(ids(await at.store.listConversations({ limit: 2, before: cursorOf(first!) })), ['c2', 'c3']);
      await at.restart();
      assert.deepEqual(ids(await allOf((next) => at.store.listConversations(next), 1)), ['c1', 'c2', 'c3']);
    });

    it('filters by state, endpoint, conversation and message', async () => {
      assert.deepEqual(ids(await at.store.listMessages({ ...all, states: ['failed', 'settled'] })), ['m3', 'M4']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, states: [] })), []);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, endpoint: 'csp' })), ['m2']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, conversation: 'c1' })), ['m2', 'm1']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, conversation: 'c1', endpoint: 'acme' })), ['m1']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, message: 'm3' })), ['m3']);
      assert.deepEqual(ids(await at.store.listDeliveries({ ...all, message: 'm1' })), ['d3', 'd1']);
      assert.deepEqual(ids(await at.store.listDeliveries({ ...all, message: 'm1', states: ['failed'] })), ['d3']);
      assert.deepEqual(ids(await at.store.listDeliveries({ ...all, conversation: 'c2', endpoint: 'csp' })), ['d2']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, states: ['open'] })), ['c1']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, endpoint: 'csp' })), ['c1']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, message: 'm3' })), ['c2']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, message: 'M4' })), []);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, conversation: 'c2', states: ['open'] })), []);
    });

    it('filters by entity type, by outcome, and by a range of ids', async () => {
      assert.deepEqual(ids(await at.store.listMessages({ ...all, entityType: 'troubleTicket' })), []);
      await put.message('m5', { entityType: 'change', state: 'settled', outcome: 'ignored' });
      assert.deepEqual(ids(await at.store.listMessages({ ...all, entityType: 'change' })), ['m5']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, entityType: 'incident', states: ['failed'] })), ['m3']);
      assert.deepEqual(ids(await at.store.listDeliveries({ ...all, entityType: 'troubleTicket' })), ['d3', 'd2', 'd1']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, entityType: 'troubleTicket' })), ['c1']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, entityType: 'troubleTicket', endpoint: 'acme' })), []);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, outcomes: ['unrouted'] })), ['M4']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, outcomes: ['unrouted', 'ignored'] })), ['m5', 'M4']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, outcomes: [] })), []);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, from: 'm2' })), ['m5', 'm3', 'm2']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, from: 'm2', before: 'm3' })), ['m2']);
      assert.deepEqual(ids(await at.store.listDeliveries({ ...all, from: 'd2', search: 'swb-' })), ['d3', 'd2']);
      await put.message('m5', { version: 1, entityType: 'change', state: 'settled', outcome: 'unrouted' });
      assert.deepEqual(ids(await at.store.listMessages({ ...all, outcomes: ['unrouted'] })), ['m5', 'M4']);
    });

    it('finds a conversation by the reference that one of its entities carries', async () => {
      await put.conversation('c9', { reference: 'SWB-7K3M9Q2X4F6A' });
      await put.message('m9', { conversation: 'c9' });
      for (const search of ['SWB-7K3M9Q2X4F6A/mobile', ' swb-7k3m9q2x4f6a/mobile/2', 'SWB-7K3M9Q2X4F6A/']) {
        assert.deepEqual(ids(await at.store.listConversations({ ...all, search })), ['c9'], search);
        assert.deepEqual(ids(await at.store.listMessages({ ...all, search })), ['m9'], search);
      }
    });

    it('finds by prefixes of the words of a title, in any order', async () => {
      await put.conversation('c2', { version: 1, state: 'closed', title: 'Leitung nach Gent: 4711 größer, kein Ton' });
      await put.conversation('c3', { title: 'Leitung 4712' });
      for (const [search, found] of [
        ['leitung', ['c3', 'c2']],
        ['LEIT', ['c3', 'c2']],
        ['ton gent', ['c2']],
        ['gent: leitung', ['c2']],
        ['471', ['c3', 'c2']],
        ['4712 gent', []],
        ['größ', ['c2']],
        ['itung', []],
      ] as const) {
        assert.deepEqual(ids(await at.store.listConversations({ ...all, search })), found, search);
      }
      await put.conversation('c2', { version: 2, state: 'closed', title: 'Alles gut' });
      assert.deepEqual(ids(await at.store.listConversations({ ...all, search: 'leitung' })), ['c3']);
      await put.message('m6', { conversation: 'c3' });
      assert.deepEqual(ids(await at.store.listMessages({ ...all, search: 'leitung' })), ['m6']);
      await at.restart();
      assert.deepEqual(ids(await at.store.listConversations({ ...all, search: 'alles' })), ['c2']);
    });

    it('finds conversations by prefixes of any party’s id or number, of the reference and of the id, case-insensitively', async () => {
      for (const [search, found] of [
        ['inc001', ['c2', 'c1']],
        ['INC0010002', ['c2']],
        ['tt-77', ['c1']],
        ['0C5', ['c1']],
        ['swb-c2', ['c2']],
        ['C1', ['c1']],
        [' inc0010001 ', ['c1']],
        ['010001', []],
        ['TT-78', []],
        ['', ['c2', 'c1']],
      ] as const) {
        assert.deepEqual(ids(await at.store.listConversations({ ...all, search })), found, search);
      }
    });

    it('finds messages and deliveries by their own numbers and by those of their conversation', async () => {
      for (const [search, messages, deliveries] of [
        ['TT-77', ['m2', 'm1'], ['d3', 'd1']],
        ['inc0010002', ['m3'], ['d2']],
        ['SWB-C1', ['m2', 'm1'], ['d3', 'd1']],
        ['c2', ['m3'], ['d2']],
        ['m', ['m3', 'm2', 'm1', 'M4'], []],
        ['m4', ['M4'], []],
        ['chg', ['M4'], []],
        ['tt-78', [], ['d2']],
        ['D3', [], ['d3']],
      ] as const) {
        assert.deepEqual(ids(await at.store.listMessages({ ...all, search })), messages, search);
        assert.deepEqual(ids(await at.store.listDeliveries({ ...all, search })), deliveries, search);
      }
    });

    it('combines search with the other filters and with paging', async () => {
      assert.deepEqual(ids(await at.store.listMessages({ ...all, search: 'swb-', endpoint: 'acme' })), ['m3', 'm1']);
      assert.deepEqual(ids(await at.store.listMessages({ limit: 1, search: 'swb-', before: 'm3' })), ['m2']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, search: 'swb-', conversation: 'c2' })), ['m3']);
      assert.deepEqual(ids(await at.store.listConversations({ ...all, search: 'inc', states: ['closed'] })), ['c2']);
    });

    it('finds numbers that are added later or change', async () => {
      await put.message('M4', { version: 1, state: 'settled', number: 'CHG2', conversation: 'c2' });
      assert.deepEqual(ids(await at.store.listMessages({ ...all, search: 'chg1' })), []);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, search: 'chg2' })), ['M4']);
      assert.deepEqual(ids(await at.store.listMessages({ ...all, conversation: 'c2' })), ['m3', 'M4']);
    });

    it('counts records by state, and settled messages that reached no out node', async () => {
      const counts = {
        messages: { received: 2, settled: 1, failed: 1, needsDecision: 0, skipped: 0 },
        deliveries: { pending: 1, sending: 0, inDoubt: 0, delivered: 1, failed: 1, needsDecision: 0, skipped: 0, merged: 0 },
        conversations: { open: 1, closed: 1 },
        unrouted: 1,
        warned: { messages: 0, deliveries: 0 },
        waiting: { csp: 1 },
      };
      assert.deepEqual(await at.store.counts(), counts);
      await at.restart();
      assert.deepEqual(await at.store.counts(), counts);
      await put.message('M4', { version: 1, state: 'received' });
      await put.delivery('d1', { version: 1, message: 'm1', state: 'delivered' });
      assert.deepEqual((await at.store.counts()).waiting, {});
      await put.message('M4', { version: 2, state: 'received', notBefore: 5 });
      assert.deepEqual((await at.store.counts()).waiting, { acme: 1 }, 'its record could not be read yet');
      await put.message('M4', { version: 3, state: 'received' });
      assert.deepEqual((await at.store.counts()).waiting, {});
      await put.message('m3', { version: 1, state: 'needsDecision' });
      await put.delivery('d3', { version: 1, state: 'needsDecision' });
      assert.deepEqual((await at.store.counts()).messages, { received: 3, settled: 0, failed: 0, needsDecision: 1, skipped: 0 });
      assert.equal((await at.store.counts()).deliveries.needsDecision, 1);
      assert.equal((await at.store.counts()).unrouted, 0);
    });

    it('knows the oldest message of each queue, and what has waited longest for each endpoint, also after a restart', async () => {
      const waiting = await at.store.oldestWaiting();
      await put.message('a0', { entityType: 'queued' });
      await put.message('a1', { entityType: 'queued' });
      await put.message('a15', { entityType: 'queued', endpoint: 'unread', notBefore: 5 });
      await put.delivery('a2', { endpoint: 'other', conversation: 'c9' });
      await put.delivery('a3', { endpoint: 'other', conversation: 'c9', part: 'comment:1', state: 'inDoubt' });
      const more = {
        queues: { ...waiting.queues, 'acme|queued': 'a0', 'unread|queued': 'a15' },
        endpoints: { ...waiting.endpoints, other: 'a2', unread: 'a15' },
      };
      assert.deepEqual(await at.store.oldestWaiting(), more);
      await at.restart();
      assert.deepEqual(await at.store.oldestWaiting(), more);
      await put.message('a0', { version: 1, entityType: 'queued', state: 'settled' });
      await put.delivery('a2', { version: 1, endpoint: 'other', conversation: 'c9', state: 'failed', blocking: true });
      const { queues, endpoints } = await at.store.oldestWaiting();
      assert.deepEqual([queues['acme|queued'], endpoints.other], ['a1', 'a3'], 'a failed one does not wait');
    });
  });

  describe('warnings', () => {
    const all: ListQuery = { limit: 100 };
    const said = { code: 'SWB_PARTNER_DROPPED', message: 'severity', at: '2026-03-01T10:00:00.000Z' };
    const seen = { ...said, seen: { at: '2026-03-01T11:00:00.000Z', by: 'ann' } };
    const settled = { state: 'settled', outcome: 'routed' } as const;
    const lists = async (query: Partial<ListQuery>) => [
      ids(await at.store.listMessages({ ...all, ...query })),
      ids(await at.store.listDeliveries({ ...all, ...query })),
    ];
    const warned = async () => (await at.store.counts()).warned;
    beforeEach(() =>
      commit(
        { kind: 'conversation', record: conversation('c1') },
        { kind: 'message', record: message('m1', { ...settled, warning: { ...said, code: 'SWB_UNMAPPED' } }) },
        { kind: 'message', record: message('m2', { ...settled, conversation: 'c1', warning: seen }) },
        { kind: 'message', record: message('m3', settled) },
        { kind: 'message', record: message('m4', { state: 'failed', error: said, warning: said }) },
        { kind: 'delivery', record: delivery('d1', { state: 'delivered', error: said }) },
        { kind: 'delivery', record: delivery('d2', { state: 'delivered', error: said, endpoint: 'jira' }) },
        { kind: 'delivery', record: delivery('d3', { state: 'delivered' }) },
        { kind: 'delivery', record: delivery('d4', { state: 'failed', error: said }) },
        { kind: 'delivery', record: delivery('d5', { state: 'inDoubt', error: said }) },
      ),
    );

    it('lists records with a warning, whatever its code, and those whose warning is not acknowledged', async () => {
      for (const restart of [false, true]) {
        if (restart) await at.restart();
        assert.deepEqual(await lists({ warned: true }), [
          ['m2', 'm1'],
          ['d2', 'd1'],
        ]);
        assert.deepEqual(await lists({ warned: 'unseen' }), [['m1'], ['d2', 'd1']]);
        assert.deepEqual(await lists({ warned: true, conversation: 'c1' }), [['m2'], ['d2', 'd1']]);
        assert.deepEqual(await lists({ warned: true, endpoint: 'jira' }), [[], ['d2']]);
        assert.deepEqual(await lists({ warned: true, states: ['failed'] }), [[], []]);
        assert.deepEqual(await lists({ warned: true, search: 'sys-m' }), [['m2', 'm1'], []]);
        assert.deepEqual(await lists({ warned: true, limit: 1, before: 'd2' }), [[], ['d1']]);
        assert.deepEqual(ids(await at.store.listConversations({ ...all, warned: true })), ['c1'], 'conversations have none');
      }
    });

    it('counts unacknowledged warnings, and counts again after a new warning', async () => {
      assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
      await at.restart();
      assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
      await put.message('m1', { version: 1, ...settled, warning: seen });
      await put.delivery('d1', { version: 1, state: 'delivered', error: seen });
      assert.deepEqual(await warned(), { messages: 0, deliveries: 1 });
      assert.deepEqual(await lists({ warned: 'unseen' }), [[], ['d2']]);
      assert.deepEqual(await lists({ warned: true }), [
        ['m2', 'm1'],
        ['d2', 'd1'],
      ]);
      await at.restart();
      assert.deepEqual(await warned(), { messages: 0, deliveries: 1 });
      await put.message('m1', { version: 2, state: 'received' });
      assert.deepEqual(await lists({ warned: true }), [['m2'], ['d2', 'd1']]);
      await put.message('m1', { version: 3, ...settled, warning: said });
      await put.delivery('d5', { version: 1, state: 'delivered', error: said });
      assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
    });
  });
}
