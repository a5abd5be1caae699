import { fileSource } from '../store/file-lane.js';
import type { DeliveryRecord } from '../store/store.js';

/** Files that are sent at once from each source. */
const FILE_SLOTS = 4;

/** The deliveries that are being sent to one endpoint. Files take no slots of other deliveries, and each source has its own. */
export class SendSlots {
  private readonly active = new Map<string, Promise<void>>();
  /** Sources of the files under way, by delivery. */
  private readonly files = new Map<string, string>();
  /** Slots for deliveries that are being committed as sent. */
  private reserved = 0;

  constructor(private readonly concurrency: number) {}

  /** Number of deliveries under way. */
  get size(): number {
    return this.active.size;
  }

  /** Free slots for files from a source; undefined: for other deliveries. `isProbing`: only one delivery may be sent, to try. */
  room(source: string | undefined, isProbing = false): number {
    const others = this.active.size - this.files.size + this.reserved;
    if (source === undefined) return (isProbing ? 1 : this.concurrency) - others;
    // A file only tries where nothing else is there to be sent.
    if (isProbing) return 1 - this.active.size - this.reserved;
    return FILE_SLOTS - [...this.files.values()].filter((one) => one === source).length;
  }

  reserve(): void {
    this.reserved++;
  }

  unreserve(): void {
    this.reserved--;
  }

  add({ id, lane }: DeliveryRecord, run: Promise<void>): void {
    this.active.set(id, run);
    const source = fileSource(lane);
    if (source !== undefined) this.files.set(id, source);
  }

  remove({ id }: DeliveryRecord): void {
    this.active.delete(id);
    this.files.delete(id);
  }

  /** The try of a delivery that is under way, if any. */
  get(delivery: string): Promise<void> | undefined {
    return this.active.get(delivery);
  }

  /** Resolves when those that are under way now are done. */
  async done(): Promise<void> {
    await Promise.all(this.active.values());
  }
}
