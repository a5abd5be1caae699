import type { Attributes } from './attributes.js';

/** All that is shown of a resource from some moment on. */
export interface ResourceWatch {
  /** What was shown since it was asked for last. */
  taken(): Attributes[];
  /** Resolves when the reads that are under way have been answered. */
  settled(): Promise<void>;
  end(): void;
}

interface Watcher {
  shown: Attributes[];
  reads: Set<Promise<unknown>>;
}

/** Lets whoever writes a list whole know what others wrote meanwhile, whichever read, answer or event shows it. */
export class ResourceObserver {
  private readonly watchers = new Map<string, Set<Watcher>>();

  watch(id: string): ResourceWatch {
    const watcher: Watcher = { shown: [], reads: new Set() };
    const all = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, all.add(watcher));
    return {
      taken: () => watcher.shown.splice(0),
      settled: async () => void (await Promise.allSettled(watcher.reads)),
      end: () => {
        all.delete(watcher);
        if (all.size === 0 && this.watchers.get(id) === all) this.watchers.delete(id);
      },
    };
  }

  /** Something has told what a resource holds. */
  add(id: string, resource: Attributes): void {
    for (const { shown } of this.watchers.get(id) ?? []) shown.push(resource);
  }

  /** Takes what a read shows. It counts for whoever watched when it began: what it shows may be as old as that. */
  async reading<T>(id: string, read: () => Promise<T>, resourceOf: (answer: T) => Attributes): Promise<T> {
    const watchers = [...(this.watchers.get(id) ?? [])];
    const answer = read();
    for (const { reads } of watchers) reads.add(answer);
    try {
      const resource = resourceOf(await answer);
      for (const { shown } of watchers) shown.push(resource);
      return answer;
    } finally {
      for (const { reads } of watchers) reads.delete(answer);
    }
  }
}
