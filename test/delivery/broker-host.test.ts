import assert from 'node:assert/strict';
import { readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { BrokerHost } from '../../src/delivery/broker-host.js';
import { allOpen, brokers, deployedStores, flowsStarted, flowsStopping } from '../../src/delivery/brokers.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import { until } from '../live/node-red.js';
import { newFolder, removeFolders } from '../store/folders.js';

describe('the host of a broker', () => {
  const hosts: BrokerHost[] = [];
  const log: string[] = [];
  const host = (folder: string) => {
    const made = new BrokerHost({
      id: 'b',
      name: 'store',
      folder,
      retentionDays: 90,
      retentionBytes: 1e9,
      inboxLimit: 100,
      flowTimeout: 60_000,
      random: () => 0,
      lock: { heartbeat: 30, staleAfter: 300 },
      log: (level, text) => log.push(`${level}: ${text}`),
    });
    hosts.push(made);
    return made;
  };
  const hint = { node: 'in', origin: 'webhook' as const, endpoint: 'acme', entityType: 'incident', entityId: 'A', key: 'A' };
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((one) => one.close()));
    log.length = 0;
  });
  after(removeFolders);

  it('has a request wait while the store is being opened', async () => {
    const { availability } = host(await newFolder());
    assert.equal(availability.broker, undefined);
    const broker = await availability.ready();
    assert.deepEqual(brokers(), [broker]);
    await allOpen();
  });

  it('emits nothing before the flows are started, because their nodes are not there yet', async () => {
    flowsStopping();
    const { inbox, store } = await host(await newFolder()).availability.ready();
    await inbox.accept([{ ...hint, origin: 'poll', payload: {} }]);
    let emitted = 0;
    inbox.attach(intakeQueue('acme', 'incident'), {
      read: async () => undefined,
      emit: (_record, _payload, _emission, onIdle) => {
        emitted++;
        onIdle();
      },
    });
    // What was accepted later has passed all that could have emitted it.
    await inbox.accept([{ ...hint, key: 'B', origin: 'poll', payload: {} }]);
    assert.equal(emitted, 0);
    flowsStarted();
    await until('both', async () => (await store.counts()).messages.settled === 2);
  });

  it('says why a store is not open and when it is tried again, and opens it then', async () => {
    const folder = await newFolder();
    const other = new LowdbStore({ folder });
    await other.open();
    const { availability } = host(folder);
    await assert.rejects(availability.ready(), { code: 'SWB_STORE_LOCKED' });
    assert.ok((availability.trouble?.retryAt ?? 0) > Date.now() - 1_000);
    let open = false;
    const opened = allOpen().then(() => {
      open = true;
    });
    await assert.rejects(availability.ready(), { code: 'SWB_STORE_LOCKED' }, 'at once, not after the next attempt');
    assert.equal(open, false);
    await other.close();
    await opened;
    assert.ok(availability.broker);
    assert.deepEqual(
      log.map((line) => line.slice(0, 30)),
      [`error: The store in ${folder}`.slice(0, 30), `info: The store in ${folder}`.slice(0, 30)],
      'each is said once, however often it was tried',
    );
  });

  it('does not keep a deploy waiting while it cannot open its store', async () => {
    const folder = await newFolder();
    const other = new LowdbStore({ folder });
    await other.open();
    const waiting = host(folder);
    await assert.rejects(waiting.availability.ready());
    await waiting.close();
    assert.deepEqual(deployedStores(), []);
    await other.close();
  });

  it('waits for the host of the previous deployment', async () => {
    const folder = await newFolder();
    const first = host(folder);
    await first.availability.ready();
    const closed = first.close();
    const second = host(folder);
    await second.availability.ready();
    await closed;
    assert.deepEqual(log, []);
  });

  it('does not begin again with an empty store when its folder disappears', async () => {
    const folder = await newFolder();
    const { availability } = host(folder);
    const broker = await availability.ready();
    await broker.inbox.accept([{ ...hint, payload: {} }]);
    await rename(folder, `${folder}-elsewhere`);
    await until('the loss', () => availability.trouble);
    await until('the reason', () => /has disappeared\. Mount its volume/.test(availability.trouble?.error.message ?? ''));
    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}-elsewhere`, folder);
    const again = await until('the store to be back', () => availability.broker);
    assert.equal((await again.store.counts()).messages.received, 1);
  });

  it('accepts and sends nothing once another process has its store, and opens it again when that process ends', async () => {
    const folder = await newFolder();
    const { availability } = host(folder);
    const broker = await availability.ready();
    await broker.inbox.accept([{ ...hint, payload: {} }]);
    await availability.mayWrite();
    const lock = JSON.parse(await readFile(`${folder}/lock`, 'utf8'));
    // A process that is surely alive: this one's parent.
    await writeFile(`${folder}/lock`, JSON.stringify({ ...lock, token: 'another', pid: process.ppid, start: undefined }));
    await until('the loss', () => availability.trouble);
    const taken = new RegExp(`Process ${process.ppid} .* has taken over the store|is in use by process ${process.ppid}`);
    await assert.rejects(availability.ready(), taken);
    await assert.rejects(async () => availability.mayWrite(), taken);
    // A repeated hint is acknowledged without writing it: only if it is still ours to keep.
    await assert.rejects(broker.inbox.accept([{ ...hint, payload: {} }]), { code: 'SWB_CLOSED' });
    await unlink(`${folder}/lock`);
    const again = await until('the store to be open', () => availability.broker);
    assert.notEqual(again, broker);
    assert.equal((await again.store.counts()).messages.received, 1);
  });
});
