import type { Journal } from './journal.js';
import type { MemoryState } from './memory-state.js';
import type { Shards } from './shards.js';

/** The journal is compacted when it has grown by this many times the size of the snapshot. */
const GROWTH = 2;

/**
 * Updates the snapshot in the background, one shard at a time, so that a restart has little journal to replay and old segments
 * can be removed.
 *
 * It starts when the journal has grown to twice the snapshot (and by at least one segment). So each byte written to
 * the journal costs at most half a byte of snapshot, however many conversations there are; with a fixed size every
 * message would become more expensive as the store grows.
 */
export class Compaction {
  private grown = 0;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly memory: MemoryState,
    private readonly journal: Journal,
    private readonly shards: Shards,
    private readonly segmentBytes: number,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {}

  /** Records growth of the journal, and starts a compaction when it is due. */
  journalGrew(bytes: number): void {
    this.grown += bytes;
    const enough = Math.max(this.segmentBytes, GROWTH * this.shards.size);
    if (this.running || this.stopped || this.grown < enough) return;
    this.run().catch((error: Error) => {
      this.grown += enough - this.segmentBytes;
      this.log(
        'warn',
        `The store's snapshot could not be written (${error.message}). The store will retry later; all data is in the journal.`,
      );
    });
  }

  /** Writes every changed shard. Resolves when all are on disk; waits for a running compaction first. */
  async run(): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.grown = 0;
    this.running = this.writeDirty().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Stops after the shard being written. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
  }

  private async writeDirty(): Promise<void> {
    const { memory, journal, shards } = this;
    const start = journal.lastSeq;
    for (const shard of [...memory.dirty]) {
      if (this.stopped) return;
      await new Promise<void>((resolve) => setImmediate(resolve));
      memory.dirty.delete(shard);
      try {
        await shards.write(memory, shard, journal.lastSeq, () => journal.flushed());
      } catch (error) {
        memory.dirty.add(shard);
        throw error;
      }
    }
    if (start > shards.checkpoint && start <= journal.durableSeq) await shards.writeCheckpoint(start);
  }
}
