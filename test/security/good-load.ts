import assert from 'node:assert/strict';
import { until } from '../live/node-red.js';
import type { LiveRig } from '../live/rig.js';

/** Incidents that may be on their way at once. */
const UNDER_WAY = 4;

/** Good messages while others attack: the customer opens incidents, and each has to become one ticket of the provider. */
export class GoodLoad {
  private readonly opened = new Map<string, number>();
  private readonly arrived = new Map<string, number>();

  constructor(private readonly rig: LiveRig) {}

  /**
   * Opens incidents at a steady pace while `work` runs, at least `least`, and waits until all have arrived. No more are on their way at once
   * than a busy machine can take: it shall not measure a queue. Milliseconds that each took.
   */
  async beside<T>(name: string, work: () => Promise<T>, { least = 10, pace = 50 } = {}): Promise<{ result: T; took: number[] }> {
    const titles: string[] = [];
    let working = true;
    const open = () => {
      const title = `${name} ${titles.length}`;
      titles.push(title);
      this.opened.set(title, performance.now());
      this.rig.open(title);
    };
    const looking = setInterval(() => this.look(), 5);
    const opening = (async () => {
      while (working || titles.length < least) {
        const underWay = titles.filter((title) => !this.arrived.has(title)).length;
        if (underWay < UNDER_WAY) open();
        await new Promise((done) => setTimeout(done, pace));
      }
    })();
    try {
      const result = await work().finally(() => {
        working = false;
      });
      await opening;
      await until(`the tickets of ${name}`, () => titles.every((title) => this.arrived.has(title)));
      return { result, took: titles.map((title) => this.arrived.get(title)! - this.opened.get(title)!) };
    } finally {
      clearInterval(looking);
    }
  }

  /** Each incident is one ticket. */
  check(): void {
    const counts = new Map<string, number>();
    for (const { name } of this.rig.sandbox.tmf('v4').tickets()) counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
    const wrong = [...this.opened.keys()].filter((title) => counts.get(title) !== 1);
    assert.deepEqual(wrong, [], 'lost or duplicated');
  }

  private look(): void {
    const now = performance.now();
    for (const { name } of this.rig.sandbox.tmf('v4').tickets())
      if (!this.arrived.has(String(name))) this.arrived.set(String(name), now);
  }
}

/** The value that all but a hundredth of them do not exceed. */
export function p99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
