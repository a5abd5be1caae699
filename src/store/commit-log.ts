import { type AppliedCommit, finalise, placeBodies, rollBack } from './applied-commit.js';
import type { Journal } from './journal.js';
import type { MemoryState } from './memory-state.js';

/** Keeps memory and journal in step: changes that the journal loses are rolled back in memory. */
export class CommitLog {
  /** Undo steps of commits not yet on disk, oldest first. */
  private pending: { seq: number; undo: AppliedCommit['undo'] }[] = [];

  constructor(
    private readonly memory: MemoryState,
    private readonly journal: Journal,
    private readonly journalGrew: (bytes: number) => void,
  ) {}

  /** Appends applied changes to the journal. */
  append(applied: AppliedCommit): void {
    if (applied.parts.length === 0) return;
    try {
      const changes = applied.parts.join(',');
      const place = this.journal.append(changes, applied.bodies);
      placeBodies(this.memory, applied, place.segment, place.bodies);
      this.pending.push({ seq: place.seq, undo: applied.undo });
      const last = applied.refs.at(-1);
      this.journalGrew(changes.length + (last ? last.offset + last.length - place.bodies : 0));
    } catch (error) {
      rollBack(this.memory, applied.undo);
      throw error;
    }
  }

  /** Drops the undo steps of commits that are on disk now. */
  durable(seq: number): void {
    const index = this.pending.findIndex((commit) => commit.seq > seq);
    const final = index < 0 ? this.pending : this.pending.slice(0, index);
    this.pending = index < 0 ? [] : this.pending.slice(index);
    for (const { undo } of final) finalise(this.memory, undo);
  }

  /** Rolls back everything after `seq`, newest first. */
  lost(seq: number): void {
    const lost = this.pending.filter((commit) => commit.seq > seq);
    this.pending = [];
    for (let i = lost.length - 1; i >= 0; i--) rollBack(this.memory, lost[i]!.undo);
  }
}
