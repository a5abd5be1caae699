import { mkdir } from 'node:fs/promises';
import { steadyClock } from '../steady-clock.js';
import { CommitLog } from './commit-log.js';
import { Compaction } from './compaction.js';
import { type Disk, FOLDER_MODE } from './disk.js';
import { Heap } from './heap.js';
import { timeOf } from './id.js';
import { Journal } from './journal.js';
import { type Holder, Lock } from './lock.js';
import { recover } from './recovery.js';
import { replayLine } from './replay.js';
import { Retention } from './retention.js';
import { SegmentReader } from './segment-reader.js';
import { Shards } from './shards.js';
import { LONGEST_WAIT } from './store.js';

const RETENTION_DAYS = 30;
const RETENTION_BYTES = 2 * 1024 ** 3;
const SEGMENT_BYTES = 16 * 1024 ** 2;
/** Milliseconds between two looks at what is over its time. */
const RETENTION_EVERY = 3_600_000;

export interface LowdbStoreOptions {
  /** Folder of its own, made when missing. */
  folder: string;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Days for which closed matters and their bodies are kept. */
  retentionDays?: number;
  /** Bytes of journal, and so of bodies, that are kept. */
  retentionBytes?: number;
  /** What nobody sets (src/steady-clock.ts); milliseconds. */
  steady?: () => number;
  log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Size at which the journal begins a new file. */
  segmentBytes?: number;
}

/** The options with what was left out. */
export function withDefaults(options: LowdbStoreOptions): Required<LowdbStoreOptions> {
  return {
    folder: options.folder,
    clock: options.clock ?? Date.now,
    steady: options.steady ?? steadyClock(options.clock),
    retentionDays: options.retentionDays ?? RETENTION_DAYS,
    retentionBytes: options.retentionBytes ?? RETENTION_BYTES,
    log: options.log ?? (() => {}),
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
  };
}

/** What exists only while the store is open. */
export interface Opened {
  lock: Lock;
  heap: Heap;
  journal: Journal;
  commits: CommitLog;
  shards: Shards;
  compaction: Compaction;
  retention: Retention;
  reader: SegmentReader;
  timer: NodeJS.Timeout;
}

/** Takes the lock of a folder, loads what is in it and starts its background work. */
export async function openFolder(
  options: Required<LowdbStoreOptions>,
  disk: Disk,
  onLockLost: (holder: Holder | undefined) => void,
): Promise<Opened> {
  const { folder } = options;
  for (const path of [folder, ...['spool', 'journal', 'snapshot', 'quarantine'].map((name) => `${folder}/${name}`)]) {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  }
  await disk.syncFolder(folder);
  const lock = await Lock.take(folder, onLockLost);
  try {
    return await load(options, disk, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function load(options: Required<LowdbStoreOptions>, disk: Disk, lock: Lock): Promise<Opened> {
  const { folder, clock, steady, log, segmentBytes } = options;
  const quarantine = `${folder}/quarantine`;
  const heap = new Heap();
  const shards = new Shards(`${folder}/snapshot`, quarantine, disk, log);
  await shards.load(heap);
  const recovered = await recover({
    folder: `${folder}/journal`,
    quarantine,
    disk,
    from: shards.checkpoint,
    apply: (seq, changes, segment, bodies) => replayLine(heap, shards.upTo, seq, changes, segment, bodies),
    log,
  });
  heap.dueBy(Math.max(clock(), timeOf(heap.newestId)) + LONGEST_WAIT);
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
  const compaction = new Compaction(heap, journal, shards, segmentBytes, log);
  const commits = new CommitLog(heap, journal, (bytes) => {
    compaction.journalGrew(bytes);
    retention.journalGrew(bytes);
  });
  const reader = new SegmentReader();
  const limits = { clock, days: options.retentionDays, bytes: options.retentionBytes, log };
  const retention = new Retention(heap, journal, commits, shards, compaction, reader, limits);
  const timer = setInterval(() => retention.inBackground(), RETENTION_EVERY).unref();
  compaction.journalGrew(recovered.replayed);
  return { lock, heap, journal, commits, shards, compaction, retention, reader, timer };
}

/** Waits for what is being written, then lets go of files and lock. */
export async function closeFolder(opened: Opened): Promise<void> {
  clearInterval(opened.timer);
  await opened.retention.stop();
  await opened.compaction.stop();
  await opened.journal.close();
  await opened.reader.close();
  await opened.lock.release();
}
