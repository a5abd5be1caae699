import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Spool } from '../../src/delivery/spool.js';

const FREE = { free: 1e12, size: 1e12 };
const FILE = { id: 'a', name: 'a.txt', mimeType: '' };

describe('the spool', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-spool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const spool = (bytes = 1000, mayGo: (name: string) => boolean = () => false, disk = FREE) =>
    new Spool(folder, async (name) => mayGo(name), { bytes, disk: async () => disk });
  const content = (...parts: number[]) => Readable.from(parts.map((size) => Buffer.alloc(size)));
  const waits = (words: RegExp) => ({ code: 'SWB_BUSY', waits: true, message: words });
  const names = () => readdirSync(folder).sort();

  it('makes a file wait where all of them would be too many, and leaves nothing of it', async () => {
    const store = spool();
    await store.store('one', FILE, content(600));
    await assert.rejects(
      store.store('two', FILE, content(300, 300)),
      waits(/^The file waits: the attachments on their way have/),
    );
    assert.deepEqual(names(), ['one']);
    await store.store('three', FILE, content(400));
    await store.remove('one');
    await store.store('two', FILE, content(300, 300));
    assert.deepEqual(names(), ['three', 'two']);
  });

  it('makes room by the files of dead letters, the oldest first, but not by those on their way', async () => {
    const store = spool(1000, (name) => name.startsWith('dead'));
    for (const name of ['dead 1', 'alive', 'dead 2']) await store.store(name, FILE, content(300));
    await store.store('new', FILE, content(300));
    assert.deepEqual(names(), ['alive', 'dead 2', 'new']);
  });

  it('counts what it finds after a restart', async () => {
    await spool().store('one', FILE, content(600));
    const again = spool();
    await again.sweep(async () => true);
    await assert.rejects(again.store('two', FILE, content(600)), waits(/The file waits/));
  });

  it('leaves room on the disk, also for a file that is announced', async () => {
    const disk = { free: 60e6, size: 1e9 };
    await spool(1e12, undefined, disk).store('one', { ...FILE, size: 600 }, content(600));
    const announced = { ...FILE, size: 20_000_000 };
    await assert.rejects(
      spool(1e12, undefined, disk).store('two', announced, content(1)),
      waits(/only 57 MB are free on the disk/),
    );
    assert.deepEqual(names(), ['one']);
  });

  it('ends a file that becomes too large, and leaves nothing of it', async () => {
    const requireSize = (bytes: number) => assert.ok(bytes <= 500, 'too large');
    let given = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given++;
          yield Buffer.alloc(100);
        }
      })(),
    );
    await assert.rejects(spool().store('one', FILE, endless, { requireSize }), /too large/);
    assert.ok(given < 1000 && endless.destroyed);
    assert.deepEqual(names(), []);
  });

  it('leaves nothing of a file that breaks off or is damaged', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(10);
        throw new Error('broken');
      })(),
    );
    await assert.rejects(spool().store('one', FILE, broken), /broken/);
    await assert.rejects(spool().store('one', { ...FILE, size: 7 }, content(10)), /arrived damaged/);
    assert.deepEqual(names(), []);
  });
});
