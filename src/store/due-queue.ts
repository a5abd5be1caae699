import { SortedKeys } from './sorted-keys.js';

/** Epoch milliseconds are zero-padded to this length, so that they sort as text. */
const TIME_DIGITS = 16;

function waitingKey(id: string, notBefore: number): string {
  return String(Math.max(0, Math.ceil(notBefore))).padStart(TIME_DIGITS, '0') + id;
}

/** The work of one owner: ids that are ready in order of id, and ids that wait in order of their due time. */
export class DueQueue {
  private readonly ready = new SortedKeys();
  private readonly waiting = new SortedKeys();

  get empty(): boolean {
    return this.ready.size + this.waiting.size === 0;
  }

  /** Adds an id that is ready, or that waits until `notBefore`. */
  add(id: string, notBefore: number | undefined): void {
    if (notBefore) this.waiting.add(waitingKey(id, notBefore));
    else this.ready.add(id);
  }

  /** Removes an id from either queue; `notBefore` as it was added. */
  remove(id: string, notBefore: number | undefined): void {
    if (this.ready.delete(id)) return;
    if (notBefore) this.waiting.delete(waitingKey(id, notBefore));
  }

  /** Takes up to `limit` ids that are due, smallest id first. */
  take(limit: number, now: number, notBeforeOf: (id: string) => number | undefined): string[] {
    for (let key = this.waiting.first(); key !== undefined; key = this.waiting.first()) {
      if (Number(key.slice(0, TIME_DIGITS)) > now) break;
      this.waiting.delete(key);
      this.ready.add(key.slice(TIME_DIGITS));
    }
    const taken: string[] = [];
    for (let id = this.ready.first(); id !== undefined && taken.length < limit; id = this.ready.first()) {
      this.ready.delete(id);
      const notBefore = notBeforeOf(id);
      // An earlier caller found it due, but the clock has been set back since.
      if (notBefore !== undefined && notBefore > now) this.waiting.add(waitingKey(id, notBefore));
      else taken.push(id);
    }
    return taken;
  }

  /** When the next waiting id becomes due. */
  nextDue(): number | undefined {
    const key = this.waiting.first();
    return key === undefined ? undefined : Number(key.slice(0, TIME_DIGITS));
  }
}
