import { instantOf } from './zone.js';

/**
 * The rows of each stream that this process has seen, by key: a new key behind the watermark belongs to a row that was committed
 * late.
 */
export class SeenRows {
  private readonly streams = new Map<string, { from: string; times: Map<string, string> }>();

  /**
   * Marks rows as seen. Returns how late the latest of them was for the sweeps before, milliseconds; 0 = none was late.
   * @param rows keys and times in raw notation
   * @param since everything older has been read before; the process knows nothing about rows from before its first sweep
   */
  lateness(stream: string, rows: readonly { key: string; time: string }[], since: string): number {
    let known = this.streams.get(stream);
    if (!known) {
      known = { from: since, times: new Map() };
      this.streams.set(stream, known);
    }
    const { from, times } = known;
    const late = rows.filter(({ key, time }) => time >= from && time <= since && !times.has(key));
    for (const { key, time } of rows) times.set(key, time);
    const [oldest] = late.map(({ time }) => time).sort();
    return oldest === undefined ? 0 : instantOf(since) - instantOf(oldest);
  }

  /** Forgets rows that are older. */
  forget(stream: string, time: string): void {
    const known = this.streams.get(stream);
    if (!known) return;
    if (known.from < time) known.from = time;
    for (const [key, at] of known.times) if (at < time) known.times.delete(key);
  }
}
