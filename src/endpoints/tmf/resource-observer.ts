import type { Attributes } from './attributes.js';

/** Everything that is shown of a resource from some moment on. */
export interface ResourceWatch {
  /** What was shown since the last call. */
  take(): Attributes[];
  /** Resolves when the reads in flight are answered. */
  settled(): Promise<void>;
  end(): void;
}

interface Watcher {
  shown: Attributes[];
  reads: Set<Promise<unknown>>;
}

/** Tells the writer of a whole list what others write meanwhile, whichever read, answer or event shows it. */
export class ResourceObserver {
  private readonly watchers = new Map<string, Set<Watcher>>();

  watch(id: string): ResourceWatch {
    const watcher: Watcher = { shown: [], reads: new Set() };
    const all = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, all.add(watcher));
    return {
      take: () => watcher.shown.splice(0),
      settled: async () => void (await Promise.allSettled(watcher.reads)),
      end: () => {
        all.delete(watcher);
        if (all.size === 0 && this.watchers.get(id) === all) this.watchers.delete(id);
      },
    };
  }

  /** Passes on what an event or an answer shows of a resource. */
  observe(id: string, resource: Attributes): void {
    for (const { shown } of this.watchers.get(id) ?? []) shown.push(resource);
  }

  /** Passes on what a read shows, to those who were watching when it began, because it may be as old as that. */
  async observeRead<T>(id: string, read: () => Promise<T>, resourceOf: (answer: T) => Attributes): Promise<T> {
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
