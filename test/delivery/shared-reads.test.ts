import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawEntity } from '../../src/endpoints/endpoint.js';
import type { Json } from '../../src/model/message.js';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

type Versioned = { version: string | number };

/** A customer that is read for every hint; each read waits for the test. */
class ReadingRig extends Rig {
  /** Reads that have begun, each with the function that lets it end; what it returns is fixed by then. */
  readonly reads: { end: () => void }[] = [];
  /** Versions of the customer's ticket that the next reads return although there are newer ones: replicas lag. */
  readonly lagging: number[] = [];
  private readonly history: RawEntity[] = [];
  held = true;

  /** The customer has changed its ticket, and says so, as often as `hints`. */
  async change(title: string, hints = 1): Promise<void> {
    const [ticket] = this.customer.tickets;
    if (ticket) Object.assign(ticket, { version: ticket.version + 1, fields: { ...ticket.fields, title } });
    else this.customer.tickets.push({ id: 'A', fields: { title }, comments: [], files: [], version: 1 });
    const { version } = this.customer.tickets[0] as Versioned;
    this.history[Number(version)] = structuredClone(this.customer.tickets[0]) as unknown as RawEntity;
    await this.hint(Number(version), ...Array.from({ length: hints }, (_, i) => `hint|${version}|${i}`));
  }

  /** Hints with these keys arrive together. */
  hint(version: number, ...keys: string[]): Promise<void> {
    const about = { node: 'in-customer', endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' };
    const payload = { id: 'A', version: String(version), fields: {}, again: true };
    return this.broker.inbox.accept(keys.map((key) => ({ ...about, origin: 'webhook', key, payload })));
  }

  protected override async reading(): Promise<Json> {
    const version = this.lagging.shift();
    const shown = structuredClone(version === undefined ? this.customer.tickets[0] : this.history[version]);
    if (this.held) await new Promise<void>((end) => this.reads.push({ end }));
    else this.reads.push({ end: () => undefined });
    const { id, fields, version: at } = shown as unknown as { id: string; fields: Record<string, Json>; version: number };
    return { id, fields, version: String(at) };
  }

  async endRead(nth: number): Promise<void> {
    await until(`read ${nth}`, () => this.reads.length >= nth);
    this.reads[nth - 1]?.end();
  }

  title(): Json | undefined {
    return this.provider.tickets[0]?.fields.title;
  }
}

describe('hints of one entity', () => {
  let folder: string;
  let rig: ReadingRig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-shared-reads-'));
    rig = (await new ReadingRig(folder).start()) as ReadingRig;
    Object.assign(rig.customer, {
      shows: (read: Versioned, received: Versioned) => Number(read.version) >= Number(received.version),
    });
  });
  afterEach(async () => {
    for (const { end } of rig.reads) end();
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });
  const outcomes = async () => (await rig.messages()).reverse().map(({ outcome }: MessageRecord) => outcome);

  it('that wait are answered by one read, and the last change arrives', async () => {
    await rig.change('one');
    await until('the first read', () => rig.reads.length === 1);
    for (const title of ['two', 'three', 'four']) await rig.change(title);
    await until('all to be waiting', async () => (await rig.store.counts()).messages.received === 4);
    rig.held = false;
    await rig.endRead(1);
    await rig.idle();
    assert.equal(rig.title(), 'four');
    assert.equal(rig.reads.length, 2);
    assert.deepEqual(await outcomes(), ['routed', 'routed', 'ignored', 'ignored']);
    assert.match((await rig.messages())[0]?.reason ?? '', /previous message/);
  });

  it('that a read does not show are read again, although it began later: a replica lags', async () => {
    await rig.change('one');
    await until('the first read', () => rig.reads.length === 1);
    for (const title of ['two', 'three']) await rig.change(title);
    await until('all to be waiting', async () => (await rig.store.counts()).messages.received === 3);
    rig.held = false;
    rig.lagging.push(2);
    await rig.endRead(1);
    await rig.idle();
    assert.equal(rig.title(), 'three');
    assert.equal(rig.reads.length, 3);
  });

  it('that come while a read is under way are read again', async () => {
    await rig.change('one', 2);
    await until('the first read', () => rig.reads.length === 1);
    // The read is fixed by now. The new change has the same version, so only the time of its hint tells.
    Object.assign(rig.customer.tickets[0] as object, { fields: { title: 'changed without a version' } });
    await rig.hint(1, 'later');
    await until('all to be waiting', async () => (await rig.store.counts()).messages.received === 3);
    rig.held = false;
    await rig.endRead(1);
    await rig.idle();
    assert.equal(rig.title(), 'changed without a version');
  });

  it('that repeat one that waits are read again once the read for it has begun', async () => {
    await rig.change('one', 2);
    await until('the first read', () => rig.reads.length === 1);
    await until('both to be waiting', async () => (await rig.store.counts()).messages.received === 2);
    Object.assign(rig.customer.tickets[0] as object, { fields: { title: 'changed without a version' } });
    await rig.hint(1, 'hint|1|1');
    rig.held = false;
    await rig.endRead(1);
    await rig.idle();
    assert.equal(rig.title(), 'changed without a version');
  });

  it('that arrive together are answered by one read, but not where nothing proves what it shows', async () => {
    rig.held = false;
    await rig.change('one', 3);
    await rig.idle();
    assert.equal(rig.reads.length, 1);
    Object.assign(rig.customer, { shows: undefined });
    await rig.change('two', 3);
    await rig.idle();
    assert.equal(rig.reads.length, 4);
  });

  it('are read once our own write to it is done', async () => {
    rig.held = false;
    await rig.change('one');
    await rig.idle();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let writing = false;
    rig.customer.gate = async () => {
      writing = true;
      await gate;
    };
    const [{ id = '' } = {}] = rig.provider.tickets;
    await rig.receive('provider', { id, version: '2', fields: { title: 'from the provider' } });
    await until('our write', () => writing);
    const before = rig.reads.length;
    await rig.hint(1, 'echo 1', 'echo 2');
    await until('both to be waiting', async () => (await rig.store.counts()).messages.received === 2);
    assert.equal(rig.reads.length, before);
    open();
    await rig.idle();
    assert.deepEqual([rig.reads.length - before, rig.customer.tickets[0]?.fields.title], [1, 'from the provider']);
  });
});
