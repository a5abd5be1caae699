import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { TimeSlice } from '../time-slice.js';
import { DamagedFile } from './checked-file.js';
import { type Disk, TEMPORARY } from './disk.js';
import type { Losses } from './losses.js';
import { type Manifest, settingsDatabase, settingsName } from './manifest.js';
import { type RecordEntry, workOf } from './record-entry.js';
import type { KeyHashes } from './record-keys.js';
import { type LostRecord, restoreFromJournal } from './restore.js';
import { decodeEntry, indexName, shardDatabase, shardName, writeNew } from './shard-file.js';
import { decodeIndex, encodeIndex, type ShardIndex } from './shard-index.js';
import { isDead, type ListedShard } from './shards.js';
import type { StoreState } from './store-state.js';

export interface LoadOptions {
  /** The store's folder, and the one of its shards. */
  folder: string;
  shardFolder: string;
  disk: Disk;
  losses: Losses;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

/** Indexes read at the same time. */
const PARALLEL = 8;

/** Loads what the manifest lists: the indexes of the shards, the work that waits, the settings. */
export async function loadShards(state: StoreState, manifest: Manifest, options: LoadOptions): Promise<void> {
  const { shards } = state;
  shards.reserve(manifest.shards.reduce((sum, { keys }) => sum + keys, 0));
  const slice = new TimeSlice();
  const reading: Promise<ShardIndex | undefined>[] = [];
  for (const [i, listed] of manifest.shards.entries()) {
    for (const ahead of manifest.shards.slice(reading.length, i + PARALLEL)) {
      const index = readIndex(ahead, state.hashes, options);
      // A failure is thrown where it is awaited.
      index.catch(() => {});
      reading.push(index);
    }
    const index = await reading[i]!;
    if (!index) {
      await restoreShard(state, listed, options);
      continue;
    }
    const shard = await shards.add(listed, index, slice);
    shards.install(shard);
    for (const [line, work] of index.work) {
      const place = shard.place(line);
      if (!shards.isLive(place)) continue;
      // An index of an earlier version does not have the queue of a message.
      const isComplete = work.kind === 'delivery' || work.queue !== undefined;
      state.queues.set(work.kind, work.id, isComplete ? work : workOf(await shards.read(place)));
    }
    await slice.yieldIfDue();
  }
  await loadSettings(state, manifest, options);
}

/** Restores the records of a shard that is missing or incomplete, if all of them are still in the journal. */
async function restoreShard(
  state: StoreState,
  listed: ListedShard,
  { folder, shardFolder, losses, log }: LoadOptions,
): Promise<void> {
  const name = shardName(listed.number);
  const lost = await lostRecords(listed, shardFolder);
  const entries = lost && (await restoreFromJournal(`${folder}/journal`, lost));
  if (!entries || entries.length < lost.length) {
    losses.add(`shards/${name} is missing or incomplete`);
    return;
  }
  for (const entry of entries) state.restore(entry);
  await rename(`${shardFolder}/${name}`, `${folder}/quarantine/${name}-${Date.now()}.damaged`).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
  log(
    'error',
    `The store's file shards/${name} was missing or damaged. Its ${entries.length} records were restored from the journal. Check the disk.`,
  );
}

/** The records of a shard that count, by its index; undefined if that is damaged, too. */
async function lostRecords(listed: ListedShard, shardFolder: string): Promise<LostRecord[] | undefined> {
  try {
    const content = await readFile(`${shardFolder}/${indexName(listed.number)}`);
    const { names } = decodeIndex(content, indexName(listed.number));
    const text = content.subarray(names.at, names.at + names.bytes);
    if (crc32(text) !== names.crc) return undefined;
    const dead = Buffer.from(listed.dead ?? '', 'base64');
    const lines = text.toString().split('\n').slice(0, listed.lines);
    return lines.filter((_, line) => dead.length === 0 || !isDead(dead, line)).map((line) => JSON.parse(line) as LostRecord);
  } catch (error) {
    if (error instanceof DamagedFile || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The index of a shard, created again from its records if necessary; undefined if the records are missing or incomplete. */
async function readIndex(listed: ListedShard, hashes: KeyHashes, options: LoadOptions): Promise<ShardIndex | undefined> {
  const { shardFolder, disk, log } = options;
  const size = await sizeOf(`${shardFolder}/${shardName(listed.number)}`);
  if (size !== listed.bytes) return undefined;
  try {
    const content = await readFile(`${shardFolder}/${indexName(listed.number)}`);
    if (content.length !== listed.indexBytes) throw new DamagedFile('its size is wrong');
    return decodeIndex(content, indexName(listed.number));
  } catch (error) {
    if (!(error instanceof DamagedFile) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const { db, file } = shardDatabase(disk, shardFolder, listed.number);
  try {
    await db.read();
  } catch (error) {
    if (error instanceof DamagedFile) return undefined;
    throw error;
  }
  const entries: RecordEntry[] = db.data.map(decodeEntry);
  const keys = entries.map((entry) => hashes.keysOf(entry.kind, JSON.parse(entry.text)));
  const content = await encodeIndex(entries, keys, file.offsets);
  await writeNew(disk, shardFolder, indexName(listed.number), content);
  log(
    'warn',
    `The index ${indexName(listed.number)} of the store was missing or damaged; it was created again from its records.`,
  );
  return decodeIndex(content, indexName(listed.number));
}

async function loadSettings(state: StoreState, manifest: Manifest, options: LoadOptions): Promise<void> {
  if (manifest.settings === 0) return;
  const { folder, disk, losses } = options;
  const name = settingsName(manifest.settings);
  const file = settingsDatabase(disk, folder, manifest.settings);
  const lost = (what: string) => {
    losses.add(what);
    // If the store continues without them, they are written again.
    state.settingsChanged = true;
  };
  try {
    if ((await sizeOf(`${folder}/${name}`)) === undefined) lost(`${name} is missing`);
    else await file.read();
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    lost(error.message);
  }
  for (const [key, setting] of file.data) state.settings.set(key, setting);
}

/** The size of a file; undefined if it does not exist. A file that cannot be read is not damaged: the store is opened later. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes what a crash left, and what is no longer part of the store; `keep`: into the folder `quarantine`. */
export async function removeLeftovers(
  manifest: Manifest,
  { folder, shardFolder, keep }: { folder: string; shardFolder: string; keep: boolean },
): Promise<void> {
  const remove = (from: string, name: string) =>
    keep ? rename(`${from}/${name}`, `${folder}/quarantine/${name}-${Date.now()}`) : unlink(`${from}/${name}`);
  const listed = new Set(manifest.shards.flatMap(({ number }) => [shardName(number), indexName(number)]));
  for (const name of await readdir(shardFolder)) if (!listed.has(name)) await remove(shardFolder, name);
  for (const name of await readdir(folder)) {
    const old = /^settings-\d+\.json$/.test(name) && name !== settingsName(manifest.settings);
    if (old || name.endsWith(TEMPORARY)) await remove(folder, name);
  }
}
