import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorrelationResult } from '../../src/conversation/correlator.js';
import { FOUND } from '../../src/delivery/outbox.js';
import { lostBy } from '../../src/delivery/put-back.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import { createIdSource } from '../../src/store/id.js';
import type { DeliveryRecord, Link, MessageRecord, Store } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import type { Partner } from './partner.js';
import { Rig } from './rig.js';

/** Comments have their words for ids. */
class Worded extends Rig {
  ids = (text: string) => text;

  protected override async reading(partner: Partner, record: MessageRecord): Promise<Json> {
    const read = (await super.reading(partner, record)) as { notes: [string, string][] };
    return { ...read, notes: read.notes.map(([, text]) => [this.ids(text), text]) };
  }
}

const notesOf = (raw: RawEntity) => (raw as { notes?: [id: string, text: string][] }).notes ?? [];

/** A provider that takes comments only with all the others, in a write of which nobody sees what it took away. */
describe('what an interrupted write of all comments took away', () => {
  let folder: string;
  let rig: Worded;
  let asked: { shown: RawEntity[]; since: string }[];
  let told = 0;
  beforeEach(async () => {
    asked = [];
    folder = mkdtempSync(join(tmpdir(), 'switchboard-back-'));
    rig = new Worded(folder);
    Object.assign(rig.provider, {
      side: 'provider',
      putBack: async (_type: string, _id: string, shown: RawEntity[], since: string) => {
        asked.push({ shown, since });
        const lost = ['theirs'].filter((text) => !ticket().comments.includes(text));
        ticket().comments.push(...lost);
        return lost;
      },
    });
    const parse = rig.provider.parse.bind(rig.provider);
    rig.provider.parse = (raw) => ({
      ...parse(raw),
      comments: notesOf(raw).map(([id, text]) => ({ id, text, visibility: 'public' })),
    });
    await rig.start();
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.quiet();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const ticket = () => rig.provider.tickets[0]!;
  const tell = async ({ quiet = true } = {}) => {
    const about = { endpoint: 'provider', entityType: 'troubleTicket', entityId: ticket().id };
    await rig.broker.inbox.accept([
      { node: 'in-provider', origin: 'event', ...about, key: `e${++told}`, payload: { again: told } },
    ]);
    const isRead = async () => (await rig.messages()).every((m) => m.node !== 'in-provider' || m.readAt !== undefined);
    await (quiet ? rig.quiet() : until('it to be read', isRead));
  };
  /** Ours is written over theirs, which was told before. */
  const collide = async (fault?: 'lost' | 'down') => {
    ticket().comments.push('theirs');
    await tell();
    if (fault) rig.provider.faults.push(fault);
    const { comment } = rig.provider;
    rig.provider.comment = async (...given) => {
      ticket().comments = [];
      return comment.apply(rig.provider, given);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes: [['c1', 'ours']] });
    await rig.quiet();
  };
  const putBack = async () => (await rig.deliveries()).filter(({ part }) => part.startsWith('putBack:'));

  it('is put back once a reading shows that it is gone, as it was shown before', async () => {
    await collide('lost');
    await tell();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    assert.deepEqual(
      (await putBack()).map(({ state, attempts }) => [state, attempts.at(-1)?.what]),
      [['delivered', 'put back what a write of ours had taken away: «theirs»']],
    );
    const notes = asked[0]?.shown.flatMap((raw) => notesOf(raw).map(([id]) => id));
    assert.ok(notes?.includes('theirs'), 'the reading that showed it is handed over');
    await tell();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    assert.equal((await putBack()).length, 1, 'what is there again is no news');
  });

  it('is not told again where it is shown under another id then, nor is it told to be gone', async () => {
    await collide('lost');
    let last = 0;
    rig.ids = (text) => (text === 'theirs' ? `theirs ${++last}` : text);
    await tell();
    await tell();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    const told = (await rig.deliveries()).filter(({ endpoint, part }) => endpoint === 'customer' && part.startsWith('comment:'));
    assert.equal(told.length, 1);
    const reasons = (await rig.messages()).map(({ reason }) => reason ?? '');
    assert.ok(!reasons.some((reason) => /was deleted/.test(reason)), reasons.join('\n'));
  });

  it('is told to be gone where it is gone although all was put back: somebody took it away', async () => {
    await collide('lost');
    await tell();
    ticket().comments = ['ours'];
    Object.assign(rig.provider, { putBack: async () => [] });
    await tell();
    const reasons = (await rig.messages()).map(({ reason }) => reason ?? '');
    assert.ok(
      reasons.some((reason) => /A comment was deleted at provider: theirs/.test(reason)),
      reasons.join('\n'),
    );
  });

  it('goes beside the comments that are to be written: these keep their order', async () => {
    const provider: EndpointClient = rig.provider;
    const { putBack: putsBack } = provider;
    provider.putBack = () =>
      Promise.reject(new PartnerError('SWB_PARTNER_UNAVAILABLE', 'down', { outcome: 'notDone', retry: true }));
    await collide('lost');
    await tell({ quiet: false });
    await until('it to wait', async () => (await putBack()).some(({ state }) => state === 'pending'));
    const notes: [string, string][] = [
      ['c1', 'ours'],
      ['c2', 'ours, too'],
    ];
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes });
    const lanes = async () => (await rig.deliveries()).filter(({ part }) => part.startsWith('comment:c')).map(({ lane }) => lane);
    await until('the next comment', async () => (await lanes()).length === 2);
    assert.equal(new Set(await lanes()).size, 1);
    provider.putBack = putsBack;
    await rig.quiet();
  });

  it('is known again under another id also where a write that nothing interrupted took it away for a moment', async () => {
    let last = 0;
    rig.ids = (text) => (text === 'theirs' ? `theirs ${++last}` : text);
    ticket().comments.push('theirs');
    await tell();
    const { comment } = rig.provider;
    rig.provider.comment = async (...given) => {
      const written = await comment.apply(rig.provider, given);
      ticket().comments = ['ours'];
      await tell({ quiet: false });
      ticket().comments = ['ours', 'theirs'];
      return written;
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes: [['c1', 'ours']] });
    await rig.quiet();
    await tell();
    const told = (await rig.deliveries()).filter(({ endpoint, part }) => endpoint === 'customer' && part.startsWith('comment:'));
    assert.equal(told.length, 1);
  });

  it('is not what was seen to be gone before it was written', async () => {
    ticket().comments.push('deleted');
    await tell();
    ticket().comments = ['other'];
    await tell();
    await collide('lost');
    await tell();
    const shown = new Set(asked.flatMap((one) => one.shown.flatMap(notesOf)).map(([id]) => id));
    assert.ok(shown.has('theirs') && !shown.has('deleted'), [...shown].join());
  });

  it('is left alone where a write only failed before it was done', async () => {
    await collide('down');
    await tell();
    assert.deepEqual([ticket().comments, await putBack()], [['ours'], []]);
  });

  it('is left alone where no write was interrupted: somebody took it away', async () => {
    await collide();
    await tell();
    assert.deepEqual([ticket().comments, await putBack()], [['ours'], []]);
  });
});

describe('what is gone at a partner that takes lists whole', () => {
  const link = { endpoint: 'p', entityType: 'troubleTicket', id: 'T1', leg: '' } as Link;
  const found = { message: { comments: [], removed: [{ kind: 'comment', id: 'n1' }] }, link, conversation: { id: 'c' } };
  const ids = createIdSource(() => Date.UTC(2026, 0, 1));
  const delivery = (part: string, more: Partial<DeliveryRecord>) => {
    const updatedAt = new Date(Date.UTC(2025, 0, 1)).toISOString();
    return { id: ids(), part, leg: '', entityType: 'troubleTicket', attempts: [], updatedAt, ...more } as DeliveryRecord;
  };
  const lost = (...deliveries: DeliveryRecord[]) => {
    const store = { listDeliveries: async () => deliveries, listMessages: async () => [] } as unknown as Store;
    const client = { putBack: async () => [] } as unknown as EndpointClient;
    const record = { id: ids(), origin: 'poll' } as MessageRecord;
    return lostBy(store, client, record, found as unknown as CorrelationResult, Date.UTC(2026, 0, 1));
  };
  const interrupted = delivery('comment:1', { state: 'delivered', attempts: [{ at: '', took: 0, what: FOUND }] });

  for (const [what, deliveries, becomes] of [
    ['is somebody’s doing where nothing is written', [delivery('comment:1', { state: 'delivered' })], undefined],
    ['is somebody’s doing where something has still to be written', [delivery('comment:1', { state: 'pending' })], undefined],
    ['may be ours while something is written', [delivery('comment:1', { state: 'sending' })], 'kept'],
    ['is to be put back where a write was interrupted', [interrupted], 'put back'],
    ['is kept while it waits to be put back', [delivery('putBack:m', { state: 'pending' }), interrupted], 'kept'],
    ['is somebody’s doing once all was put back', [delivery('putBack:m', { state: 'delivered' }), interrupted], undefined],
  ] as const)
    it(what, async () => {
      const found = await lost(...deliveries);
      assert.equal(found && (found.back ? 'put back' : 'kept'), becomes);
    });
});
