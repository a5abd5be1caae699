import { instantOf } from './zone.js';

/** Rows of each stream that a process has seen, by their keys: what is new behind the watermark was committed late. */
export class SeenRows {
  private readonly streams = new Map<string, { from: string; times: Map<string, string> }>();

  /**
   * Takes rows as seen. Gives by how much the latest of them came too late for the sweeps before, milliseconds; 0 = none did.
   * @param rows keys and times in raw notation
   * @param since all that is older has been read before; what is older than this process knows nothing of
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

  /** Forgets what is older. */
  forget(stream: string, time: string): void {
    const known = this.streams.get(stream);
    if (!known) return;
    if (known.from < time) known.from = time;
    for (const [key, at] of known.times) if (at < time) known.times.delete(key);
  }
}
