import { SwitchboardError } from '../errors.js';
import type { Change, CommitResult, ConversationRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { releaseDeliveries } from './plan.js';

/** Retries after version conflicts with writers in other processes. */
const MAX_TRIES = 20;

/** Changes conversations; in this process, one writer at a time for each conversation. */
export class Conversations {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
  ) {}

  /**
   * Changes a conversation and other records in one commit. `change` receives the latest record and returns the new one, or the
   * same one for no change; it is called again if another process committed first. The commit also releases deliveries whose
   * predecessors in the plan are done.
   */
  async update(
    id: string,
    change: (latest: ConversationRecord) => ConversationRecord,
    also: Change[] | ((latest: ConversationRecord) => Change[]) = [],
    options: { durable?: boolean } = {},
  ): Promise<CommitResult> {
    return this.inTurn(id, async () => {
      for (let tries = 1; ; tries++) {
        const latest = await this.store.conversation(id);
        if (!latest) throw new SwitchboardError('SWB_STORE', say`The conversation ${id} is no longer in the store.`);
        const next = change(latest);
        const changes = typeof also === 'function' ? also(latest) : [...also];
        if (next !== latest) changes.unshift({ kind: 'conversation', record: next });
        if (next.plan && next.plan !== latest.plan)
          changes.push(
            ...releaseDeliveries(next.plan, await this.store.openDeliveries(id), new Date(this.clock()).toISOString()),
          );
        if (changes.length === 0) return { skipped: [], started: [] };
        try {
          return await this.store.commit(changes, options);
        } catch (error) {
          const again = error instanceof SwitchboardError && error.code === 'SWB_CONFLICT' && tries < MAX_TRIES;
          if (!again) throw error;
        }
      }
    });
  }

  /**
   * Changes several conversations and other records in one commit. `change` reads what it needs and returns the changes; it is
   * called again if another process committed first.
   */
  async updateTogether(ids: string[], change: () => Promise<Change[]>): Promise<void> {
    // Always in the same order, to prevent deadlocks.
    const [first, ...rest] = [...new Set(ids)].sort();
    if (first !== undefined) return this.inTurn(first, () => this.updateTogether(rest, change));
    for (let tries = 1; ; tries++) {
      try {
        await this.store.commit(await change());
        return;
      } catch (error) {
        const again = error instanceof SwitchboardError && error.code === 'SWB_CONFLICT' && tries < MAX_TRIES;
        if (!again) throw error;
      }
    }
  }

  /** Runs the tasks of one conversation one after the other. */
  private inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const before = this.turns.get(id);
    const run = before ? before.then(task, task) : task();
    this.turns.set(id, run);
    const clear = () => {
      if (this.turns.get(id) === run) this.turns.delete(id);
    };
    run.then(clear, clear);
    return run;
  }
}
