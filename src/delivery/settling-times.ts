import type { DeliveryRecord } from '../store/store.js';

/**
 * How much is left of the settling time of each delivery in doubt. The record says what was left when it was written, and this process counts on from
 * there by the steady clock; what an earlier process or a person has written counts from when it is first asked about.
 */
export class SettlingTimes {
  private readonly written = new Map<string, { left: number; at: number }>();

  constructor(
    /** The whole, milliseconds. */
    private readonly settling: number,
    private readonly steady: () => number,
  ) {}

  /** Milliseconds that are left. */
  left({ id, lookLeft = this.settling }: DeliveryRecord): number {
    let written = this.written.get(id);
    if (written?.left !== lookLeft) {
      written = { left: lookLeft, at: this.steady() };
      this.written.set(id, written);
    }
    return Math.max(0, Math.ceil(written.left - (this.steady() - written.at)));
  }

  /** What is left now, as it is to be written on the record. */
  count(delivery: DeliveryRecord): number {
    return this.write(delivery.id, this.left(delivery));
  }

  /** An answer was lost, or may be from now on: the whole, as it is to be written on the record. */
  begin(id: string): number {
    return this.write(id, this.settling);
  }

  /** It is in doubt no more. */
  forget(id: string): void {
    this.written.delete(id);
  }

  private write(id: string, left: number): number {
    this.written.set(id, { left, at: this.steady() });
    return left;
  }
}
