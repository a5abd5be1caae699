import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { type Change, type ChangeNotice, MAX_WAIT, type Store } from '../../src/store/store.js';
import { commitContract } from './contract/commits.js';
import { listContract } from './contract/lists.js';
import { peopleContract } from './contract/people.js';
import { queueContract } from './contract/queue.js';
import { ids, TestedStore } from './contract/tested-store.js';
import { message } from './records.js';

/**
 * The contract of every store. `create` returns an open, empty store; `reopen` closes the given one as a restart would and opens
 * its data again.
 */
export function storeContract(name: string, create: () => Promise<Store>, reopen: (store: Store) => Promise<Store>): void {
  describe(`${name} keeps the contract of a store`, () => {
    const at = new TestedStore(create, reopen);
    const { commit, put } = at;
    beforeEach(() => at.open());
    afterEach(() => at.store.close());

    commitContract(at);
    queueContract(at);
    listContract(at);
    peopleContract(at);

    describe('after a restart', () => {
      it('remembers since when it exists, and belongs to this process', async () => {
        const { since, olderCopy } = at.store.memory;
        assert.ok(Math.abs(Date.parse(since) - Date.now()) < 3_600_000, since);
        assert.equal(olderCopy, false);
        await at.store.confirmOwnership();
        await at.restart();
        assert.deepEqual(at.store.memory, { since, olderCopy });
        await at.store.confirmOwnership();
      });

      it('knows the newest id of messages and deliveries', async () => {
        assert.equal(at.store.newestId, undefined);
        await put.message('b1');
        assert.equal(at.store.newestId, 'b1');
        await put.delivery('c1');
        await put.message('a1');
        await put.conversation('z1');
        assert.equal(at.store.newestId, 'c1');
        await put.delivery('c1', { version: 1, state: 'delivered' });
        await at.restart();
        assert.equal(at.store.newestId, 'c1');
      });

      it('caps waits of hours, which a clock that was set back would cause, and keeps shorter waits', async () => {
        const now = Date.now();
        const [hours, soon] = [now + 10 * 3_600_000, now + 60_000];
        await put.message('m1', { notBefore: hours });
        await put.message('m2', { entityType: 'problem', notBefore: soon });
        await put.delivery('d1', { notBefore: hours });
        await put.delivery('d2', { conversation: 'c2', endpoint: 'jira', notBefore: soon });
        const due = () =>
          Promise.all([
            at.store.nextDue('message', 'acme|incident'),
            at.store.nextDue('delivery', 'csp'),
            at.store.nextDue('message', 'acme|problem'),
            at.store.nextDue('delivery', 'jira'),
          ]);
        assert.deepEqual(await due(), [hours, hours, soon, soon]);
        await at.restart();
        const [message = 0, delivery = 0, ...shorter] = await due();
        for (const time of [message, delivery])
          assert.ok(time >= now + MAX_WAIT && time <= Date.now() + MAX_WAIT, String(time - now));
        assert.deepEqual(shorter, [soon, soon]);
        assert.deepEqual(ids(await at.store.claimMessages('acme|incident', 9, message)), ['m1']);
        assert.deepEqual(ids(await at.store.claimDeliveries('csp', 9, delivery)), ['d1']);
      });
    });

    describe('watching', () => {
      it('passes each listener the keys of the applied changes, without skipped ones', async () => {
        const seen: ChangeNotice[][] = [];
        const stop = at.store.watch((changes) => seen.push(changes));
        at.store.watch(() => {
          throw new Error('a listener of somebody else');
        });
        await put.message('m1');
        const again: Change = { kind: 'message', record: message('m1'), ifAbsent: true };
        await commit(again);
        await commit(again, { kind: 'setting', key: 'a', value: 1 });
        await assert.rejects(put.message('m1', { version: 9 }));
        stop();
        await put.message('m2');
        const m1 = {
          ...{ kind: 'message', id: 'm1', node: 'in-1', endpoint: 'acme', state: 'received', queue: 'acme|incident' },
          conversation: undefined,
        };
        assert.deepEqual(seen, [[{ ...m1, warned: undefined, notBefore: undefined }], [{ kind: 'setting', key: 'a' }]]);
      });
    });

    it('has a spool folder that only its owner can read', async () => {
      const spool = await stat(at.store.spool);
      assert.ok(spool.isDirectory());
      if (process.platform !== 'win32') assert.equal(spool.mode & 0o777, 0o700);
    });
  });
}
