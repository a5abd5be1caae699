import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CorrelationResult } from '../../src/conversation/correlator.js';
import { planRecovery } from '../../src/delivery/comment-recovery.js';
import { FOUND_COMMENT } from '../../src/delivery/outbox.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import { PartnerError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import { createIdSource } from '../../src/store/id.js';
import type { DeliveryRecord, Link, MessageRecord, Store } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import type { Partner } from './partner.js';
import { Rig } from './rig.js';

/** Comments whose text is their id. */
class Worded extends Rig {
  ids = (text: string) => text;
  reads = 0;
  /** Comments that the next events show, whether the partner still has them or not. */
  reported: string[] = [];

  protected override async reading(partner: Partner, record: MessageRecord): Promise<Json> {
    this.reads++;
    const read = (await super.reading(partner, record)) as { notes: [string, string][] };
    const shown = read.notes.map(([, text]) => text);
    const reported = this.reported.filter((text) => !shown.includes(text));
    return { ...read, reported, notes: [...shown, ...reported].map((text) => [this.ids(text), text]) };
  }
}

const notesOf = (raw: RawEntity) => (raw as { notes?: [id: string, text: string][] }).notes ?? [];

/** A provider that accepts comments only as a whole list, so that a write may remove comments unseen. */
describe('a comment that an interrupted write of the whole list removed', () => {
  let folder: string;
  let rig: Worded;
  let asked: { shown: RawEntity[]; since: string; only?: string[] }[];
  let events = 0;
  beforeEach(async () => {
    asked = [];
    folder = mkdtempSync(join(tmpdir(), 'switchboard-back-'));
    rig = new Worded(folder);
    Object.assign(rig.provider, {
      side: 'provider',
      putBack: async (_type: string, _id: string, shown: RawEntity[], since: string, only?: string[]) => {
        asked.push({ shown, since, only });
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
    await rig.idle();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const ticket = () => rig.provider.tickets[0]!;
  const report = async ({ idle = true } = {}) => {
    const about = { endpoint: 'provider', entityType: 'troubleTicket', entityId: ticket().id };
    const before = rig.reads;
    await rig.broker.inbox.accept([
      { node: 'in-provider', origin: 'event', ...about, key: `e${++events}`, payload: { again: events } },
    ]);
    await (idle ? rig.idle() : until('it to be read', () => rig.reads > before));
  };
  /** Our write removes the partner's comment, which was reported before. */
  const collide = async (fault?: 'lost' | 'down') => {
    ticket().comments.push('theirs');
    await report();
    if (fault) rig.provider.faults.push(fault);
    const { comment } = rig.provider;
    rig.provider.comment = async (...given) => {
      ticket().comments = [];
      return comment.apply(rig.provider, given);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes: [['c1', 'ours']] });
    await rig.idle();
  };
  /** A completed write of ours removes a comment of the partner that nobody has read; its event comes late. */
  const overwrite = async () => {
    Object.assign(rig.provider, {
      comment: async (...[, , { text }]: Parameters<Partner['comment']>) => {
        ticket().comments.push(text);
        return { id: text, wholeList: true };
      },
      asRead: ({ reported = [], ...read }: RawEntity & { reported?: string[] }) => ({
        ...read,
        notes: notesOf(read).filter(([, text]) => !reported.includes(text)),
      }),
    });
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes: [['c1', 'ours']] });
    await rig.idle();
  };
  const putBack = async () => (await rig.deliveries()).filter(({ part }) => part.startsWith('putBack:'));

  it('is restored as it was shown before, once a read shows that it is missing', async () => {
    await collide('lost');
    await report();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    assert.deepEqual(
      (await putBack()).map(({ state, attempts }) => [state, attempts.at(-1)?.what]),
      [['delivered', 'restored comments that an earlier write had removed: "theirs"']],
    );
    const notes = asked[0]?.shown.flatMap((raw) => notesOf(raw).map(([id]) => id));
    assert.ok(notes?.includes('theirs'), 'the read that showed it is passed on');
    await report();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    assert.equal((await putBack()).length, 1, 'a restored comment is no change');
  });

  it('is neither reported again where it then has another id, nor reported as deleted', async () => {
    await collide('lost');
    let last = 0;
    rig.ids = (text) => (text === 'theirs' ? `theirs ${++last}` : text);
    await report();
    await report();
    assert.deepEqual(ticket().comments, ['ours', 'theirs']);
    const sent = (await rig.deliveries()).filter(({ endpoint, part }) => endpoint === 'customer' && part.startsWith('comment:'));
    assert.equal(sent.length, 1);
    const reasons = (await rig.messages()).map(({ reason }) => reason ?? '');
    assert.ok(!reasons.some((reason) => /was deleted/.test(reason)), reasons.join('\n'));
  });

  it('is reported as deleted where it is missing after the recovery: the partner deleted it', async () => {
    await collide('lost');
    await report();
    ticket().comments = ['ours'];
    Object.assign(rig.provider, { putBack: async () => [] });
    await report();
    const reasons = (await rig.messages()).map(({ reason }) => reason ?? '');
    assert.ok(
      reasons.some((reason) => /A comment was deleted at provider: theirs/.test(reason)),
      reasons.join('\n'),
    );
  });

  it('is restored beside the comments that wait to be written, which keep their order', async () => {
    const provider: EndpointClient = rig.provider;
    const { putBack: putsBack } = provider;
    provider.putBack = () =>
      Promise.reject(new PartnerError('SWB_PARTNER_UNAVAILABLE', 'down', { outcome: 'notDone', retry: true }));
    await collide('lost');
    await report({ idle: false });
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
    await rig.idle();
  });

  it('is recognised under another id also where an uninterrupted write removed it for a moment', async () => {
    let last = 0;
    rig.ids = (text) => (text === 'theirs' ? `theirs ${++last}` : text);
    ticket().comments.push('theirs');
    await report();
    const { comment } = rig.provider;
    rig.provider.comment = async (...given) => {
      const written = await comment.apply(rig.provider, given);
      ticket().comments = ['ours'];
      await report({ idle: false });
      ticket().comments = ['ours', 'theirs'];
      return written;
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' }, notes: [['c1', 'ours']] });
    await rig.idle();
    await report();
    const sent = (await rig.deliveries()).filter(({ endpoint, part }) => endpoint === 'customer' && part.startsWith('comment:'));
    assert.equal(sent.length, 1);
  });

  it('is not one that was missing before the write', async () => {
    ticket().comments.push('deleted');
    await report();
    ticket().comments = ['other'];
    await report();
    await collide('lost');
    await report();
    const shown = new Set(asked.flatMap((one) => one.shown.flatMap(notesOf)).map(([id]) => id));
    assert.ok(shown.has('theirs') && !shown.has('deleted'), [...shown].join());
  });

  it('is not restored where a write failed before it took effect', async () => {
    await collide('down');
    await report();
    assert.deepEqual([ticket().comments, await putBack()], [['ours'], []]);
  });

  describe('and a completed one', () => {
    beforeEach(overwrite);
    const reasons = async () => (await rig.messages()).map(({ reason }) => reason ?? '').join('\n');
    const passedOn = async () =>
      (await rig.deliveries()).filter(({ endpoint, part }) => endpoint === 'customer' && part.startsWith('comment:')).length;

    it('is restored once where only a late event shows it, and is not reported as deleted', async () => {
      rig.reported = ['theirs'];
      await report();
      assert.deepEqual(ticket().comments, ['ours', 'theirs']);
      await report();
      rig.reported = [];
      await report();
      assert.deepEqual([(await putBack()).length, await passedOn()], [1, 1]);
      assert.doesNotMatch(await reasons(), /was deleted/);
      assert.deepEqual(asked[0]?.only, ['theirs']);
    });

    it('is reported as deleted where a read after the write showed it', async () => {
      ticket().comments.push('theirs');
      await report();
      ticket().comments = ['ours'];
      await report();
      assert.deepEqual([ticket().comments, await putBack()], [['ours'], []]);
      assert.match(await reasons(), /A comment was deleted at provider: theirs/);
    });

    it('is reported as deleted where it is missing again after it was restored', async () => {
      rig.reported = ['theirs'];
      await report();
      rig.reported = [];
      ticket().comments = ['ours'];
      await report();
      assert.deepEqual([ticket().comments, (await putBack()).length], [['ours'], 1]);
      assert.match(await reasons(), /A comment was deleted at provider: theirs/);
    });
  });

  it('is not restored where no write was interrupted: the partner deleted it', async () => {
    await collide();
    await report();
    assert.deepEqual([ticket().comments, await putBack()], [['ours'], []]);
  });
});

describe('a comment that is missing at a partner that writes whole lists', () => {
  const link = { endpoint: 'p', entityType: 'troubleTicket', id: 'T1', leg: '' } as Link;
  const found = { message: { comments: [], removed: [{ kind: 'comment', id: 'n1' }] }, link, conversation: { id: 'c' } };
  const ids = createIdSource(() => Date.UTC(2026, 0, 1));
  const delivery = (part: string, more: Partial<DeliveryRecord>) => {
    const updatedAt = new Date(Date.UTC(2025, 0, 1)).toISOString();
    return { id: ids(), part, leg: '', entityType: 'troubleTicket', attempts: [], updatedAt, ...more } as DeliveryRecord;
  };
  const lost = (...deliveries: DeliveryRecord[]) => {
    const bodies = async () => ({});
    const store = { listDeliveries: async () => deliveries, listMessages: async () => [], bodies } as unknown as Store;
    const client = { putBack: async () => [] } as unknown as EndpointClient;
    const record = { id: ids(), origin: 'poll' } as MessageRecord;
    return planRecovery(store, client, record, found as unknown as CorrelationResult, Date.UTC(2026, 0, 1));
  };
  const interrupted = delivery('comment:1', { state: 'delivered', attempts: [{ at: '', took: 0, what: FOUND_COMMENT }] });

  for (const [what, deliveries, becomes] of [
    ['was deleted by the partner where nothing is being written', [delivery('comment:1', { state: 'delivered' })], undefined],
    ['was deleted by the partner where a write has not started yet', [delivery('comment:1', { state: 'pending' })], undefined],
    ['may have been removed by us while a write is under way', [delivery('comment:1', { state: 'sending' })], 'kept'],
    ['is restored where a write was interrupted', [interrupted], 'restored'],
    ['is kept while it waits to be restored', [delivery('putBack:m', { state: 'pending' }), interrupted], 'kept'],
    [
      'was deleted by the partner where the recovery is over',
      [delivery('putBack:m', { state: 'delivered' }), interrupted],
      undefined,
    ],
  ] as const)
    it(what, async () => {
      const found = await lost(...deliveries);
      assert.equal(found && (found.recovery ? 'restored' : 'kept'), becomes);
    });
});
