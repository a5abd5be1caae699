import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { Change, ConversationRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { conversation, delivery, link } from '../store/records.js';
import { Rig } from './rig.js';

const MANY = 10_000;
/** Conversations that are kept busy: more than are sent to at once. */
const BUSY = 8;
const PERSON = { name: 'ann' };
/** Writes to one partner that may be made before one to another starts: what is under way, and what follows during its commits. */
const FEW = 40;

describe('fairness between partners and conversations', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-fairness-'));
    rig = await new Rig(folder).start({ flows: false });
    for (const endpoint of ['customer', 'provider']) await rig.broker.interventions.suspend(endpoint, '', PERSON);
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  function ticket(endpoint: 'customer' | 'provider', id: string): ConversationRecord {
    rig[endpoint].tickets.push({ id, fields: {}, comments: [], files: [], version: 1 });
    return conversation(id, { links: [link(id, { endpoint, entityType: 'troubleTicket', number: id })] });
  }

  let queued = 0;
  /** Comments that wait for an endpoint, one after the other for each of some tickets. */
  async function queue(endpoint: 'customer' | 'provider', tickets: readonly string[], count: number): Promise<void> {
    const changes: Change[] = tickets.map((id) => ({ kind: 'conversation', record: ticket(endpoint, id) }));
    for (let n = 0; n < count; n++) {
      const conversation = tickets[n % tickets.length]!;
      const id = `d${String(++queued).padStart(6, '0')}`;
      const lane = `${conversation}|${endpoint}`;
      const comment = { id, text: `${conversation} ${n}`, visibility: 'public' };
      const record = delivery(id, { endpoint, conversation, lane, message: id, part: `comment:${id}` });
      changes.push({ kind: 'delivery', record, bodies: { request: { comment } } });
    }
    await rig.store.commit(changes);
  }

  const names = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
  const written = () => rig.provider.calls.filter((call) => call.startsWith('comment')).length;
  const resume = (endpoint: string) => rig.broker.interventions.resume(endpoint, PERSON);
  const suspend = (endpoint: string) => rig.broker.interventions.suspend(endpoint, '', PERSON);

  /** Writes to the provider from now on until the customer gets its first comment. */
  async function writesBefore(start: () => Promise<void>): Promise<number> {
    let before: number | undefined;
    rig.customer.gate = async () => {
      before ??= written();
    };
    const from = written();
    await start();
    await until('the customer to get its comment', () => rig.customer.tickets.some(({ comments }) => comments.length > 0));
    return before! - from;
  }

  it('sends one delivery to a partner while ten thousand to another are being sent', async () => {
    await queue('provider', names(MANY, 'P'), MANY);
    await resume('provider');
    await until('the provider to be busy', () => written() > 50);
    const writes = await writesBefore(async () => {
      await resume('customer');
      await queue('customer', ['C'], 1);
    });
    await suspend('provider');
    assert.ok(writes <= FEW, `${writes} writes to the provider were made first`);
    assert.ok(((await rig.store.counts()).waiting.provider ?? 0) > MANY / 2);
  });

  it('retries one delivery to a partner while ten thousand wait for another that is down', async () => {
    const { comment } = rig.provider;
    let tries = 0;
    rig.provider.comment = (...args) => {
      tries++;
      rig.provider.faults.push('down');
      return comment.apply(rig.provider, args);
    };
    await queue('provider', names(MANY, 'P'), MANY);
    await resume('provider');
    await until('the circuit to open', () => rig.broker.worker('provider')?.status.circuit === 'open');
    rig.customer.faults.push('down', 'limited');
    const from = tries;
    await resume('customer');
    await queue('customer', ['C'], 1);
    await until('the customer to get its comment', () => rig.customer.tickets.some(({ comments }) => comments.length > 0));
    assert.ok(tries - from <= FEW, `${tries - from} tries`);
    assert.equal((await rig.store.counts()).waiting.provider, MANY);
  });

  it('does not hold up the others while the partner fails for one record, and works otherwise', async () => {
    const { comment } = rig.provider;
    let tries = 0;
    rig.provider.comment = (type, id, ...rest) => {
      if (id === 'bad' && ++tries < 9) rig.provider.faults.push(tries % 2 ? 'down' : 'strange');
      return comment.call(rig.provider, type, id, ...rest);
    };
    await queue('provider', ['bad'], 1);
    await resume('provider');
    await until('it to have failed often', () => tries >= 7);
    assert.equal(rig.broker.worker('provider')?.status.circuit, 'closed');
    await queue('provider', ['good'], 1);
    await until('the other ticket to get its comment', () =>
      rig.provider.tickets.some((one) => one.id === 'good' && one.comments.length > 0),
    );
    await until('this one, too', () => rig.provider.tickets.every(({ comments }) => comments.length > 0));
    assert.deepEqual(
      rig.log.filter((line) => line.includes('unavailable')),
      [],
    );
  });

  it('goes on with the others while the partner fails for several records, and works otherwise', async () => {
    const { comment } = rig.provider;
    let isRepaired = false;
    rig.provider.comment = (type, id, ...rest) => {
      if (id.startsWith('bad') && !isRepaired) rig.provider.faults.push('down');
      return comment.call(rig.provider, type, id, ...rest);
    };
    const bad = names(8, 'bad');
    await queue('provider', bad, bad.length);
    await resume('provider');
    await until('nothing to be sent for a while', () => rig.broker.worker('provider')?.status.circuit === 'open');
    await queue('provider', names(20, 'good'), 20);
    const done = (start: string) =>
      rig.provider.tickets.every(({ id, comments }) => !id.startsWith(start) || comments.length > 0);
    await until('the others to get their comments', () => done('good'));
    isRepaired = true;
    await until('these, too', () => done('bad'));
  });

  it('sends one delivery of a conversation before the rest of thousands of others at the same partner', async () => {
    const busy = names(BUSY, 'busy');
    await queue('provider', busy, BUSY * 1_000);
    await resume('provider');
    await until('the provider to be busy', () => written() > 50);
    const from = written();
    await queue('provider', ['other'], 1);
    const before = await until('the other ticket to get its comment', () =>
      rig.provider.calls.some((call) => call.startsWith('comment other')),
    ).then(() =>
      rig.provider.calls.filter((call) => call.startsWith('comment')).findIndex((call) => call.startsWith('comment other')),
    );
    await suspend('provider');
    assert.ok(before - from <= FEW, `${before - from} writes to the others were made first`);
    const shares = busy.map((id) => rig.provider.calls.filter((call) => call.startsWith(`comment ${id} `)).length);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `not in turns: ${shares.join(', ')}`);
  });

  it('emits a message of one party while the reads of another take long', async () => {
    let reads = 0;
    let open = (_payload: undefined) => {};
    const gate = new Promise<undefined>((resolve) => {
      open = resolve;
    });
    const emitted: string[] = [];
    for (const party of ['provider', 'customer'])
      rig.broker.inbox.attach(intakeQueue(party, 'troubleTicket'), {
        read: () => {
          if (party === 'customer') return Promise.resolve(undefined);
          reads++;
          return gate;
        },
        emit: (record, _payload, _emission, onIdle) => {
          emitted.push(record.entityId);
          onIdle();
        },
      });
    for (let n = 0; n < 60; n++) await rig.receive('provider', { id: `P${n}`, fields: {} });
    await until('the reads to begin', () => reads === 60);
    await rig.receive('customer', { id: 'C', fields: {} });
    await until('the message of the customer', () => emitted.includes('C'));
    open(undefined);
  });
});
