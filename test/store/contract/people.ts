import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AuditEntry, TrailLine, TrailRange } from '../../../src/store/audit-entry.js';
import type { Change } from '../../../src/store/store.js';
import { auditEntry, conversation, delivery, link, message } from '../records.js';
import { conflict, type TestedStore } from './tested-store.js';

const audit = (id: string, changes: Partial<AuditEntry> = {}): Change => ({ kind: 'audit', entry: auditEntry(id, changes) });

/** What every store does for the people of tickets, and to show what users did. */
export function peopleContract(at: TestedStore): void {
  const { commit, put } = at;
  const lines = async (range: TrailRange = {}) => {
    const found: TrailLine[] = [];
    for await (const line of at.store.trail(range)) found.push(line);
    return found;
  };

  describe('the audit trail', () => {
    it('has an entry if its commit was applied, numbered in the order of commits, each once, also after a restart', async () => {
      await commit(audit('e1'), { kind: 'setting', key: 'a', value: 1 });
      await assert.rejects(commit(audit('e2'), { kind: 'setting', key: 'a', value: 2, version: 7 }), conflict);
      await commit(audit('e3'), audit('e4', { names: undefined }));
      const expected = [
        { ...auditEntry('e4'), number: 3, names: undefined },
        { ...auditEntry('e3'), number: 2 },
        { ...auditEntry('e1'), number: 1 },
      ].map((entry) => JSON.parse(JSON.stringify(entry)));
      for (const restart of [false, true, true]) {
        if (restart) await at.restart();
        assert.deepEqual(await at.store.audited(10), expected);
      }
      await commit(audit('e5'));
      assert.deepEqual(
        (await at.store.audited(2)).map(({ id, number }) => `${number} ${id}`),
        ['4 e5', '3 e4'],
      );
    });

    it('is a chain: each line has the hash of the one before, and the hash of its names, but not the names', async () => {
      for (const id of ['e1', 'e2', 'e3']) await commit(audit(id));
      const found = await lines();
      assert.deepEqual(
        found.map(({ number, names }) => [number, names]),
        [1, 2, 3].map((number) => [number, { name: 'INC0010001', reason: 'Jane Doe asked for it.' }]),
      );
      let before = '0'.repeat(64);
      for (const { text } of found) {
        const { previous, names } = JSON.parse(text);
        assert.equal(previous, before);
        assert.match(names, /^[0-9a-f]{64}$/);
        assert.doesNotMatch(text, /Jane|INC0010001/);
        before = createHash('sha256').update(text).digest('hex');
      }
    });

    it('is read by time', async () => {
      for (const day of ['01', '02', '03']) await commit(audit(`e${day}`, { at: `2026-03-${day}T10:00:00.000Z` }));
      const numbers = async (range: TrailRange) => (await lines(range)).map(({ number }) => number);
      assert.deepEqual(await numbers({ from: '2026-03-02T10:00:00.000Z' }), [2, 3]);
      assert.deepEqual(await numbers({ from: '2026-03-01T11:00:00.000Z', until: '2026-03-03T10:00:00.000Z' }), [2]);
    });

    it('no longer names anything once that was cut off, and its lines stay as they are', async () => {
      for (const id of ['e1', 'e2', 'e3']) await commit(audit(id));
      const before = await lines();
      await at.store.commit([{ kind: 'cutNames', entries: ['e1', 'e3'] }, audit('e4')], { erase: true });
      await at.store.purge();
      for (const restart of [false, true]) {
        if (restart) await at.restart();
        assert.deepEqual(
          (await at.store.audited(9)).map(({ id, names }) => [id, names?.name]),
          [
            ['e4', 'INC0010001'],
            ['e3', undefined],
            ['e2', 'INC0010001'],
            ['e1', undefined],
          ],
        );
        const after = await lines();
        assert.deepEqual(
          after.slice(0, 3).map(({ text }) => text),
          before.map(({ text }) => text),
        );
      }
    });
  });

  describe('erasing', () => {
    const ended: Change[] = [
      { kind: 'conversation', record: conversation('c1', { state: 'closed', title: 'Jane Doe', links: [link('A')] }) },
      { kind: 'message', record: message('m1', { state: 'settled', conversation: 'c1' }), bodies: { received: 'Jane Doe' } },
      { kind: 'delivery', record: delivery('d1', { state: 'delivered' }), bodies: { request: 'Jane Doe' } },
      { kind: 'message', record: message('m2', { state: 'settled' }), bodies: { received: 'kept' } },
    ];
    const version = async (kind: 'message' | 'delivery', id: string) => (await at.store[kind](id))!.version;
    const gone = async (): Promise<Change[]> => [
      { kind: 'message', record: message('m1', { version: await version('message', 'm1') }), gone: true },
      { kind: 'delivery', record: delivery('d1', { version: await version('delivery', 'd1') }), gone: true },
      {
        kind: 'conversation',
        record: conversation('c1', { version: 1, state: 'closed', links: [link('A', { lastKnown: {} })] }),
      },
    ];

    it('removes messages and deliveries with their bodies, and keeps what was not erased', async () => {
      await commit(...ended);
      await at.commitAsIs(await gone(), { erase: true });
      await at.store.purge(['Jane Doe']);
      for (const restart of [false, true]) {
        if (restart) await at.restart();
        assert.equal(await at.store.message('m1'), undefined);
        assert.equal(await at.store.delivery('d1'), undefined);
        assert.deepEqual(await at.store.bodies('message', 'm1'), {});
        assert.deepEqual(await at.store.bodies('message', 'm2'), { received: 'kept' });
        assert.equal((await at.store.conversationByLink('acme', 'incident', 'A'))?.title, undefined);
        assert.deepEqual(await at.store.listConversations({ search: 'jane', limit: 9 }), []);
        assert.equal((await at.store.counts()).messages.settled, 1);
      }
      await put.message('m3', { key: 'm1' });
    });

    it('refuses to remove what is not finished, with the whole commit', async () => {
      await put.message('m1');
      await put.delivery('d1', { state: 'failed' });
      await assert.rejects(at.commitAsIs([{ kind: 'message', record: message('m1', { version: 1 }), gone: true }]), conflict);
      const failed = delivery('d1', { version: await version('delivery', 'd1') });
      const both: Change[] = [
        { kind: 'setting', key: 'a', value: 1 },
        { kind: 'delivery', record: failed, gone: true },
      ];
      await assert.rejects(at.commitAsIs(both, { erase: true }), conflict);
      assert.equal((await at.store.delivery('d1'))?.state, 'failed');
      assert.equal(await at.store.setting('a'), undefined);
    });

    it('finds messages without a conversation about an entity, and refuses a commit while one of them is to be processed', async () => {
      await put.message('m1', { entityId: 'A' });
      await put.message('m2', { entityId: '', number: 'INC7', endpoint: 'other' });
      await put.message('m3', { entityId: 'A2' });
      await put.message('m4', { entityId: 'A', state: 'settled', conversation: 'c1' });
      await put.message('m5', { entityId: '' });
      await put.message('m6', { entityId: 'x', number: 'B', state: 'settled' });
      await put.message('m7', { entityId: '', state: 'failed' });
      const found = async (endpoint: string, ...names: string[]) =>
        (await at.store.unlinkedMessages({ endpoint, names })).map(({ id }) => id);
      const changes = (endpoint: string, ...names: string[]): Change[] => [
        { kind: 'noneReceived', about: [{ endpoint, names }] },
        { kind: 'setting', key: 'a', value: 1 },
      ];
      for (const restart of [false, true]) {
        if (restart) await at.restart();
        assert.deepEqual(await found('acme', 'A', 'B'), ['m1', 'm5', 'm6']);
        assert.deepEqual(await found('other', 'INC7'), ['m2']);
        assert.deepEqual(await found('elsewhere', 'A'), []);
        await assert.rejects(commit(...changes('acme', 'A')), conflict);
        await assert.rejects(commit(...changes('acme')), conflict);
        assert.equal(await at.store.setting('a'), undefined);
      }
      await commit(...changes('elsewhere', 'A'));
      assert.equal(await at.store.setting('a'), 1);
      await put.message('m5', { version: 1, entityId: '', state: 'skipped' });
      await commit(...changes('acme', 'B'));
    });

    it('refuses to remove a record that has changed since', async () => {
      await commit(...ended);
      const before = await gone();
      await at.commitAsIs([{ kind: 'message', record: { ...(await at.store.message('m1'))!, reason: 'changed' } }]);
      await assert.rejects(at.commitAsIs(before, { erase: true }), conflict);
      assert.ok(await at.store.delivery('d1'));
    });
  });
}
