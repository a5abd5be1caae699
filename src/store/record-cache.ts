import type { RecordEntry } from './record-entry.js';

/** What an entry costs beside its text. */
const OVERHEAD = 400;

/** The records last read from shards, by their place: open conversations in use stay at hand. */
export class RecordCache {
  private readonly entries = new Map<number, RecordEntry>();
  private bytes = 0;

  constructor(private readonly limit: number) {}

  get(place: number): RecordEntry | undefined {
    const entry = this.entries.get(place);
    if (entry) {
      this.entries.delete(place);
      this.entries.set(place, entry);
    }
    return entry;
  }

  set(place: number, entry: RecordEntry): void {
    this.delete(place);
    this.entries.set(place, entry);
    this.bytes += entry.text.length + OVERHEAD;
    for (const [oldest, { text }] of this.entries) {
      if (this.bytes <= this.limit) break;
      this.entries.delete(oldest);
      this.bytes -= text.length + OVERHEAD;
    }
  }

  delete(place: number): void {
    const entry = this.entries.get(place);
    if (!entry) return;
    this.entries.delete(place);
    this.bytes -= entry.text.length + OVERHEAD;
  }
}
