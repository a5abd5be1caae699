import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { allOf, cursorOf } from '../../src/store/pages.js';
import { type Change, type ChangeNotice, type ListQuery, MAX_WAIT, type Store } from '../../src/store/store.js';
import { DELIVERY_TRANSITIONS, MESSAGE_TRANSITIONS, statesAfter } from '../../src/store/transitions.js';
import { inAnyState } from './any-state.js';
import { conversation, delivery, link, message } from './records.js';

const conflict = { code: 'SWB_CONFLICT' };
const ids = (records: { id: string }[]) => records.map((record) => record.id);

/**
 * The contract of every store. `create` returns an open, empty store; `reopen` closes the given one as a restart would and opens
 * its data again.
 */
export function storeContract(name: string, create: () => Promise<Store>, reopen: (store: Store) => Promise<Store>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let store: Store;
    /** Commits changes as they are, without the states in between. */
    let commitAsIs: Store['commit'];
    let added: Map<string, number>;
    const restarted = async (before: Store) => inAnyState(await reopen(before), added);
    beforeEach(async () => {
      store = await create();
      commitAsIs = store.commit.bind(store);
      added = new Map();
      inAnyState(store, added);
    });
    afterEach(() => store.close());

    const commit = (...changes: Change[]) => store.commit(changes);
    const put = {
      message: (...args: Parameters<typeof message>) => commit({ kind: 'message', record: message(...args) }),
      delivery: (...args: Parameters<typeof delivery>) => commit({ kind: 'delivery', record: delivery(...args) }),
      conversation: (...args: Parameters<typeof conversation>) => commit({ kind: 'conversation', record: conversation(...args) }),
    };

    describe('states', () => {
      for (const [kind, table] of [
        ['message', MESSAGE_TRANSITIONS],
        ['delivery', DELIVERY_TRANSITIONS],
      ] as const) {
        it(`lets a ${kind} change its state as the table of transitions says, and refuses every other change`, async () => {
          const states = Object.keys(table).filter((state) => state !== 'new');
          let n = 0;
          for (const before of [undefined, ...states])
            for (const after of states) {
              const id = `x${n++}`;
              const make = (state: string, version: number) =>
                ({ kind, record: { ...(kind === 'message' ? message(id) : delivery(id)), state, version } }) as Change;
              if (before) await commit(make(before, 0));
              const version = (await store[kind](id))?.version ?? 0;
              const changes: Change[] = [{ kind: 'setting', key: id, value: 1 }, make(after, version)];
              const allowed = before === after || statesAfter(kind, before).includes(after);
              if (allowed) await commitAsIs(changes);
              else await assert.rejects(commitAsIs(changes), { code: 'SWB_STORE', message: new RegExp(`${kind} ${id} cannot`) });
              assert.equal((await store[kind](id))?.state, allowed ? after : before, `${before} → ${after}`);
              assert.equal(await store.setting(id), allowed ? 1 : undefined, 'the whole commit is refused');
            }
        });
      }

      it('reports a change from an older version as a conflict, whatever its state', async () => {
        await put.message('m1');
        await put.message('m1', { version: 1, state: 'settled' });
        await assert.rejects(commitAsIs([{ kind: 'message', record: message('m1', { version: 1, state: 'failed' }) }]), conflict);
      });
    });

    describe('commits', () => {
      it('returns what was committed, one version higher', async () => {
        await commit(
          { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) },
          { kind: 'message', record: message('m1', { conversation: 'c1' }) },
          { kind: 'delivery', record: delivery('d1') },
        );
        assert.deepEqual(await store.conversation('c1'), conversation('c1', { version: 1, links: [link('A')] }));
        assert.deepEqual(await store.message('m1'), message('m1', { version: 1, conversation: 'c1' }));
        assert.deepEqual(await store.delivery('d1'), delivery('d1', { version: 1 }));
      });

      it('returns nothing for unknown ids', async () => {
        assert.equal(await store.message('x'), undefined);
        assert.equal(await store.delivery('x'), undefined);
        assert.equal(await store.conversation('x'), undefined);
        assert.deepEqual(await store.bodies('message', 'x'), {});
        assert.equal(await store.setting('x'), undefined);
      });

      it('rejects a change made from an older version, and a new record whose id exists', async () => {
        await put.message('m1');
        await put.message('m1', { version: 1, state: 'failed' });
        await assert.rejects(put.message('m1', { version: 1, state: 'skipped' }), conflict);
        await assert.rejects(put.message('m1', { key: 'another' }), conflict);
        await assert.rejects(put.message('m2', { version: 3 }), conflict);
        assert.equal((await store.message('m1'))?.state, 'failed');
      });

      it('applies all changes of a commit or none', async () => {
        await put.message('m1');
        await assert.rejects(
          commit(
            { kind: 'setting', key: 'watermark', value: 1 },
            { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) },
            { kind: 'delivery', record: delivery('d1') },
            { kind: 'message', record: message('m1', { version: 7 }) },
          ),
          conflict,
        );
        assert.equal(await store.setting('watermark'), undefined);
        assert.equal(await store.conversation('c1'), undefined);
        assert.equal(await store.conversationByLink('acme', 'incident', 'A'), undefined);
        assert.deepEqual(await store.claimDeliveries('csp', 5, 0), []);
        assert.equal((await store.counts()).deliveries.pending, 0);
      });

      it('sees earlier changes of the same commit', async () => {
        await commit(
          { kind: 'message', record: message('m1') },
          { kind: 'message', record: message('m1', { version: 1, emissions: 1 }) },
        );
        assert.equal((await store.message('m1'))?.version, 2);
      });

      it('keeps its own copy: later changes of a committed or returned object have no effect on it', async () => {
        const record = message('m1');
        await commit({ kind: 'message', record });
        record.number = 'changed';
        const read = await store.message('m1');
        assert.equal(read?.number, undefined);
        assert.equal((await store.message('m1'))?.entityId, 'sys-m1');
      });

      it('makes a non-durable commit visible immediately, and durable with the next durable one', async () => {
        await store.commit([{ kind: 'message', record: message('m1') }], { durable: false });
        assert.equal((await store.message('m1'))?.version, 1);
        await put.message('m2');
        store = await restarted(store);
        assert.equal((await store.message('m1'))?.version, 1);
      });

      it('rejects data that is not JSON, and applies nothing of that commit', async () => {
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        await assert.rejects(
          commit(
            { kind: 'message', record: message('m0') },
            { kind: 'message', record: message('m1'), bodies: { received: circle } },
          ),
          { code: 'SWB_PAYLOAD' },
        );
        assert.equal(await store.message('m0'), undefined);
      });

      it('rejects all calls when closed', async () => {
        await store.close();
        await assert.rejects(put.message('m1'), { code: 'SWB_CLOSED' });
        await assert.rejects(store.message('m1'), { code: 'SWB_CLOSED' });
        await assert.rejects(store.claimMessages('in-1', 1, 0), { code: 'SWB_CLOSED' });
      });

      it('keeps everything over a restart', async () => {
        await commit(
          { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) },
          { kind: 'message', record: message('m1', { conversation: 'c1' }), bodies: { received: { text: 'Größe 漢字 🙂\n' } } },
          { kind: 'delivery', record: delivery('d1'), bodies: { request: [1, null, 'x'] } },
          { kind: 'setting', key: 'watermark', value: { at: 'now' } },
        );
        const before = await everything(store);
        store = await restarted(store);
        assert.deepEqual(await everything(store), before);
        assert.deepEqual(await store.bodies('message', 'm1'), { received: { text: 'Größe 漢字 🙂\n' } });
        assert.deepEqual(await store.bodies('delivery', 'd1'), { request: [1, null, 'x'] });
        assert.equal((await store.conversationByLink('acme', 'incident', 'A'))?.id, 'c1');
        await assert.rejects(put.message('m9', { key: 'm1' }), conflict);
      });
    });

    describe('bodies', () => {
      it('merges bodies by name', async () => {
        await commit({ kind: 'message', record: message('m1'), bodies: { received: { a: 1 } } });
        await commit({ kind: 'message', record: message('m1', { version: 1 }), bodies: { read: 'text', nothing: undefined } });
        await commit({ kind: 'message', record: message('m1', { version: 2 }) });
        assert.deepEqual(await store.bodies('message', 'm1'), { received: { a: 1 }, read: 'text' });
        await commit({ kind: 'message', record: message('m1', { version: 3 }), bodies: { received: null } });
        assert.deepEqual(await store.bodies('message', 'm1'), { received: null, read: 'text' });
      });

      it('can be read before the commit is durable', async () => {
        const body = { long: 'x'.repeat(100_000) };
        await store.commit([{ kind: 'message', record: message('m1'), bodies: { received: body } }], { durable: false });
        assert.deepEqual(await store.bodies('message', 'm1'), { received: body });
      });
    });

    describe('de-duplication', () => {
      it('skips a message whose node and key are known, and reports it', async () => {
        await put.message('m1', { key: 'k' });
        const again: Change = { kind: 'message', record: message('m2', { key: 'k' }), bodies: { received: 1 }, ifAbsent: true };
        assert.deepEqual(await commit(again, { kind: 'setting', key: 's', value: 1 }), {
          skipped: ['m2'],
          started: [],
        });
        assert.equal(await store.message('m2'), undefined);
        assert.equal(await store.setting('s'), 1);
        assert.deepEqual((await commit({ ...again, record: message('m3', { key: 'k', node: 'in-2' }) })).skipped, []);
      });

      it('skips a record that was committed before, whatever its state is now', async () => {
        const same: Change = { kind: 'message', record: message('m1'), ifAbsent: true };
        await commit(same);
        await put.message('m1', { version: 1, state: 'settled', outcome: 'ignored' });
        assert.deepEqual((await commit(same)).skipped, ['m1']);
        assert.equal((await store.message('m1'))?.version, 2);
      });

      it('skips a delivery whose message, node, leg and part are known', async () => {
        const first = { part: 'entity', leg: 'a' };
        await put.delivery('d1', first);
        const again = (id: string, changes: object): Change => ({
          kind: 'delivery',
          record: delivery(id, { ...first, ...changes }),
          ifAbsent: true,
        });
        assert.deepEqual((await commit(again('d2', {}))).skipped, ['d2']);
        assert.deepEqual((await commit(again('d3', { leg: 'b' }), again('d4', { leg: 'b' }))).skipped, ['d4']);
        assert.deepEqual((await commit(again('d5', { message: 'm2' }), again('d6', { part: 'comment:1' }))).skipped, []);
      });

      it('rejects a known key without ifAbsent', async () => {
        await put.message('m1', { key: 'k' });
        await assert.rejects(put.message('m2', { key: 'k' }), conflict);
        await put.delivery('d1', { part: 'entity' });
        await assert.rejects(put.delivery('d2', { part: 'entity' }), conflict);
      });
    });

    describe('conversations', () => {
      it('finds a conversation by any link and by its reference', async () => {
        await put.conversation('c1', { links: [link('A'), link('B', { endpoint: 'csp', entityType: 'troubleTicket' })] });
        assert.equal((await store.conversationByLink('csp', 'troubleTicket', 'B'))?.id, 'c1');
        assert.equal((await store.conversationByReference('SWB-C1'))?.id, 'c1');
        assert.equal(await store.conversationByLink('csp', 'incident', 'B'), undefined);
      });

      it('finds a conversation by its aliases, which belong to this conversation only', async () => {
        await put.conversation('c1', { aliases: ['SWB-OLD', 'SWB-OLDER'] });
        for (const reference of ['SWB-C1', 'SWB-OLD', 'SWB-OLDER'])
          assert.equal((await store.conversationByReference(reference))?.id, 'c1', reference);
        assert.deepEqual(ids(await store.listConversations({ search: 'swb-older', limit: 10 })), ['c1']);
        await assert.rejects(put.conversation('c2', { reference: 'SWB-OLD' }), conflict);
        await assert.rejects(put.conversation('c2', { aliases: ['SWB-C1'] }), conflict);
        await put.conversation('c1', { version: 1 });
        assert.equal(await store.conversationByReference('SWB-OLD'), undefined);
        store = await restarted(store);
        assert.equal(await store.conversationByReference('SWB-OLDER'), undefined);
      });

      it('removes a conversation only together with the commit that moves its links to another one', async () => {
        await put.conversation('c1', { links: [link('A')] });
        await put.conversation('c2', { links: [link('B')] });
        await commit({ kind: 'message', record: message('m1', { conversation: 'c2' }) });
        const takesOver: Change = {
          kind: 'conversation',
          record: conversation('c1', { version: 1, links: [link('A'), link('B')], aliases: ['SWB-C2'] }),
        };
        const gone = (version: number): Change => ({ kind: 'conversation', record: conversation('c2', { version }), gone: true });
        await assert.rejects(commit(takesOver, gone(1)), conflict, 'in this order the link is still the other one’s');
        await assert.rejects(commit(gone(2), takesOver), conflict, 'made from another version');
        assert.deepEqual((await store.conversation('c1'))?.links, [link('A')]);
        await commit(gone(1), takesOver, { kind: 'message', record: message('m1', { version: 1, conversation: 'c1' }) });
        for (let again = 0; again < 2; again++) {
          assert.equal(await store.conversation('c2'), undefined);
          assert.equal((await store.conversationByLink('acme', 'incident', 'B'))?.id, 'c1');
          assert.equal((await store.conversationByReference('SWB-C2'))?.id, 'c1');
          assert.deepEqual(ids(await store.listMessages({ conversation: 'c1', limit: 10 })), ['m1']);
          assert.deepEqual(await store.listMessages({ conversation: 'c2', limit: 10 }), []);
          assert.deepEqual((await store.counts()).conversations, { open: 1, closed: 0 });
          store = await restarted(store);
        }
        await commit(
          { kind: 'conversation', record: conversation('c1', { version: 2, links: [link('A')] }) },
          { kind: 'conversation', record: conversation('c2', { links: [link('B')] }) },
        );
        assert.equal((await store.conversation('c2'))?.version, 1, 'it may come back, as a new one');
      });

      it('lets a link and a reference belong to one conversation only', async () => {
        await put.conversation('c1', { links: [link('A')] });
        await assert.rejects(put.conversation('c2', { links: [link('A')] }), conflict);
        await assert.rejects(put.conversation('c2', { reference: 'SWB-C1' }), conflict);
        await put.conversation('c1', { version: 1, links: [link('B')] });
        await put.conversation('c2', { links: [link('A')] });
        assert.equal((await store.conversationByLink('acme', 'incident', 'A'))?.id, 'c2');
        assert.equal((await store.conversationByLink('acme', 'incident', 'B'))?.id, 'c1');
      });

      it('lists the deliveries of a conversation that are still to be sent, oldest first', async () => {
        await put.delivery('d3');
        await put.delivery('d1', { state: 'inDoubt' });
        await put.delivery('d2', { state: 'delivered' });
        await put.delivery('d4', { state: 'failed' });
        await put.delivery('d5', { conversation: 'c2' });
        await put.delivery('d6', { state: 'sending' });
        await put.delivery('d7', { state: 'needsDecision' });
        assert.deepEqual(ids(await store.openDeliveries('c1')), ['d1', 'd3', 'd6']);
        await put.delivery('d3', { version: 1, state: 'skipped' });
        assert.deepEqual(ids(await store.openDeliveries('c1')), ['d1', 'd6']);
      });
    });

    describe('settings', () => {
      it('sets, replaces and removes settings, also over a restart', async () => {
        await commit({ kind: 'setting', key: 'a', value: [1] }, { kind: 'setting', key: 'b', value: null });
        await commit({ kind: 'setting', key: 'a', value: 'new' }, { kind: 'setting', key: 'b', value: undefined });
        await commit({ kind: 'setting', key: 'c', value: false });
        store = await restarted(store);
        assert.equal(await store.setting('a'), 'new');
        assert.equal(await store.setting('b'), undefined);
        assert.equal(await store.setting('c'), false);
      });

      it('have versions: a change made from another one is rejected, with all changes of its commit', async () => {
        assert.equal(await store.settingVersion('a'), 0);
        await commit({ kind: 'setting', key: 'a', value: 1, version: 0 });
        await commit({ kind: 'setting', key: 'a', value: 2 });
        assert.equal(await store.settingVersion('a'), 2);
        await assert.rejects(
          commit({ kind: 'message', record: message('m1') }, { kind: 'setting', key: 'a', value: 3, version: 1 }),
          conflict,
        );
        store = await restarted(store);
        assert.equal(await store.settingVersion('a'), 2);
        assert.equal(await store.message('m1'), undefined);
        await commit({ kind: 'setting', key: 'a', value: 3, version: 2 });
        assert.equal(await store.setting('a'), 3);
      });
    });

    describe('claiming messages', () => {
      it('returns the received messages of a node, oldest first, each once until it is released', async () => {
        for (const id of ['m2', 'm1', 'm3']) await put.message(id);
        await put.message('m4', { node: 'in-2' });
        await put.message('m5', { state: 'failed' });
        await put.message('m6', { state: 'needsDecision', decision: 'legFailed' });
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), ['m1', 'm2']);
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), ['m3']);
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), []);
        await store.release('message', ['m2', 'm1', 'unknown']);
        assert.deepEqual(ids(await store.claimMessages('in-1', 9, 0)), ['m1', 'm2']);
      });

      it('waits for notBefore and reports the next due time', async () => {
        await put.message('m1', { notBefore: 2000 });
        await put.message('m2', { notBefore: 1000 });
        assert.equal(await store.nextDue('message', 'in-1'), 1000);
        assert.deepEqual(await store.claimMessages('in-1', 5, 999), []);
        assert.deepEqual(ids(await store.claimMessages('in-1', 5, 1000)), ['m2']);
        assert.equal(await store.nextDue('message', 'in-1'), 2000);
        assert.deepEqual(ids(await store.claimMessages('in-1', 5, 3000)), ['m1']);
        assert.equal(await store.nextDue('message', 'in-1'), undefined);
        assert.equal(await store.nextDue('message', 'nobody'), undefined);
      });

      it('keeps the lease over commits; settled messages are not claimed again', async () => {
        await put.message('m1');
        await put.message('m2');
        await store.claimMessages('in-1', 2, 0);
        await put.message('m1', { version: 1, emissions: 1 });
        assert.deepEqual(await store.claimMessages('in-1', 2, 0), []);
        await put.message('m2', { version: 1, state: 'settled', outcome: 'routed' });
        await store.release('message', ['m1', 'm2']);
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), ['m1']);
      });

      it('returns a failed message again when it is set back to received', async () => {
        await put.message('m1', { state: 'failed' });
        await put.message('m1', { version: 1, state: 'received' });
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), ['m1']);
      });

      it('returns leased messages again after a restart', async () => {
        await put.message('m1');
        await store.claimMessages('in-1', 2, 0);
        store = await restarted(store);
        assert.deepEqual(ids(await store.claimMessages('in-1', 2, 0)), ['m1']);
      });
    });

    describe('claiming deliveries', () => {
      it('returns only the oldest delivery of each lane, and several lanes in parallel', async () => {
        await put.delivery('d2');
        await put.delivery('d1');
        await put.delivery('d3', { conversation: 'c2' });
        await put.delivery('d4', { endpoint: 'other' });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1', 'd3']);
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), []);
        assert.deepEqual(ids(await store.claimDeliveries('other', 9, 0)), ['d4']);
      });

      it('returns the next delivery of a lane only after the previous one is finished and released', async () => {
        await put.delivery('d1');
        await put.delivery('d2');
        await store.claimDeliveries('csp', 9, 0);
        await put.delivery('d1', { version: 1, state: 'delivered' });
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), [], 'the lease lasts until release');
        await store.release('delivery', ['d1']);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d2']);
      });

      it('returns an older delivery first, even if it was committed later', async () => {
        await put.delivery('d2');
        await put.delivery('d1');
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1']);
      });

      it('claims deliveries in doubt and those a crash left in sending', async () => {
        await put.delivery('d1', { state: 'sending' });
        await put.delivery('d2', { state: 'inDoubt', conversation: 'c2' });
        store = await restarted(store);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1', 'd2']);
      });

      it('blocks a lane while its oldest delivery is not due, and reports the next due time', async () => {
        await put.delivery('d1', { notBefore: 1000 });
        await put.delivery('d2', { notBefore: 500 });
        await put.delivery('d3', { conversation: 'c2', notBefore: 3000 });
        assert.deepEqual(await store.claimDeliveries('csp', 9, 999), []);
        assert.equal(await store.nextDue('delivery', 'csp'), 1000);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 1000)), ['d1']);
        assert.equal(await store.nextDue('delivery', 'csp'), 3000);
        await put.delivery('d1', { version: 1, state: 'pending', notBefore: 7000 });
        await store.release('delivery', ['d1']);
        await put.delivery('d3', { version: 1, conversation: 'c2', state: 'skipped' });
        assert.equal(await store.nextDue('delivery', 'csp'), 7000);
        assert.equal(await store.nextDue('delivery', 'nobody'), undefined);
      });

      it('blocks a lane while its oldest delivery needs a link', async () => {
        await put.delivery('d1', { waitsFor: 'link' });
        await put.delivery('d2');
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), []);
        assert.equal(await store.nextDue('delivery', 'csp'), undefined);
        await put.delivery('d1', { version: 1, waitsFor: undefined });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1']);
      });

      it('blocks the newer deliveries of a lane after a blocking failure, but not the older ones', async () => {
        await put.delivery('d1');
        await put.delivery('d2', { state: 'failed', blocking: true });
        await put.delivery('d3');
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1']);
        await put.delivery('d1', { version: 1, state: 'delivered' });
        await store.release('delivery', ['d1']);
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), []);
        await put.delivery('d2', { version: 1, state: 'skipped', blocking: true });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d3']);
      });

      it('continues after a failure that does not block', async () => {
        await put.delivery('d1', { state: 'failed' });
        await put.delivery('d2');
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d2']);
      });

      it('blocks a lane after a blocking delivery that needs a decision, and never claims that delivery', async () => {
        await put.delivery('d1', { state: 'needsDecision', decision: 'unresolved', blocking: true });
        await put.delivery('d2');
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), []);
        assert.equal(await store.nextDue('delivery', 'csp'), undefined);
        store = await restarted(store);
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), []);
        await put.delivery('d1', { version: 1, state: 'needsDecision', decision: 'unresolved', blocking: undefined });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d2']);
        await put.delivery('d2', { version: 1, state: 'delivered' });
        await store.release('delivery', ['d2']);
        await put.delivery('d1', { version: 2, state: 'inDoubt', decision: undefined });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1'], 'it continues after the decision');
      });

      it('puts a replayed delivery before newer ones of its lane', async () => {
        await put.delivery('d1', { state: 'failed', blocking: true });
        await put.delivery('d2');
        await put.delivery('d1', { version: 1, state: 'pending' });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1']);
      });

      it('claims no more than the limit, oldest lane first', async () => {
        for (const n of ['4', '2', '3', '1']) await put.delivery(`d${n}`, { conversation: `c${n}` });
        assert.deepEqual(ids(await store.claimDeliveries('csp', 3, 0)), ['d1', 'd2', 'd3']);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 3, 0)), ['d4']);
      });
    });

    describe('starting deliveries', () => {
      const start = (id: string, changes: Parameters<typeof delivery>[1] = {}): Change => ({
        kind: 'delivery',
        record: delivery(id, changes),
        start: delivery(id, { ...changes, state: 'sending', tries: 1 }),
        ifAbsent: true,
      });
      const state = async (id: string) => (await store.delivery(id))?.state;

      it('stores a delivery that is the next of its lane as started, and leases it', async () => {
        assert.deepEqual(await commit(start('d1')), { skipped: [], started: ['d1'] });
        assert.equal(await state('d1'), 'sending');
        assert.equal((await store.delivery('d1'))?.version, 1);
        assert.deepEqual(await store.claimDeliveries('csp', 9, 0), [], 'it is leased');
        assert.deepEqual((await commit(start('d2'))).started, [], 'one of its lane is under way');
        assert.equal(await state('d2'), 'pending');
        await put.delivery('d1', { version: 1, state: 'delivered' });
        await store.release('delivery', ['d1']);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d2']);
        store = await restarted(store);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d2'], 'a lease ends with the process');
      });

      it('starts none behind an older or blocking one, or that waits, and only the first of a lane in one commit', async () => {
        await put.delivery('d1', { state: 'failed', blocking: true });
        await put.delivery('d5', { conversation: 'c2', waitsFor: 'link' });
        const started = await commit(
          start('d2'),
          start('d6', { conversation: 'c2' }),
          start('d3', { conversation: 'c3', waitsFor: 'link' }),
          start('d7', { conversation: 'c7' }),
          start('d8', { conversation: 'c7' }),
          start('d9', { conversation: 'c9', notBefore: 5 }),
        );
        assert.deepEqual(started.started, ['d7']);
        for (const id of ['d2', 'd6', 'd3', 'd8', 'd9']) assert.equal(await state(id), 'pending', id);
      });

      it('starts nothing in a commit that is rejected', async () => {
        await assert.rejects(commit(start('d1'), { kind: 'message', record: message('m1', { version: 3 }) }), conflict);
        await put.delivery('d1');
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, 0)), ['d1']);
      });
    });

    describe('after a restart', () => {
      it('remembers since when it exists, and belongs to this process', async () => {
        const { since, olderCopy } = store.memory;
        assert.ok(Math.abs(Date.parse(since) - Date.now()) < 3_600_000, since);
        assert.equal(olderCopy, false);
        await store.confirmOwnership();
        store = await restarted(store);
        assert.deepEqual(store.memory, { since, olderCopy });
        await store.confirmOwnership();
      });

      it('knows the newest id of messages and deliveries', async () => {
        assert.equal(store.newestId, undefined);
        await put.message('b1');
        assert.equal(store.newestId, 'b1');
        await put.delivery('c1');
        await put.message('a1');
        await put.conversation('z1');
        assert.equal(store.newestId, 'c1');
        await put.delivery('c1', { version: 1, state: 'delivered' });
        store = await restarted(store);
        assert.equal(store.newestId, 'c1');
      });

      it('caps waits of hours, which a clock that was set back would cause, and keeps shorter waits', async () => {
        const now = Date.now();
        const [hours, soon] = [now + 10 * 3_600_000, now + 60_000];
        await put.message('m1', { notBefore: hours });
        await put.message('m2', { node: 'in-2', notBefore: soon });
        await put.delivery('d1', { notBefore: hours });
        await put.delivery('d2', { conversation: 'c2', endpoint: 'jira', notBefore: soon });
        const due = () =>
          Promise.all([
            store.nextDue('message', 'in-1'),
            store.nextDue('delivery', 'csp'),
            store.nextDue('message', 'in-2'),
            store.nextDue('delivery', 'jira'),
          ]);
        assert.deepEqual(await due(), [hours, hours, soon, soon]);
        store = await restarted(store);
        const [message = 0, delivery = 0, ...shorter] = await due();
        for (const time of [message, delivery])
          assert.ok(time >= now + MAX_WAIT && time <= Date.now() + MAX_WAIT, String(time - now));
        assert.deepEqual(shorter, [soon, soon]);
        assert.deepEqual(ids(await store.claimMessages('in-1', 9, message)), ['m1']);
        assert.deepEqual(ids(await store.claimDeliveries('csp', 9, delivery)), ['d1']);
      });
    });

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
        assert.deepEqual(ids(await store.listMessages({ limit: 2 })), ['m3', 'm2']);
        assert.deepEqual(ids(await store.listMessages({ limit: 2, before: 'm2' })), ['m1', 'M4']);
        assert.deepEqual(ids(await store.listMessages({ limit: 2, before: 'M4' })), []);
        assert.deepEqual(ids(await store.listMessages({ limit: 0 })), []);
        assert.deepEqual(ids(await store.listConversations(all)), ['c2', 'c1']);
        assert.deepEqual(ids(await store.listDeliveries(all)), ['d3', 'd2', 'd1']);
      });

      it('lists conversations by their last change, page by page', async () => {
        await put.conversation('c1', { version: 1, updatedAt: '2026-03-02T10:00:00.000Z' });
        await put.conversation('c3', { updatedAt: '2026-03-01T09:00:00.000Z' });
        assert.deepEqual(ids(await store.listConversations(all)), ['c1', 'c2', 'c3']);
        const [first] = await store.listConversations({ limit: 1 });
        assert.deepEqual(ids(await store.listConversations({ limit: 2, before: cursorOf(first!) })), ['c2', 'c3']);
        store = await restarted(store);
        assert.deepEqual(ids(await allOf((next) => store.listConversations(next), 1)), ['c1', 'c2', 'c3']);
      });

      it('filters by state, endpoint, conversation and message', async () => {
        assert.deepEqual(ids(await store.listMessages({ ...all, states: ['failed', 'settled'] })), ['m3', 'M4']);
        assert.deepEqual(ids(await store.listMessages({ ...all, states: [] })), []);
        assert.deepEqual(ids(await store.listMessages({ ...all, endpoint: 'csp' })), ['m2']);
        assert.deepEqual(ids(await store.listMessages({ ...all, conversation: 'c1' })), ['m2', 'm1']);
        assert.deepEqual(ids(await store.listMessages({ ...all, conversation: 'c1', endpoint: 'acme' })), ['m1']);
        assert.deepEqual(ids(await store.listMessages({ ...all, message: 'm3' })), ['m3']);
        assert.deepEqual(ids(await store.listDeliveries({ ...all, message: 'm1' })), ['d3', 'd1']);
        assert.deepEqual(ids(await store.listDeliveries({ ...all, message: 'm1', states: ['failed'] })), ['d3']);
        assert.deepEqual(ids(await store.listDeliveries({ ...all, conversation: 'c2', endpoint: 'csp' })), ['d2']);
        assert.deepEqual(ids(await store.listConversations({ ...all, states: ['open'] })), ['c1']);
        assert.deepEqual(ids(await store.listConversations({ ...all, endpoint: 'csp' })), ['c1']);
        assert.deepEqual(ids(await store.listConversations({ ...all, message: 'm3' })), ['c2']);
        assert.deepEqual(ids(await store.listConversations({ ...all, message: 'M4' })), []);
        assert.deepEqual(ids(await store.listConversations({ ...all, conversation: 'c2', states: ['open'] })), []);
      });

      it('filters by entity type, by outcome, and by a range of ids', async () => {
        assert.deepEqual(ids(await store.listMessages({ ...all, entityType: 'troubleTicket' })), []);
        await put.message('m5', { entityType: 'change', state: 'settled', outcome: 'ignored' });
        assert.deepEqual(ids(await store.listMessages({ ...all, entityType: 'change' })), ['m5']);
        assert.deepEqual(ids(await store.listMessages({ ...all, entityType: 'incident', states: ['failed'] })), ['m3']);
        assert.deepEqual(ids(await store.listDeliveries({ ...all, entityType: 'troubleTicket' })), ['d3', 'd2', 'd1']);
        assert.deepEqual(ids(await store.listConversations({ ...all, entityType: 'troubleTicket' })), ['c1']);
        assert.deepEqual(ids(await store.listConversations({ ...all, entityType: 'troubleTicket', endpoint: 'acme' })), []);
        assert.deepEqual(ids(await store.listMessages({ ...all, outcomes: ['unrouted'] })), ['M4']);
        assert.deepEqual(ids(await store.listMessages({ ...all, outcomes: ['unrouted', 'ignored'] })), ['m5', 'M4']);
        assert.deepEqual(ids(await store.listMessages({ ...all, outcomes: [] })), []);
        assert.deepEqual(ids(await store.listMessages({ ...all, from: 'm2' })), ['m5', 'm3', 'm2']);
        assert.deepEqual(ids(await store.listMessages({ ...all, from: 'm2', before: 'm3' })), ['m2']);
        assert.deepEqual(ids(await store.listDeliveries({ ...all, from: 'd2', search: 'swb-' })), ['d3', 'd2']);
        await put.message('m5', { version: 1, entityType: 'change', state: 'settled', outcome: 'unrouted' });
        assert.deepEqual(ids(await store.listMessages({ ...all, outcomes: ['unrouted'] })), ['m5', 'M4']);
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
          assert.deepEqual(ids(await store.listConversations({ ...all, search })), found, search);
        }
        await put.conversation('c2', { version: 2, state: 'closed', title: 'Alles gut' });
        assert.deepEqual(ids(await store.listConversations({ ...all, search: 'leitung' })), ['c3']);
        await put.message('m6', { conversation: 'c3' });
        assert.deepEqual(ids(await store.listMessages({ ...all, search: 'leitung' })), ['m6']);
        store = await restarted(store);
        assert.deepEqual(ids(await store.listConversations({ ...all, search: 'alles' })), ['c2']);
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
          assert.deepEqual(ids(await store.listConversations({ ...all, search })), found, search);
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
          assert.deepEqual(ids(await store.listMessages({ ...all, search })), messages, search);
          assert.deepEqual(ids(await store.listDeliveries({ ...all, search })), deliveries, search);
        }
      });

      it('combines search with the other filters and with paging', async () => {
        assert.deepEqual(ids(await store.listMessages({ ...all, search: 'swb-', endpoint: 'acme' })), ['m3', 'm1']);
        assert.deepEqual(ids(await store.listMessages({ limit: 1, search: 'swb-', before: 'm3' })), ['m2']);
        assert.deepEqual(ids(await store.listMessages({ ...all, search: 'swb-', conversation: 'c2' })), ['m3']);
        assert.deepEqual(ids(await store.listConversations({ ...all, search: 'inc', states: ['closed'] })), ['c2']);
      });

      it('finds numbers that are added later or change', async () => {
        await put.message('M4', { version: 1, state: 'settled', number: 'CHG2', conversation: 'c2' });
        assert.deepEqual(ids(await store.listMessages({ ...all, search: 'chg1' })), []);
        assert.deepEqual(ids(await store.listMessages({ ...all, search: 'chg2' })), ['M4']);
        assert.deepEqual(ids(await store.listMessages({ ...all, conversation: 'c2' })), ['m3', 'M4']);
      });

      it('counts records by state, and settled messages that reached no out node', async () => {
        const counts = {
          messages: { received: 2, settled: 1, failed: 1, needsDecision: 0, skipped: 0 },
          deliveries: { pending: 1, sending: 0, inDoubt: 0, delivered: 1, failed: 1, needsDecision: 0, skipped: 0 },
          conversations: { open: 1, closed: 1 },
          unrouted: 1,
          warned: { messages: 0, deliveries: 0 },
          waiting: { csp: 1 },
        };
        assert.deepEqual(await store.counts(), counts);
        store = await restarted(store);
        assert.deepEqual(await store.counts(), counts);
        await put.message('M4', { version: 1, state: 'received' });
        await put.delivery('d1', { version: 1, message: 'm1', state: 'delivered' });
        assert.deepEqual((await store.counts()).waiting, {});
        await put.message('m3', { version: 1, state: 'needsDecision' });
        await put.delivery('d3', { version: 1, state: 'needsDecision' });
        assert.deepEqual((await store.counts()).messages, { received: 3, settled: 0, failed: 0, needsDecision: 1, skipped: 0 });
        assert.equal((await store.counts()).deliveries.needsDecision, 1);
        assert.equal((await store.counts()).unrouted, 0);
      });
    });

    describe('warnings', () => {
      const all: ListQuery = { limit: 100 };
      const said = { code: 'SWB_PARTNER_DROPPED', message: 'severity', at: '2026-03-01T10:00:00.000Z' };
      const seen = { ...said, seen: { at: '2026-03-01T11:00:00.000Z', by: 'ann' } };
      const settled = { state: 'settled', outcome: 'routed' } as const;
      const lists = async (query: Partial<ListQuery>) => [
        ids(await store.listMessages({ ...all, ...query })),
        ids(await store.listDeliveries({ ...all, ...query })),
      ];
      const warned = async () => (await store.counts()).warned;
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
          if (restart) store = await restarted(store);
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
          assert.deepEqual(ids(await store.listConversations({ ...all, warned: true })), ['c1'], 'conversations have none');
        }
      });

      it('counts unacknowledged warnings, and counts again after a new warning', async () => {
        assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
        store = await restarted(store);
        assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
        await put.message('m1', { version: 1, ...settled, warning: seen });
        await put.delivery('d1', { version: 1, state: 'delivered', error: seen });
        assert.deepEqual(await warned(), { messages: 0, deliveries: 1 });
        assert.deepEqual(await lists({ warned: 'unseen' }), [[], ['d2']]);
        assert.deepEqual(await lists({ warned: true }), [
          ['m2', 'm1'],
          ['d2', 'd1'],
        ]);
        store = await restarted(store);
        assert.deepEqual(await warned(), { messages: 0, deliveries: 1 });
        await put.message('m1', { version: 2, state: 'received' });
        assert.deepEqual(await lists({ warned: true }), [['m2'], ['d2', 'd1']]);
        await put.message('m1', { version: 3, ...settled, warning: said });
        await put.delivery('d5', { version: 1, state: 'delivered', error: said });
        assert.deepEqual(await warned(), { messages: 1, deliveries: 2 });
      });
    });

    describe('watching', () => {
      it('passes each listener the keys of the applied changes, without skipped ones', async () => {
        const seen: ChangeNotice[][] = [];
        const stop = store.watch((changes) => seen.push(changes));
        store.watch(() => {
          throw new Error('a listener of somebody else');
        });
        await put.message('m1');
        const again: Change = { kind: 'message', record: message('m1'), ifAbsent: true };
        await commit(again);
        await commit(again, { kind: 'setting', key: 'a', value: 1 });
        await assert.rejects(put.message('m1', { version: 9 }));
        stop();
        await put.message('m2');
        const m1 = { kind: 'message', id: 'm1', node: 'in-1', endpoint: 'acme', state: 'received', conversation: undefined };
        assert.deepEqual(seen, [[{ ...m1, warned: undefined, notBefore: undefined }], [{ kind: 'setting', key: 'a' }]]);
      });
    });

    it('has a spool folder that only its owner can read', async () => {
      const spool = await stat(store.spool);
      assert.ok(spool.isDirectory());
      if (process.platform !== 'win32') assert.equal(spool.mode & 0o777, 0o700);
    });
  });
}

/** Everything a store can return, to compare before and after. */
export async function everything(store: Store): Promise<unknown> {
  const query: ListQuery = { limit: 1_000_000 };
  const messages = await store.listMessages(query);
  const deliveries = await store.listDeliveries(query);
  return {
    messages,
    deliveries,
    conversations: await store.listConversations(query),
    counts: await store.counts(),
    bodies: await Promise.all([
      ...messages.map((record) => store.bodies('message', record.id)),
      ...deliveries.map((record) => store.bodies('delivery', record.id)),
    ]),
  };
}
