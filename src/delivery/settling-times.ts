import type { DeliveryRecord } from '../store/store.js';

/**
 * Remaining settling time of each delivery in doubt. The record holds what remained when it was written; from then on this
 * process counts down by the steady clock. For a record written by an earlier process, or after a manual action, the countdown
 * starts when it is first read here.
 */
export class SettlingTimes {
  private readonly written = new Map<string, { left: number; at: number }>();

  constructor(
    /** The whole period, milliseconds. */
    private readonly settling: number,
    private readonly steady: () => number,
  ) {}

  /** Remaining milliseconds. */
  left({ id, lookLeft = this.settling }: DeliveryRecord): number {
    let written = this.written.get(id);
    if (written?.left !== lookLeft) {
      written = { left: lookLeft, at: this.steady() };
      this.written.set(id, written);
    }
    return Math.max(0, Math.ceil(written.left - (this.steady() - written.at)));
  }

  /** Remaining time now, to be written to the record. */
  countDown(delivery: DeliveryRecord): number {
    return this.write(delivery.id, this.left(delivery));
  }

  /** An answer was lost, or may be lost from now on: the whole period, to be written to the record. */
  restart(id: string): number {
    return this.write(id, this.settling);
  }

  /** The delivery is no longer in doubt. */
  forget(id: string): void {
    this.written.delete(id);
  }

  private write(id: string, left: number): number {
    this.written.set(id, { left, at: this.steady() });
    return left;
  }
}
