import assert from 'node:assert/strict';
import type { Change } from '../../../src/store/store.js';
import { DELIVERY_TRANSITIONS, MESSAGE_TRANSITIONS, statesAfter } from '../../../src/store/transitions.js';
import { everything } from '../everything.js';
import { conversation, delivery, link, message } from '../records.js';
import { conflict, ids, type TestedStore } from './tested-store.js';

/** What every store does with commits. */
export function commitContract(at: TestedStore): void {
  const { commit, put } = at;

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
            const version = (await at.store[kind](id))?.version ?? 0;
            const changes: Change[] = [{ kind: 'setting', key: id, value: 1 }, make(after, version)];
            const allowed = before === after || statesAfter(kind, before).includes(after);
            if (allowed) await at.commitAsIs(changes);
            else await assert.rejects(at.commitAsIs(changes), { code: 'SWB_STORE', message: new RegExp(`${kind} ${id} cannot`) });
            assert.equal((await at.store[kind](id))?.state, allowed ? after : before, `${before} → ${after}`);
            assert.equal(await at.store.setting(id), allowed ? 1 : undefined, 'the whole commit is refused');
          }
      });
    }

    it('reports a change from an older version as a conflict, whatever its state', async () => {
      await put.message('m1');
      await put.message('m1', { version: 1, state: 'settled' });
      await assert.rejects(
        at.commitAsIs([{ kind: 'message', record: message('m1', { version: 1, state: 'failed' }) }]),
        conflict,
      );
    });
  });

  describe('commits', () => {
    it('returns what was committed, one version higher', async () => {
      await commit(
        { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) },
        { kind: 'message', record: message('m1', { conversation: 'c1' }) },
        { kind: 'delivery', record: delivery('d1') },
      );
      assert.deepEqual(await at.store.conversation('c1'), conversation('c1', { version: 1, links: [link('A')] }));
      assert.deepEqual(await at.store.message('m1'), message('m1', { version: 1, conversation: 'c1' }));
      assert.deepEqual(await at.store.delivery('d1'), delivery('d1', { version: 1 }));
    });

    it('returns nothing for unknown ids', async () => {
      assert.equal(await at.store.message('x'), undefined);
      assert.equal(await at.store.delivery('x'), undefined);
      assert.equal(await at.store.conversation('x'), undefined);
      assert.deepEqual(await at.store.bodies('message', 'x'), {});
      assert.equal(await at.store.setting('x'), undefined);
    });

    it('rejects a change made from an older version, and a new record whose id exists', async () => {
      await put.message('m1');
      await put.message('m1', { version: 1, state: 'failed' });
      await assert.rejects(put.message('m1', { version: 1, state: 'skipped' }), conflict);
      await assert.rejects(put.message('m1', { key: 'another' }), conflict);
      await assert.rejects(put.message('m2', { version: 3 }), conflict);
      assert.equal((await at.store.message('m1'))?.state, 'failed');
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
      assert.equal(await at.store.setting('watermark'), undefined);
      assert.equal(await at.store.conversation('c1'), undefined);
      assert.equal(await at.store.conversationByLink('acme', 'incident', 'A'), undefined);
      assert.deepEqual(await at.store.claimDeliveries('csp', 5, 0), []);
      assert.equal((await at.store.counts()).deliveries.pending, 0);
    });

    it('sees earlier changes of the same commit', async () => {
      await commit(
        { kind: 'message', record: message('m1') },
        { kind: 'message', record: message('m1', { version: 1, emissions: 1 }) },
      );
      assert.equal((await at.store.message('m1'))?.version, 2);
    });

    it('keeps its own copy: later changes of a committed or returned object have no effect on it', async () => {
      const record = message('m1');
      await commit({ kind: 'message', record });
      record.number = 'changed';
      const read = await at.store.message('m1');
      assert.equal(read?.number, undefined);
      assert.equal((await at.store.message('m1'))?.entityId, 'sys-m1');
    });

    it('makes a non-durable commit visible immediately, and durable with the next durable one', async () => {
      await at.store.commit([{ kind: 'message', record: message('m1') }], { durable: false });
      assert.equal((await at.store.message('m1'))?.version, 1);
      await put.message('m2');
      await at.restart();
      assert.equal((await at.store.message('m1'))?.version, 1);
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
      assert.equal(await at.store.message('m0'), undefined);
    });

    it('rejects all calls when closed', async () => {
      await at.store.close();
      await assert.rejects(put.message('m1'), { code: 'SWB_CLOSED' });
      await assert.rejects(at.store.message('m1'), { code: 'SWB_CLOSED' });
      await assert.rejects(at.store.claimMessages('acme|incident', 1, 0), { code: 'SWB_CLOSED' });
    });

    it('keeps everything over a restart', async () => {
      await commit(
        { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) },
        { kind: 'message', record: message('m1', { conversation: 'c1' }), bodies: { received: { text: 'Größe 漢字 🙂\n' } } },
        { kind: 'delivery', record: delivery('d1'), bodies: { request: [1, null, 'x'] } },
        { kind: 'setting', key: 'watermark', value: { at: 'now' } },
      );
      const before = await everything(at.store);
      await at.restart();
      assert.deepEqual(await everything(at.store), before);
      assert.deepEqual(await at.store.bodies('message', 'm1'), { received: { text: 'Größe 漢字 🙂\n' } });
      assert.deepEqual(await at.store.bodies('delivery', 'd1'), { request: [1, null, 'x'] });
      assert.equal((await at.store.conversationByLink('acme', 'incident', 'A'))?.id, 'c1');
      await assert.rejects(put.message('m9', { key: 'm1' }), conflict);
    });
  });

  describe('bodies', () => {
    it('merges bodies by name', async () => {
      await commit({ kind: 'message', record: message('m1'), bodies: { received: { a: 1 } } });
      await commit({ kind: 'message', record: message('m1', { version: 1 }), bodies: { read: 'text', nothing: undefined } });
      await commit({ kind: 'message', record: message('m1', { version: 2 }) });
      assert.deepEqual(await at.store.bodies('message', 'm1'), { received: { a: 1 }, read: 'text' });
      await commit({ kind: 'message', record: message('m1', { version: 3 }), bodies: { received: null } });
      assert.deepEqual(await at.store.bodies('message', 'm1'), { received: null, read: 'text' });
    });

    it('can be read before the commit is durable', async () => {
      const body = { long: 'x'.repeat(100_000) };
      await at.store.commit([{ kind: 'message', record: message('m1'), bodies: { received: body } }], { durable: false });
      assert.deepEqual(await at.store.bodies('message', 'm1'), { received: body });
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
      assert.equal(await at.store.message('m2'), undefined);
      assert.equal(await at.store.setting('s'), 1);
      assert.deepEqual((await commit({ ...again, record: message('m3', { key: 'k', node: 'in-2' }) })).skipped, []);
    });

    it('skips a record that was committed before, whatever its state is now', async () => {
      const same: Change = { kind: 'message', record: message('m1'), ifAbsent: true };
      await commit(same);
      await put.message('m1', { version: 1, state: 'settled', outcome: 'ignored' });
      assert.deepEqual((await commit(same)).skipped, ['m1']);
      assert.equal((await at.store.message('m1'))?.version, 2);
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
      assert.equal((await at.store.conversationByLink('csp', 'troubleTicket', 'B'))?.id, 'c1');
      assert.equal((await at.store.conversationByReference('SWB-C1'))?.id, 'c1');
      assert.equal(await at.store.conversationByLink('csp', 'incident', 'B'), undefined);
    });

    it('finds a conversation by its aliases, which belong to this conversation only', async () => {
      await put.conversation('c1', { aliases: ['SWB-OLD', 'SWB-OLDER'] });
      for (const reference of ['SWB-C1', 'SWB-OLD', 'SWB-OLDER'])
        assert.equal((await at.store.conversationByReference(reference))?.id, 'c1', reference);
      assert.deepEqual(ids(await at.store.listConversations({ search: 'swb-older', limit: 10 })), ['c1']);
      await assert.rejects(put.conversation('c2', { reference: 'SWB-OLD' }), conflict);
      await assert.rejects(put.conversation('c2', { aliases: ['SWB-C1'] }), conflict);
      await put.conversation('c1', { version: 1 });
      assert.equal(await at.store.conversationByReference('SWB-OLD'), undefined);
      await at.restart();
      assert.equal(await at.store.conversationByReference('SWB-OLDER'), undefined);
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
      assert.deepEqual((await at.store.conversation('c1'))?.links, [link('A')]);
      await commit(gone(1), takesOver, { kind: 'message', record: message('m1', { version: 1, conversation: 'c1' }) });
      for (let again = 0; again < 2; again++) {
        assert.equal(await at.store.conversation('c2'), undefined);
        assert.equal((await at.store.conversationByLink('acme', 'incident', 'B'))?.id, 'c1');
        assert.equal((await at.store.conversationByReference('SWB-C2'))?.id, 'c1');
        assert.deepEqual(ids(await at.store.listMessages({ conversation: 'c1', limit: 10 })), ['m1']);
        assert.deepEqual(await at.store.listMessages({ conversation: 'c2', limit: 10 }), []);
        assert.deepEqual((await at.store.counts()).conversations, { open: 1, closed: 0 });
        await at.restart();
      }
      await commit(
        { kind: 'conversation', record: conversation('c1', { version: 2, links: [link('A')] }) },
        { kind: 'conversation', record: conversation('c2', { links: [link('B')] }) },
      );
      assert.equal((await at.store.conversation('c2'))?.version, 1, 'it may come back, as a new one');
    });

    it('lets a link and a reference belong to one conversation only', async () => {
      await put.conversation('c1', { links: [link('A')] });
      await assert.rejects(put.conversation('c2', { links: [link('A')] }), conflict);
      await assert.rejects(put.conversation('c2', { reference: 'SWB-C1' }), conflict);
      await put.conversation('c1', { version: 1, links: [link('B')] });
      await put.conversation('c2', { links: [link('A')] });
      assert.equal((await at.store.conversationByLink('acme', 'incident', 'A'))?.id, 'c2');
      assert.equal((await at.store.conversationByLink('acme', 'incident', 'B'))?.id, 'c1');
    });

    it('lists the deliveries of a conversation that are still to be sent, oldest first', async () => {
      await put.delivery('d3');
      await put.delivery('d1', { state: 'inDoubt' });
      await put.delivery('d2', { state: 'delivered' });
      await put.delivery('d4', { state: 'failed' });
      await put.delivery('d5', { conversation: 'c2' });
      await put.delivery('d6', { state: 'sending' });
      await put.delivery('d7', { state: 'needsDecision' });
      assert.deepEqual(ids(await at.store.openDeliveries('c1')), ['d1', 'd3', 'd6']);
      await put.delivery('d3', { version: 1, state: 'skipped' });
      assert.deepEqual(ids(await at.store.openDeliveries('c1')), ['d1', 'd6']);
    });
  });

  describe('settings', () => {
    it('sets, replaces and removes settings, also over a restart', async () => {
      await commit({ kind: 'setting', key: 'a', value: [1] }, { kind: 'setting', key: 'b', value: null });
      await commit({ kind: 'setting', key: 'a', value: 'new' }, { kind: 'setting', key: 'b', value: undefined });
      await commit({ kind: 'setting', key: 'c', value: false });
      await at.restart();
      assert.equal(await at.store.setting('a'), 'new');
      assert.equal(await at.store.setting('b'), undefined);
      assert.equal(await at.store.setting('c'), false);
    });

    it('have versions: a change made from another one is rejected, with all changes of its commit', async () => {
      assert.equal(await at.store.settingVersion('a'), 0);
      await commit({ kind: 'setting', key: 'a', value: 1, version: 0 });
      await commit({ kind: 'setting', key: 'a', value: 2 });
      assert.equal(await at.store.settingVersion('a'), 2);
      await assert.rejects(
        commit({ kind: 'message', record: message('m1') }, { kind: 'setting', key: 'a', value: 3, version: 1 }),
        conflict,
      );
      await at.restart();
      assert.equal(await at.store.settingVersion('a'), 2);
      assert.equal(await at.store.message('m1'), undefined);
      await commit({ kind: 'setting', key: 'a', value: 3, version: 2 });
      assert.equal(await at.store.setting('a'), 3);
    });
  });
}
