import assert from 'node:assert/strict';
import { fileLane } from '../../../src/store/file-lane.js';
import type { Change } from '../../../src/store/store.js';
import { delivery, message } from '../records.js';
import { conflict, ids, type TestedStore } from './tested-store.js';

/** How every store hands out work. */
export function queueContract(at: TestedStore): void {
  const { commit, put } = at;

  describe('claiming messages', () => {
    it('returns the received messages of a queue, oldest first, each once until it is released', async () => {
      for (const id of ['m2', 'm1', 'm3']) await put.message(id);
      await put.message('m4', { entityType: 'problem' });
      await put.message('m7', { endpoint: 'jira' });
      await put.message('m5', { state: 'failed' });
      await put.message('m6', { state: 'needsDecision', decision: 'legFailed' });
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), ['m1', 'm2']);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), ['m3']);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), []);
      await at.store.release('message', ['m2', 'm1', 'unknown']);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 9, 0)), ['m1', 'm2']);
    });

    it('queues what came from a partner by endpoint and type, whichever node received it, and the rest by node', async () => {
      await put.message('m1', { node: 'in-2', origin: 'event' });
      await put.message('m2', { node: 'in-3', origin: 'poll' });
      await put.message('m3', { node: 'out-1', origin: 'answer' });
      await put.message('m4', { node: 'fan-out-1', origin: 'plan' });
      await put.message('m5', { node: 'in-2', origin: 'webhook', flow: 'in-4' });
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 9, 0)), ['m1', 'm2', 'm5']);
      assert.deepEqual(ids(await at.store.claimMessages('out-1', 9, 0)), ['m3']);
      assert.deepEqual(ids(await at.store.claimMessages('fan-out-1', 9, 0)), ['m4']);
      await at.restart();
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 9, 0)), ['m1', 'm2', 'm5']);
      assert.deepEqual(ids(await at.store.claimMessages('out-1', 9, 0)), ['m3']);
    });

    it('waits for notBefore and reports the next due time', async () => {
      await put.message('m1', { notBefore: 2000 });
      await put.message('m2', { notBefore: 1000 });
      assert.equal(await at.store.nextDue('message', 'acme|incident'), 1000);
      assert.deepEqual(await at.store.claimMessages('acme|incident', 5, 999), []);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 5, 1000)), ['m2']);
      assert.equal(await at.store.nextDue('message', 'acme|incident'), 2000);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 5, 3000)), ['m1']);
      assert.equal(await at.store.nextDue('message', 'acme|incident'), undefined);
      assert.equal(await at.store.nextDue('message', 'nobody'), undefined);
    });

    it('keeps the lease over commits; settled messages are not claimed again', async () => {
      await put.message('m1');
      await put.message('m2');
      await at.store.claimMessages('acme|incident', 2, 0);
      await put.message('m1', { version: 1, emissions: 1 });
      assert.deepEqual(await at.store.claimMessages('acme|incident', 2, 0), []);
      await put.message('m2', { version: 1, state: 'settled', outcome: 'routed' });
      await at.store.release('message', ['m1', 'm2']);
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), ['m1']);
    });

    it('returns a failed message again when it is set back to received', async () => {
      await put.message('m1', { state: 'failed' });
      await put.message('m1', { version: 1, state: 'received' });
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), ['m1']);
    });

    it('returns leased messages again after a restart', async () => {
      await put.message('m1');
      await at.store.claimMessages('acme|incident', 2, 0);
      await at.restart();
      assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 2, 0)), ['m1']);
    });
  });

  describe('claiming deliveries', () => {
    it('returns only the oldest delivery of each lane, and several lanes in parallel', async () => {
      await put.delivery('d2');
      await put.delivery('d1');
      await put.delivery('d3', { conversation: 'c2' });
      await put.delivery('d4', { endpoint: 'other' });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1', 'd3']);
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), []);
      assert.deepEqual(ids(await at.store.claimDeliveries('other', 9, 0)), ['d4']);
    });

    it('lets lanes take turns: one that waits longer comes first, however old the deliveries of another are', async () => {
      for (const id of ['d01', 'd02', 'd03', 'd04']) await put.delivery(id, { conversation: 'c1' });
      for (const id of ['d05', 'd06']) await put.delivery(id, { conversation: 'c2' });
      await put.delivery('d07', { conversation: 'c3' });
      const order: string[] = [];
      for (;;) {
        const [next] = await at.store.claimDeliveries('csp', 1, 0);
        if (!next) break;
        order.push(next.id);
        await put.delivery(next.id, { ...next, state: 'sending' });
        await put.delivery(next.id, { ...next, version: 2, state: 'delivered' });
        await at.store.release('delivery', [next.id]);
        // Newer ones do not overtake either.
        if (order.length === 2) await put.delivery('d08', { conversation: 'c4' });
      }
      assert.deepEqual(order, ['d01', 'd05', 'd07', 'd02', 'd06', 'd08', 'd03', 'd04']);
    });

    it('returns files by their source only, so that none holds back other deliveries', async () => {
      const lane = fileLane('lane', 'source');
      await put.delivery('d1', { part: 'attachment:1', lane });
      await put.delivery('d2', { part: 'attachment:2', lane, notBefore: 500 });
      await put.delivery('d3', { part: 'attachment:3', lane: fileLane('lane', 'other') });
      await put.delivery('d4', { lane: 'lane' });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d4']);
      assert.deepEqual([...(await at.store.fileSources('csp'))].sort(), ['other', 'source']);
      assert.deepEqual(await at.store.fileSources('other'), []);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0, 'source')), ['d1']);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0, 'other')), ['d3']);
      await put.delivery('d1', { part: 'attachment:1', lane, version: 1, state: 'sending' });
      await put.delivery('d1', { part: 'attachment:1', lane, version: 2, state: 'delivered' });
      await at.store.release('delivery', ['d1']);
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0, 'source'), []);
      assert.deepEqual(
        [await at.store.nextDue('delivery', 'csp'), await at.store.nextDue('delivery', 'csp', 'source')],
        [undefined, 500],
      );
    });

    it('returns the file that is due first, but none beside one that may have been sent', async () => {
      const lane = fileLane('lane', 'source');
      await put.delivery('d1', { part: 'attachment:1', lane, notBefore: 900 });
      await put.delivery('d2', { part: 'attachment:2', lane });
      await put.delivery('d3', { part: 'attachment:3', lane });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0, 'source')), ['d2']);
      await put.delivery('d2', { part: 'attachment:2', lane, version: 1, state: 'sending' });
      await put.delivery('d2', { part: 'attachment:2', lane, version: 2, state: 'inDoubt', notBefore: 500 });
      await at.store.release('delivery', ['d2']);
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0, 'source'), []);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 500, 'source')), ['d2']);
    });

    it('returns the next delivery of a lane only after the previous one is finished and released', async () => {
      await put.delivery('d1');
      await put.delivery('d2');
      await at.store.claimDeliveries('csp', 9, 0);
      await put.delivery('d1', { version: 1, state: 'delivered' });
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), [], 'the lease lasts until release');
      await at.store.release('delivery', ['d1']);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d2']);
    });

    it('returns an older delivery first, even if it was committed later', async () => {
      await put.delivery('d2');
      await put.delivery('d1');
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1']);
    });

    it('claims deliveries in doubt and those a crash left in sending', async () => {
      await put.delivery('d1', { state: 'sending' });
      await put.delivery('d2', { state: 'inDoubt', conversation: 'c2' });
      await at.restart();
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1', 'd2']);
    });

    it('blocks a lane while its oldest delivery is not due, and reports the next due time', async () => {
      await put.delivery('d1', { notBefore: 1000 });
      await put.delivery('d2', { notBefore: 500 });
      await put.delivery('d3', { conversation: 'c2', notBefore: 3000 });
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 999), []);
      assert.equal(await at.store.nextDue('delivery', 'csp'), 1000);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 1000)), ['d1']);
      assert.equal(await at.store.nextDue('delivery', 'csp'), 3000);
      await put.delivery('d1', { version: 1, state: 'pending', notBefore: 7000 });
      await at.store.release('delivery', ['d1']);
      await put.delivery('d3', { version: 1, conversation: 'c2', state: 'skipped' });
      assert.equal(await at.store.nextDue('delivery', 'csp'), 7000);
      assert.equal(await at.store.nextDue('delivery', 'nobody'), undefined);
    });

    it('blocks a lane while its oldest delivery needs a link', async () => {
      await put.delivery('d1', { waitsFor: 'link' });
      await put.delivery('d2');
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), []);
      assert.equal(await at.store.nextDue('delivery', 'csp'), undefined);
      await put.delivery('d1', { version: 1, waitsFor: undefined });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1']);
    });

    it('blocks the newer deliveries of a lane after a blocking failure, but not the older ones', async () => {
      await put.delivery('d1');
      await put.delivery('d2', { state: 'failed', blocking: true });
      await put.delivery('d3');
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1']);
      await put.delivery('d1', { version: 1, state: 'delivered' });
      await at.store.release('delivery', ['d1']);
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), []);
      await put.delivery('d2', { version: 1, state: 'skipped', blocking: true });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d3']);
    });

    it('continues after a failure that does not block', async () => {
      await put.delivery('d1', { state: 'failed' });
      await put.delivery('d2');
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d2']);
    });

    it('blocks a lane after a blocking delivery that needs a decision, and never claims that delivery', async () => {
      await put.delivery('d1', { state: 'needsDecision', decision: 'unresolved', blocking: true });
      await put.delivery('d2');
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), []);
      assert.equal(await at.store.nextDue('delivery', 'csp'), undefined);
      await at.restart();
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), []);
      await put.delivery('d1', { version: 1, state: 'needsDecision', decision: 'unresolved', blocking: undefined });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d2']);
      await put.delivery('d2', { version: 1, state: 'delivered' });
      await at.store.release('delivery', ['d2']);
      await put.delivery('d1', { version: 2, state: 'inDoubt', decision: undefined });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1'], 'it continues after the decision');
    });

    it('puts a replayed delivery before newer ones of its lane', async () => {
      await put.delivery('d1', { state: 'failed', blocking: true });
      await put.delivery('d2');
      await put.delivery('d1', { version: 1, state: 'pending' });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1']);
    });

    it('claims no more than the limit, oldest lane first', async () => {
      for (const n of ['4', '2', '3', '1']) await put.delivery(`d${n}`, { conversation: `c${n}` });
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 3, 0)), ['d1', 'd2', 'd3']);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 3, 0)), ['d4']);
    });
  });

  describe('starting deliveries', () => {
    const start = (id: string, changes: Parameters<typeof delivery>[1] = {}): Change => ({
      kind: 'delivery',
      record: delivery(id, changes),
      start: delivery(id, { ...changes, state: 'sending', tries: 1 }),
      ifAbsent: true,
    });
    const state = async (id: string) => (await at.store.delivery(id))?.state;

    it('stores a delivery that is the next of its lane as started, and leases it', async () => {
      assert.deepEqual(await commit(start('d1')), { skipped: [], started: ['d1'] });
      assert.equal(await state('d1'), 'sending');
      assert.equal((await at.store.delivery('d1'))?.version, 1);
      assert.deepEqual(await at.store.claimDeliveries('csp', 9, 0), [], 'it is leased');
      assert.deepEqual((await commit(start('d2'))).started, [], 'one of its lane is under way');
      assert.equal(await state('d2'), 'pending');
      await put.delivery('d1', { version: 1, state: 'delivered' });
      await at.store.release('delivery', ['d1']);
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d2']);
      await at.restart();
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d2'], 'a lease ends with the process');
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
      assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, 0)), ['d1']);
    });
  });
}
