import type { Heap } from './heap.js';
import type { Journal } from './journal.js';
import { type Applied, makeFinal, placeBodies, takeBack } from './ledger.js';

/** Binds heap and journal: what the journal loses, the heap takes back. */
export class CommitLog {
  /** How to undo what is not yet on disk, oldest first. */
  private pending: { seq: number; undo: Applied['undo'] }[] = [];

  constructor(
    private readonly heap: Heap,
    private readonly journal: Journal,
    private readonly journalGrew: (bytes: number) => void,
  ) {}

  /** Gives applied changes their place in the journal. */
  append(applied: Applied): void {
    if (applied.parts.length === 0) return;
    try {
      const changes = applied.parts.join(',');
      const place = this.journal.append(changes, applied.bodies);
      placeBodies(this.heap, applied, place.segment, place.bodies);
      this.pending.push({ seq: place.seq, undo: applied.undo });
      const last = applied.refs.at(-1);
      this.journalGrew(changes.length + (last ? last.offset + last.length - place.bodies : 0));
    } catch (error) {
      takeBack(this.heap, applied.undo);
      throw error;
    }
  }

  /** Forgets how to undo what is on disk now. */
  durable(seq: number): void {
    const index = this.pending.findIndex((commit) => commit.seq > seq);
    const final = index < 0 ? this.pending : this.pending.slice(0, index);
    this.pending = index < 0 ? [] : this.pending.slice(index);
    for (const { undo } of final) makeFinal(this.heap, undo);
  }

  /** Takes back everything after `seq`, youngest first. */
  lost(seq: number): void {
    const lost = this.pending.filter((commit) => commit.seq > seq);
    this.pending = [];
    for (let i = lost.length - 1; i >= 0; i--) takeBack(this.heap, lost[i]!.undo);
  }
}
