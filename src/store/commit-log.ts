import { type AppliedCommit, applyChanges, missingFor, type PreparedChange, placeBodies, rollBack } from './applied-commit.js';
import type { AuditEntry } from './audit-entry.js';
import type { Journal } from './journal.js';
import type { StoreState } from './store-state.js';

interface WaitingCommit {
  changes: readonly PreparedChange[];
  resolve(applied: AppliedCommit): void;
  reject(error: unknown): void;
}

/**
 * Applies commits in the order in which they were made, and keeps memory and journal in step: changes that the journal loses are
 * rolled back in memory.
 */
export class CommitLog {
  /** Undo steps of commits not yet on disk, oldest first. */
  private pending: { seq: number; undo: AppliedCommit['undo']; audit: AuditEntry[] }[] = [];
  /** Commits for which a record must be read first, and those made after them. */
  private readonly waiting: WaitingCommit[] = [];
  private draining: Promise<void> | undefined;

  constructor(
    private readonly state: StoreState,
    private readonly journal: Journal,
    private readonly grew: (bytes: number) => void,
    /** Gets audit entries once they are on disk, in their order. */
    private readonly audited: (entries: AuditEntry[]) => void,
  ) {}

  /**
   * Applies a commit and appends it to the journal: in this turn if everything it needs is in memory and no earlier commit
   * waits.
   */
  commit(changes: readonly PreparedChange[]): AppliedCommit | Promise<AppliedCommit> {
    const missing = missingFor(this.state, changes);
    if (missing.size === 0 && this.waiting.length === 0) return this.apply(changes);
    // Read at once, also while earlier commits still wait for theirs; a failure shows when it is this commit's turn.
    if (missing.size > 0) this.state.load(missing).catch(() => {});
    return new Promise((resolve, reject) => {
      this.waiting.push({ changes, resolve, reject });
      this.draining ??= this.drain().finally(() => {
        this.draining = undefined;
      });
    });
  }

  /** Waits for the commits that wait for records. */
  async settled(): Promise<void> {
    await this.draining;
  }

  /** Appends applied changes to the journal. */
  append(applied: AppliedCommit): void {
    if (applied.parts.length === 0) return;
    try {
      const changes = applied.parts.join(',');
      const place = this.journal.append(changes, applied.bodies);
      placeBodies(applied, place.segment, place.bodies);
      this.pending.push({ seq: place.seq, undo: applied.undo, audit: applied.audit });
      const last = applied.refs.at(-1);
      this.grew(changes.length + (last ? last.offset + last.length - place.bodies : 0));
    } catch (error) {
      rollBack(this.state, applied.undo);
      throw error;
    }
  }

  /** Drops the undo steps of commits that are on disk now, and passes their audit entries on. */
  durable(seq: number): void {
    const index = this.pending.findIndex((commit) => commit.seq > seq);
    const done = index < 0 ? this.pending : this.pending.slice(0, index);
    this.pending = index < 0 ? [] : this.pending.slice(index);
    this.audited(done.flatMap(({ audit }) => audit));
  }

  /** Rolls back everything after `seq`, newest first. */
  lost(seq: number): void {
    const lost = this.pending.filter((commit) => commit.seq > seq);
    this.pending = [];
    for (let i = lost.length - 1; i >= 0; i--) rollBack(this.state, lost[i]!.undo);
  }

  private apply(changes: readonly PreparedChange[]): AppliedCommit {
    const applied = applyChanges(this.state, changes);
    this.append(applied);
    return applied;
  }

  private async drain(): Promise<void> {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      try {
        for (let missing = missingFor(this.state, next.changes); missing.size > 0; missing = missingFor(this.state, next.changes))
          await this.state.load(missing);
        this.journal.assertWritable();
        next.resolve(this.apply(next.changes));
      } catch (error) {
        next.reject(error);
      }
      this.waiting.shift();
    }
  }
}
