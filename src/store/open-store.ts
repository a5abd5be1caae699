import type { SwitchboardError } from '../errors.js';
import { privateFolder } from '../private-files.js';
import { steadyClock } from '../steady-clock.js';
import { CommitLog } from './commit-log.js';
import { Compaction } from './compaction.js';
import type { Disk } from './disk.js';
import { FileReader } from './file-reader.js';
import { checkFormat, readManifest, writeFormat } from './folder-format.js';
import { timeOf } from './id.js';
import { Journal, type Segment } from './journal.js';
import { KnownGeneration } from './known-generation.js';
import { loadShards, removeLeftovers } from './loading.js';
import { LOCK_TIMES, Lock, type LockTimes } from './lock.js';
import { Losses } from './losses.js';
import { FORMAT_FILE, type Manifest, manifestDatabase, segmentsDatabase } from './manifest.js';
import { type FormatOne, migrate, refuseFormatOne, replayFormatOne } from './migration.js';
import { Purge } from './purge.js';
import { RecordCounts } from './record-counts.js';
import { KeyHashes } from './record-keys.js';
import { recover } from './recovery.js';
import { replayLine } from './replay.js';
import { Retention } from './retention.js';
import { ShardWriter } from './shard-writer.js';
import { Shards } from './shards.js';
import { MAX_WAIT } from './store.js';
import { StoreState } from './store-state.js';
import { Trail } from './trail.js';

const RETENTION_DAYS = 30;
const AUDIT_MONTHS = 24;
const RETENTION_BYTES = 2 * 1024 ** 3;
const SEGMENT_BYTES = 16 * 1024 ** 2;
const SHARD_BYTES = 1_000_000;
/** Milliseconds between two retention runs. */
const RETENTION_INTERVAL = 3_600_000;
/** Shards are many, segments are few. */
const OPEN_SHARDS = 64;
const OPEN_SEGMENTS = 4;

type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

export interface LowdbStoreOptions {
  /** A folder for this store alone; created if missing. */
  folder: string;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Days for which closed conversations and their bodies are kept. */
  retentionDays?: number;
  /** Maximum size of the journal, and so of the bodies, in bytes. */
  retentionBytes?: number;
  /** Whole months for which the audit trail is kept, beside the current one. */
  auditMonths?: number;
  /** The steady clock (src/steady-clock.ts), in milliseconds. */
  steady?: () => number;
  log?: Log;
  /** Size at which the journal starts a new file. */
  segmentBytes?: number;
  /** Size of a file of records. */
  shardBytes?: number;
  lock?: LockTimes;
}

/** The options with defaults filled in. */
export function withDefaults(options: LowdbStoreOptions): Required<LowdbStoreOptions> {
  return {
    folder: options.folder,
    clock: options.clock ?? Date.now,
    steady: options.steady ?? steadyClock(options.clock),
    retentionDays: options.retentionDays ?? RETENTION_DAYS,
    retentionBytes: options.retentionBytes ?? RETENTION_BYTES,
    auditMonths: options.auditMonths ?? AUDIT_MONTHS,
    log: options.log ?? (() => {}),
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    shardBytes: options.shardBytes ?? SHARD_BYTES,
    lock: options.lock ?? LOCK_TIMES,
  };
}

/** The parts of an open store. */
export interface OpenStore {
  lock: Lock;
  state: StoreState;
  journal: Journal;
  commits: CommitLog;
  compaction: Compaction;
  retention: Retention;
  trail: Trail;
  purge: Purge;
  /** Of the journal's segments, and of shards. */
  readers: FileReader[];
  bodies: FileReader;
  memory: { since: string; olderCopy: boolean };
  /** Records durably where the journal ends. */
  listEnd(): Promise<void>;
  timer: NodeJS.Timeout;
}

/** Acquires the lock of a folder, loads its data and starts the background work. */
export async function openStoreFolder(
  options: Required<LowdbStoreOptions>,
  disk: Disk,
  onLost: (error: SwitchboardError) => void,
): Promise<OpenStore> {
  const { folder } = options;
  const wasOpen = privateFolder(folder);
  if (wasOpen) options.log('warn', wasOpen);
  for (const name of ['spool', 'journal', 'shards', 'quarantine', 'audit']) privateFolder(`${folder}/${name}`);
  await disk.syncFolder(folder);
  const lock = await Lock.take(folder, onLost, options.lock);
  try {
    return await load(options, disk, lock, onLost);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function load(
  options: Required<LowdbStoreOptions>,
  disk: Disk,
  lock: Lock,
  onReplaced: (error: SwitchboardError) => void,
): Promise<OpenStore> {
  const { folder, clock, steady, log, segmentBytes, shardBytes } = options;
  const shardFolder = `${folder}/shards`;
  const losses = await Losses.of(folder, log);
  const formatOne = await checkFormat(folder, disk);
  const manifest = manifestDatabase(disk, folder, clock());
  const segments = segmentsDatabase(disk, folder);
  const generation = new KnownGeneration(disk, folder);
  if (!formatOne) await readManifest(folder, manifest, segments, losses);
  const before = manifest.data;
  const known = await generation.read();
  const olderCopy = known > before.generation;
  const opening: Manifest = {
    ...before,
    generation: Math.max(known, before.generation) + 1,
    olderCopy: olderCopy || before.olderCopy,
    since: olderCopy || losses.any ? new Date(clock()).toISOString() : before.since,
  };
  const readers = [new FileReader(OPEN_SHARDS), new FileReader(OPEN_SEGMENTS)] as const;
  const shards = new Shards(shardFolder, readers[0], `${folder}/journal`, log);
  const state = new StoreState(shards, new KeyHashes(before.seed));
  state.counts = new RecordCounts(before.counts);
  state.newestId = before.newestId;
  const writer = new ShardWriter(shardFolder, disk, state, shards, before.nextShard, shardBytes);
  let migrated: FormatOne | undefined;
  if (formatOne) migrated = await migrate(state, writer, { folder, disk, log });
  else await loadShards(state, before, { folder, shardFolder, disk, losses, log });
  const recovered = await recover({
    folder: `${folder}/journal`,
    quarantine: `${folder}/quarantine`,
    disk,
    from: migrated?.from ?? before.seq,
    listed: segments.data,
    losses,
    apply: (seq, changes, segment, bodies) =>
      migrated ? replayFormatOne(state, migrated, seq, changes, segment, bodies) : replayLine(state, changes, segment, bodies),
    log,
  });
  // Nothing is changed in a folder that is not complete; and not all files may be here after a mistake.
  if (!formatOne) await removeLeftovers(before, { folder, shardFolder, keep: losses.any });
  state.queues.dueBy(Math.max(clock(), timeOf(state.newestId)) + MAX_WAIT);
  const list = async (listed: readonly Segment[], end = segments.data.end): Promise<void> => {
    segments.data = { segments: listed.map(({ number, first }) => ({ number, first })), ...(end && { end }) };
    await segments.write();
  };
  const journal = new Journal(
    {
      folder: `${folder}/journal`,
      disk,
      clock,
      steady,
      segmentBytes,
      log,
      beforeWrite: () => lock.confirm(),
      onReplaced,
      list,
      onDurable: (seq) => commits.durable(seq),
      onLost: (seq) => commits.lost(seq),
    },
    // The shards can be ahead of a journal that was damaged at its end.
    { segments: recovered.segments, lastSeq: Math.max(recovered.lastSeq, before.seq, migrated?.lastSeq ?? 0) },
    migrated !== undefined,
  );
  manifest.data = opening;
  const trail = await Trail.open(`${folder}/audit`, disk, state.audit.splice(0), before.audit, log);
  const limitsOfFiles = { folder, disk, segmentBytes, shardBytes, log };
  const compaction = new Compaction(state, journal, shards, writer, manifest, trail, limitsOfFiles);
  const grew = (bytes: number) => {
    compaction.journalGrew(bytes);
    retention.journalGrew(bytes);
  };
  const commits = new CommitLog(state, journal, grew, (entries) => trail.append(entries));
  const { retentionDays: days, retentionBytes: bytes, auditMonths } = options;
  const retention = new Retention(state, journal, commits, compaction, readers[1], trail, {
    clock,
    days,
    bytes,
    auditMonths,
    log,
  });
  const purge = new Purge({ folder, disk, state, journal, commits, compaction, retention, bodies: readers[1], trail });
  await list(journal.segments);
  await manifest.write();
  if (migrated || losses.any) await compaction.run();
  const isWritten = await writeFormat(folder, disk);
  if (isWritten && before.generation > 0)
    log('warn', `${FORMAT_FILE} in ${folder} was missing or damaged. It was written again.`);
  if (migrated) await migrated.finish();
  await refuseFormatOne(folder);
  await rememberGeneration(generation, opening.generation, log);
  await losses.forget();
  if (olderCopy) {
    log(
      'warn',
      `The store in ${folder} is an older copy (generation ${before.generation}, last seen ${known}): what happened since is unknown to it. ` +
        'Before a record is created at a partner, it is looked up there.',
    );
  }
  const timer = setInterval(() => retention.inBackground(), RETENTION_INTERVAL).unref();
  compaction.journalGrew(recovered.replayed);
  // An erasure that was interrupted goes on.
  if (purge.isDue) purge.run([]).catch((error: Error) => log('warn', `An erasure could not be finished: ${error.message}`));
  const { since } = opening;
  const listEnd = async () => {
    const last = journal.segments.at(-1);
    await list(journal.segments, last && { segment: last.number, length: last.length, seq: journal.durableSeq });
  };
  return {
    lock,
    state,
    journal,
    commits,
    compaction,
    retention,
    trail,
    purge,
    readers: [...readers],
    bodies: readers[1],
    memory: { since, olderCopy: opening.olderCopy },
    listEnd,
    timer,
  };
}

async function rememberGeneration(known: KnownGeneration, generation: number, log: Log): Promise<void> {
  try {
    await known.write(generation);
  } catch (error) {
    // The folder above may belong to another user, as that of a mounted volume does.
    log(
      'info',
      `The generation of the store cannot be written beside its folder (${(error as Error).message}): an older copy of it would not be recognised.`,
    );
  }
}

/** Waits for writes in progress, then closes the files and releases the lock. */
export async function closeStoreFolder(opened: OpenStore): Promise<void> {
  const { commits, retention, purge, compaction, journal, trail, readers, lock } = opened;
  clearInterval(opened.timer);
  await commits.settled();
  await purge.stop();
  await retention.stop();
  await journal.flushed().catch(() => {});
  await trail.flushed().catch(() => {});
  // A restart then has nothing to replay. If it fails, the journal has everything.
  await compaction.run().catch(() => {});
  await compaction.stop();
  await journal.close();
  if (!journal.isHalted) await opened.listEnd().catch(() => {});
  await Promise.all(readers.map((reader) => reader.close()));
  await lock.release();
}
