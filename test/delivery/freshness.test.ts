import assert from 'node:assert/strict';
import { whyStale } from '../../src/delivery/freshness.js';
import type { Expected, GenericComment } from '../../src/model/message.js';
import type { ConversationRecord, Link, MessageRecord, Store } from '../../src/store/store.js';
import { Partner } from './partner.js';

const RECEIVED = '2026-01-01T00:00:00.000Z';
const comment = (id: string): GenericComment => ({ id, text: id, visibility: 'public' });

interface Reading {
  version?: string;
  state?: string;
  changedBy?: string;
  comments?: string[];
}

describe('a read and the hint it follows', () => {
  const LINK = { endpoint: 'p', entityType: 'troubleTicket', id: 'T1', raw: { state: 'new' }, seen: ['c1'], entityVersion: '1' };
  let client: Partner;
  let updatedAt: string;
  let link: Partial<Link>;
  let age: number;
  beforeEach(() => {
    client = new Partner('p');
    updatedAt = '2025-12-31T00:00:00.000Z';
    link = LINK;
    age = 0;
  });

  const stale = (expects: Expected | undefined, { version = '2', state = 'new', changedBy, comments = ['c1'] }: Reading) => {
    const shown = version === 'none' ? undefined : version;
    client.parse = () => ({
      source: {
        endpoint: 'p',
        entityType: 'troubleTicket',
        id: 'T1',
        ...(shown && { version: shown }),
        ...(changedBy && { changedBy }),
      },
      record: { state },
      comments: comments.map(comment),
      attachments: [],
      relations: [],
    });
    const conversation = { links: [link], updatedAt } as unknown as ConversationRecord;
    const store = { conversationByLink: async () => conversation } as unknown as Store;
    const record = { endpoint: 'p', entityType: 'troubleTicket', entityId: 'T1', expects, receivedAt: RECEIVED } as MessageRecord;
    return whyStale(store, client, record, {}, age);
  };

  it('is stale where it is older, or lacks the part that the hint names', async () => {
    assert.equal(await stale({ version: '2' }, {}), undefined);
    assert.match((await stale({ version: '3' }, {})) ?? '', /at 2, the hint at 3/);
    assert.equal(await stale({ parts: ['c1'] }, {}), undefined);
    assert.match((await stale({ parts: ['c1', 'c2'] }, {})) ?? '', /c2 is missing/);
  });

  it('is stale for a while where it shows a comment as it was before our edit', async () => {
    link = { ...LINK, words: { 'c:c1': ['s', 'edited', 'c1'] } };
    assert.match((await stale(undefined, {})) ?? '', /shows the comment c1 as it was before we edited it/);
    age = 10_001;
    assert.equal(await stale(undefined, {}), undefined);
  });

  it('is not stale for a missing id where all parts have new ids, and there is one more', async () => {
    link = { ...LINK, words: { 'c:c1': 'hello' } };
    assert.equal(await stale({ parts: ['c2'] }, { comments: ['c3', 'c4'] }), undefined);
    for (const comments of [['c3'], ['c1', 'c3']]) assert.ok(await stale({ parts: ['c2'] }, { comments }), String(comments));
    link = { ...LINK, words: undefined };
    assert.ok(await stale({ parts: ['c2'] }, { comments: ['c3', 'c4'] }), 'the earlier parts are not known');
  });

  it('is stale where it shows none of the known parts', async () => {
    assert.ok(await stale(undefined, { comments: [] }));
    assert.equal(await stale(undefined, { comments: ['c2'] }), undefined, 'other ids are a change');
    link = { ...LINK, seen: ['item|1|x'] };
    assert.equal(await stale(undefined, { comments: [] }), undefined, 'reported by events, not by the entity');
  });

  it('is current where it shows the first value of a field that was empty', async () => {
    client.integrationUser = 'switchboard';
    const changed = { state: 'new', changedBy: 'agent' };
    assert.match((await stale(undefined, changed)) ?? '', /shows no change/);
    link = { ...LINK, raw: { state: '' } };
    assert.equal(await stale(undefined, changed), undefined);
  });

  it('is stale where it shows the value from before our write, and no version says that it was reset', async () => {
    const ourWrites = { state: { stamp: '1', before: 'new' } };
    link = { ...LINK, raw: { state: 'closed' }, ourWrites, writtenVersion: { state: '1' } };
    assert.match((await stale(undefined, { version: 'none' })) ?? '', /shows state as it was before we wrote it/);
    assert.ok(await stale(undefined, { version: '1' }));
    for (const reading of [{ version: '2' }, { version: 'none', state: 'closed' }, { version: 'none', state: 'held' }])
      assert.equal(await stale(undefined, reading), undefined, JSON.stringify(reading));
    link = { ...link, ourWrites: { state: { stamp: '1', before: 'held', earlier: ['other', 'new'] } } };
    assert.ok(await stale(undefined, { version: 'none' }), 'after two quick writes a replica may be behind both');
    age = 10_001;
    assert.equal(await stale(undefined, { version: 'none' }), undefined, 'the value persists, so it has been reset');
    age = 0;
    link = { ...link, raw: { state: 'new' } };
    assert.equal(await stale(undefined, { version: 'none' }), undefined, 'it was not kept');
  });

  describe('shows no change, and', () => {
    it('was changed by another user: it is stale for some seconds', async () => {
      client.integrationUser = 'us';
      assert.ok(await stale(undefined, { changedBy: 'agent' }));
      for (const reading of [{ changedBy: 'us' }, { changedBy: 'agent', version: '1' }, { changedBy: 'agent', state: 'closed' }])
        assert.equal(await stale(undefined, reading), undefined, JSON.stringify(reading));
      assert.equal(await stale(undefined, { changedBy: 'agent', comments: ['c1', 'c2'] }), undefined);
      age = 10_001;
      assert.equal(await stale(undefined, { changedBy: 'agent' }), undefined);
    });

    it('was reported with another state, and has no version', async () => {
      const expects = { state: { field: 'state', value: 'completed' } };
      assert.ok(await stale(expects, { version: 'none' }));
      assert.equal(await stale(expects, { version: 'none', state: 'Completed' }), undefined);
      assert.equal(await stale(expects, { version: 'none', state: 'held' }), undefined, 'a change, though another one');
      assert.equal(await stale(expects, {}), undefined);
      updatedAt = '2026-01-01T00:00:01.000Z';
      assert.equal(await stale(expects, { version: 'none' }), undefined, 'an event that is late');
    });
  });
});
