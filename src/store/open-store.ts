import { mkdir } from 'node:fs/promises';
import type { SwitchboardError } from '../errors.js';
import { steadyClock } from '../steady-clock.js';
import { CommitLog } from './commit-log.js';
import { Compaction } from './compaction.js';
import { type Disk, FOLDER_MODE } from './disk.js';
import { timeOf } from './id.js';
import { Journal } from './journal.js';
import { LOCK_TIMES, Lock, type LockTimes } from './lock.js';
import { MemoryState } from './memory-state.js';
import { recover } from './recovery.js';
import { replayLine } from './replay.js';
import { Retention } from './retention.js';
import { SegmentReader } from './segment-reader.js';
import { Shards } from './shards.js';
import { MAX_WAIT } from './store.js';
import { storeBirth } from './store-birth.js';

const RETENTION_DAYS = 30;
const RETENTION_BYTES = 2 * 1024 ** 3;
const SEGMENT_BYTES = 16 * 1024 ** 2;
/** Milliseconds between two retention runs. */
const RETENTION_INTERVAL = 3_600_000;

export interface LowdbStoreOptions {
  /** A folder for this store alone; created if missing. */
  folder: string;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Days for which closed conversations and their bodies are kept. */
  retentionDays?: number;
  /** Maximum size of the journal, and so of the bodies, in bytes. */
  retentionBytes?: number;
  /** The steady clock (src/steady-clock.ts), in milliseconds. */
  steady?: () => number;
  log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Size at which the journal starts a new file. */
  segmentBytes?: number;
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
    log: options.log ?? (() => {}),
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    lock: options.lock ?? LOCK_TIMES,
  };
}

/** The parts of an open store. */
export interface OpenStore {
  lock: Lock;
  memory: MemoryState;
  journal: Journal;
  commits: CommitLog;
  shards: Shards;
  compaction: Compaction;
  retention: Retention;
  reader: SegmentReader;
  timer: NodeJS.Timeout;
  /** When the store was created, ISO. */
  since: string;
}

/** Acquires the lock of a folder, loads its data and starts the background work. */
export async function openStoreFolder(
  options: Required<LowdbStoreOptions>,
  disk: Disk,
  onLockLost: (error: SwitchboardError) => void,
): Promise<OpenStore> {
  const { folder } = options;
  for (const path of [folder, ...['spool', 'journal', 'snapshot', 'quarantine'].map((name) => `${folder}/${name}`)]) {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  }
  await disk.syncFolder(folder);
  const lock = await Lock.take(folder, onLockLost, options.lock);
  try {
    return await load(options, disk, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function load(options: Required<LowdbStoreOptions>, disk: Disk, lock: Lock): Promise<OpenStore> {
  const { folder, clock, steady, log, segmentBytes } = options;
  const quarantine = `${folder}/quarantine`;
  const since = await storeBirth(folder, clock);
  const memory = new MemoryState();
  const shards = new Shards(`${folder}/snapshot`, quarantine, disk, log);
  await shards.load(memory);
  const recovered = await recover({
    folder: `${folder}/journal`,
    quarantine,
    disk,
    from: shards.checkpoint,
    apply: (seq, changes, segment, bodies) => replayLine(memory, shards.upTo, seq, changes, segment, bodies),
    log,
  });
  memory.dueBy(Math.max(clock(), timeOf(memory.newestId)) + MAX_WAIT);
  const journal = new Journal(
    {
      folder: `${folder}/journal`,
      disk,
      clock,
      steady,
      segmentBytes,
      log,
      beforeWrite: () => lock.confirm(),
      onDurable: (seq) => commits.durable(seq),
      onLost: (seq) => commits.lost(seq),
    },
    // A snapshot can be ahead of a journal that was damaged at its end.
    { segments: recovered.segments, lastSeq: Math.max(recovered.lastSeq, ...shards.upTo) },
  );
  const compaction = new Compaction(memory, journal, shards, segmentBytes, log);
  const commits = new CommitLog(memory, journal, (bytes) => {
    compaction.journalGrew(bytes);
    retention.journalGrew(bytes);
  });
  const reader = new SegmentReader();
  const limits = { clock, days: options.retentionDays, bytes: options.retentionBytes, log };
  const retention = new Retention(memory, journal, commits, shards, compaction, reader, limits);
  const timer = setInterval(() => retention.inBackground(), RETENTION_INTERVAL).unref();
  compaction.journalGrew(recovered.replayed);
  return { lock, memory, journal, commits, shards, compaction, retention, reader, timer, since };
}

/** Waits for writes in progress, then closes the files and releases the lock. */
export async function closeStoreFolder(opened: OpenStore): Promise<void> {
  clearInterval(opened.timer);
  await opened.retention.stop();
  await opened.compaction.stop();
  await opened.journal.close();
  await opened.reader.close();
  await opened.lock.release();
}
