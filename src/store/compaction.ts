import type { Heap } from './heap.js';
import type { Journal } from './journal.js';
import type { Shards } from './shards.js';

/** The journal may grow by this many times the size of the snapshot before it is compacted. */
const GROWTH = 2;

/**
 * Brings the snapshot up to date in the background, one shard at a time, so that a restart has little journal to replay and old segments can go.
 *
 * It begins when the journal has grown to twice the snapshot (and by a segment at least). So each byte written to
 * the journal costs at most half a byte of snapshot, however many conversations there are; compacting at a fixed size would make every
 * message dearer the more the store holds.
 */
export class Compaction {
  private grown = 0;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly heap: Heap,
    private readonly journal: Journal,
    private readonly shards: Shards,
    private readonly segmentBytes: number,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {}

  /** Notes that the journal has grown, and begins when it is time. */
  journalGrew(bytes: number): void {
    this.grown += bytes;
    const enough = Math.max(this.segmentBytes, GROWTH * this.shards.size);
    if (this.running || this.stopped || this.grown < enough) return;
    this.run().catch((error: Error) => {
      this.grown += enough - this.segmentBytes;
      this.log(
        'warn',
        `The store's snapshot could not be written (${error.message}). It is tried again later; the journal holds everything.`,
      );
    });
  }

  /** Writes every shard that has changed. Resolves when all are on disk; a run under way is waited for first. */
  async run(): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.grown = 0;
    this.running = this.writeDirty().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Ends after the shard being written. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
  }

  private async writeDirty(): Promise<void> {
    const { heap, journal, shards } = this;
    const start = journal.lastSeq;
    for (const shard of [...heap.dirty]) {
      if (this.stopped) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
      heap.dirty.delete(shard);
      try {
        await shards.write(heap, shard, journal.lastSeq, () => journal.flushed());
      } catch (error) {
        heap.dirty.add(shard);
        throw error;
      }
    }
    if (start > shards.checkpoint && start <= journal.durableSeq) await shards.writeCheckpoint(start);
  }
}
