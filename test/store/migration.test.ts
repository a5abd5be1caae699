import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { cursorOf } from '../../src/store/pages.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { newFolder, removeFolders } from './folders.js';
import { message } from './records.js';

/**
 * Written by the released 0.1.0: records in every state, settings, bodies, and a journal that goes on beyond the snapshot; and
 * what that version returned for it.
 */
const RELEASED = join(__dirname, 'store-0.1.0');
const QUERY = { limit: 1000 };

describe('a store of version 0.1.0', () => {
  let folder: string;
  let store: LowdbStore;
  let logged: string[];
  beforeEach(async () => {
    folder = await newFolder();
    await cp(RELEASED, folder, { recursive: true });
    logged = [];
    store = new LowdbStore({ folder, retentionDays: 100_000, log: (level, text) => logged.push(`${level}: ${text}`) });
  });
  afterEach(() => store.close());
  after(removeFolders);

  const released = async () => {
    const { messages, deliveries, conversations, bodies, counts } = JSON.parse(await readFile(`${RELEASED}.json`, 'utf8'));
    // The fields that had other names.
    const today = ({ needsLink, ...delivery }: DeliveryRecord & { needsLink?: boolean }) =>
      needsLink ? { ...delivery, waitsFor: 'link' } : delivery;
    const linkToday = ({ shadow, ...link }: Record<string, unknown>) => ({ ...link, lastKnown: shadow });
    return {
      messages,
      deliveries: deliveries.map(today),
      conversations: conversations
        .map((conversation: { links: Record<string, unknown>[] }) => ({
          ...conversation,
          links: conversation.links.map(linkToday),
        }))
        .sort((a: { id: string }, b: { id: string }) => (cursorOf(a) < cursorOf(b) ? 1 : -1)),
      bodies,
      counts: {
        messages: { needsDecision: 0, ...counts.messages },
        deliveries: { needsDecision: 0, merged: 0, ...counts.deliveries },
        conversations: counts.conversations,
        unrouted: counts.unrouted,
        warned: { messages: 0, deliveries: 0 },
        waiting: { acme: 1, csp: 7 },
      },
    };
  };
  const now = async () => {
    const messages = await store.listMessages(QUERY);
    const deliveries = await store.listDeliveries(QUERY);
    const bodies: Record<string, unknown> = {};
    for (const { id } of messages) bodies[`message ${id}`] = await store.bodies('message', id);
    for (const { id } of deliveries) bodies[`delivery ${id}`] = await store.bodies('delivery', id);
    return { messages, deliveries, conversations: await store.listConversations(QUERY), bodies, counts: await store.counts() };
  };
  const files = async (path: string) => {
    const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const contents = names.map(async ({ parentPath, name }) => [name, await readFile(join(parentPath, name), 'latin1')] as const);
    return Object.fromEntries(await Promise.all(contents));
  };

  it('opens with everything it has, goes on, and keeps a copy of the old folder', async () => {
    const expected = await released();
    await store.open();
    for (let restart = 0; restart < 2; restart++) {
      assert.deepEqual(await now(), expected);
      assert.deepEqual(await store.setting('watermark'), { at: '2026-11-20T10:00:00.000Z' });
      assert.deepEqual(await store.setting('late'), [1]);
      assert.equal(await store.setting('gone'), undefined);
      await store.close();
      await store.open();
    }
    assert.deepEqual(
      (await store.claimMessages('acme|incident', 99, 4000)).map(({ id }) => id),
      ['m4', 'm6', 'm8'],
    );
    assert.deepEqual((await store.claimDeliveries('csp', 99, 4000)).map(({ id }) => id).sort(), [
      'd-behind',
      'd-inDoubt',
      'd-pending',
      'd-sending',
      'd-tail',
    ]);
    assert.equal((await store.conversationByLink('csp', 'troubleTicket', 'Tc2'))?.id, 'c2');
    assert.deepEqual(
      (await store.listConversations({ ...QUERY, search: 'line c3' })).map(({ id }) => id),
      ['c3'],
    );
    await store.commit([{ kind: 'message', record: message('new'), bodies: { received: 'new' } }]);
    await store.retain();
    await store.close();
    await store.open();
    assert.deepEqual(await store.bodies('message', 'new'), { received: 'new' });
    assert.deepEqual(await store.bodies('message', 'm1'), expected.bodies['message m1']);
    assert.deepEqual(await files(`${folder}/backup-format-1`), await files(RELEASED));
    await assert.rejects(mkdir(`${folder}/snapshot`, { recursive: true }), { code: 'EEXIST' }, 'version 0.1.0 does not open it');
    assert.deepEqual(
      logged.filter((text) => !text.startsWith('info')),
      [],
    );
  });

  it('is migrated again from the start after a crash in the middle', async () => {
    await store.open();
    await store.close();
    // As it was before the format file: the old snapshot, and whatever was written.
    await rm(`${folder}/format.json`);
    await rm(`${folder}/snapshot`);
    await cp(`${RELEASED}/snapshot`, `${folder}/snapshot`, { recursive: true });
    await store.open();
    assert.deepEqual(await now(), await released());
  });
});
