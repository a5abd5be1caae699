import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { FILE_MODE, FOLDER_MODE } from '../private-files.js';
import { TimeSlice } from '../time-slice.js';
import { checkedJson, DamagedFile } from './checked-file.js';
import type { Disk } from './disk.js';
import { decodeLine, type LineChange, nextLine } from './journal-line.js';
import { partitionOf } from './partitioned-map.js';
import { type BodyRef, KINDS, toEntry } from './record-entry.js';
import { recordOfToday } from './record-of-today.js';
import { replayLine } from './replay.js';
import type { ShardWriter } from './shard-writer.js';
import type { RecordKind, RecordOf } from './store.js';
import type { StoreState } from './store-state.js';

/**
 * Migration of format 1, the folder of version 0.1.0: a snapshot of 256 files by the hash of the id, one of settings, and a
 * checkpoint. The journal is the same and stays where it is.
 */

const SNAPSHOT = 'snapshot';
export const BACKUP = 'backup-format-1';
const SETTINGS = 'settings.json';
const CHECKPOINT = 'checkpoint.json';
/** Records in memory before they are written to shards. */
const SPILL_BYTES = 12_000_000;

/** A snapshot file of format 1. */
interface Image {
  upTo: number;
  records: Record<RecordKind, [record: RecordOf[RecordKind], refs?: [string, number, number, number][]][]>;
  settings: [key: string, value: unknown][];
}

/** What replay of the journal needs to know of the snapshot. */
export interface FormatOne {
  /** Replay starts after this sequence number. */
  from: number;
  /** The highest sequence number in the snapshot. */
  lastSeq: number;
  /** Whether a change is newer than the snapshot of its record. */
  isNewer(seq: number, change: RecordedChange): boolean;
  /** Removes the old snapshot; the backup has it. */
  finish(): Promise<void>;
}

export async function hasFormatOne(folder: string): Promise<boolean> {
  return stat(`${folder}/${SNAPSHOT}`).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/**
 * Keeps version 0.1.0, which knows no formats, from opening the folder as if it were empty: it stops at a file where it needs a
 * folder.
 */
export async function refuseFormatOne(folder: string): Promise<void> {
  const text = 'This store has a newer format. Install a current version of Switchboard, or restore a backup.\n';
  await writeFile(`${folder}/${SNAPSHOT}`, text, { flag: 'wx', mode: FILE_MODE }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Loads a snapshot of format 1 and writes its records to shards, after a copy of the folder is complete. */
export async function migrate(
  state: StoreState,
  writer: ShardWriter,
  { folder, disk, log }: { folder: string; disk: Disk; log(level: 'info' | 'warn' | 'error', text: string): void },
): Promise<FormatOne> {
  await backUp(folder, disk);
  log('info', `The store in ${folder} is migrated from format 1. A copy is kept in ${BACKUP}.`);
  const crcs = await bodyChecksums(`${folder}/journal`);
  const read = async (name: string): Promise<Image | undefined> => {
    try {
      return JSON.parse(checkedJson(await readFile(`${folder}/${SNAPSHOT}/${name}`), name)) as Image;
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error;
      await rename(`${folder}/${SNAPSHOT}/${name}`, `${folder}/quarantine/${name}-${Date.now()}.damaged`);
      log(
        'error',
        `The store's file ${name} cannot be read (${error.message}). It was moved to the folder quarantine; its records are restored from the ` +
          'journal as far as the journal goes back. Check the disk, and check that the number of conversations is as expected.',
      );
      return undefined;
    }
  };
  const upTo = new Map<string, number>();
  let from = 0;
  let whole = true;
  const slice = new TimeSlice();
  for (const name of (await readdir(`${folder}/${SNAPSHOT}`)).filter((name) => name.endsWith('.json')).sort()) {
    const image = await read(name);
    whole &&= image !== undefined;
    if (!image) continue;
    if (name === CHECKPOINT) {
      from = (image as unknown as { seq: number }).seq;
      continue;
    }
    upTo.set(name, image.upTo);
    for (const [key, value] of image.settings) state.putSetting(key, { text: JSON.stringify(value), version: 1 });
    for (const kind of KINDS) {
      for (const [old, refs = []] of image.records[kind]) {
        const record = recordOfToday(kind, old);
        const bodies = refs.map(([name, segment, offset, length]): BodyRef => {
          const crc = crcs.get(`${segment} ${offset}`);
          return { name, segment, offset, length, ...(crc !== undefined && { crc }) };
        });
        state.put(kind, record.id, undefined, toEntry(kind, record, JSON.stringify(record), bodies));
        await slice.yieldIfDue();
      }
    }
    if (state.active.bytes > SPILL_BYTES) await spill(state, writer);
  }
  return {
    from: whole ? from : 0,
    lastSeq: Math.max(0, ...upTo.values()),
    isNewer: (seq, change) => seq > (upTo.get(fileOf(change)) ?? 0),
    async finish() {
      await rm(`${folder}/${SNAPSHOT}`, { recursive: true });
      await disk.syncFolder(folder);
    },
  };
}

/** Applies one line of a journal of format 1. */
export async function replayFormatOne(
  state: StoreState,
  formatOne: FormatOne,
  seq: number,
  changes: readonly LineChange[],
  segment: number,
  bodies: number,
): Promise<void> {
  const today = changes.map((change): LineChange => {
    if (!('record' in change)) return change;
    return { ...change, record: recordOfToday(change.kind, change.record as RecordOf[typeof change.kind]) };
  });
  await replayLine(state, today, segment, bodies, (change) => formatOne.isNewer(seq, change));
}

/** A change of a record or setting: version 0.1.0 had no audit trail. */
type RecordedChange = Exclude<LineChange, { kind: 'audit' }>;

/** The snapshot file that has the record of a change. */
function fileOf(change: RecordedChange): string {
  if (change.kind === 'setting') return SETTINGS;
  return `${partitionOf('record' in change ? change.record.id : change.id)
    .toString(16)
    .padStart(2, '0')}.json`;
}

/** Writes what was loaded so far to shards; the manifest that lists them is written at the end. */
async function spill(state: StoreState, writer: ShardWriter): Promise<void> {
  const loaded = state.freeze();
  const written = await writer.write(loaded.values().flatMap(({ entry }) => (entry ? [entry] : [])));
  for (const { shard, entries } of written) {
    state.shards.install(shard);
    for (const [line, { kind, id }] of entries.entries()) state.flushed(loaded.get(kind, id)!, shard.place(line));
  }
  state.frozen = undefined;
}

/** Copies the folder: with hard links where the file system has them, except for the segment that may be truncated. */
async function backUp(folder: string, disk: Disk): Promise<void> {
  const done = await stat(`${folder}/${BACKUP}`).catch(() => undefined);
  if (done) return;
  const temporary = `${folder}/${BACKUP}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  for (const part of [SNAPSHOT, 'journal']) {
    await mkdir(`${temporary}/${part}`, { recursive: true, mode: FOLDER_MODE });
    const names = (await readdir(`${folder}/${part}`)).sort();
    for (const name of names) {
      const [source, target] = [`${folder}/${part}/${name}`, `${temporary}/${part}/${name}`];
      const changes = part === 'journal' && name === names.at(-1);
      if (changes) await copyFile(source, target);
      else await link(source, target).catch(() => copyFile(source, target));
    }
    await disk.syncFolder(`${temporary}/${part}`);
  }
  await disk.rename(temporary, `${folder}/${BACKUP}`);
  await disk.syncFolder(folder);
}

/** The checksums of all bodies, which format 1 did not store: lines have one, so the bodies in an intact line are as stored. */
async function bodyChecksums(folder: string): Promise<Map<string, number>> {
  const crcs = new Map<string, number>();
  const slice = new TimeSlice();
  for (const name of (await readdir(folder)).filter((name) => name.endsWith('.log'))) {
    const content = await readFile(`${folder}/${name}`);
    for (let at: number | undefined = 0; at !== undefined && at < content.length; ) {
      const line = decodeLine(content, at);
      let offset = line?.bodies ?? 0;
      for (const change of line?.meta.changes ?? []) {
        for (const [, length] of ('bodies' in change && change.bodies) || []) {
          crcs.set(`${Number(name.slice(0, 8))} ${offset}`, crc32(content.subarray(offset, offset + length)));
          offset += length;
        }
      }
      at = line ? line.end : nextLine(content, at, content.length);
      await slice.yieldIfDue();
    }
  }
  return crcs;
}
