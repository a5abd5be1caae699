import { SwitchboardError } from '../errors.js';
import type { Change, CommitResult, ConversationRecord, Store } from '../store/store.js';
import { releaseDeliveries } from './plan.js';

/** Writers of one conversation take turns here; the store's versions catch writers in other processes, who make us try again. */
const MOST_TRIES = 20;

export class Conversations {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
  ) {}

  /**
   * Changes a conversation, together with other records, in one commit. `change` gets the latest record and gives the new one, or the same
   * to leave it as it is; it may be called again when another process was faster. Deliveries that waited for what its plan now says go along.
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
        if (!latest) throw new SwitchboardError('SWB_STORE', `The conversation ${id} is not in the store any more.`);
        const next = change(latest);
        const changes = typeof also === 'function' ? also(latest) : [...also];
        if (next !== latest) changes.unshift({ kind: 'conversation', record: next });
        if (next.plan && next.plan !== latest.plan)
          changes.push(
            ...releaseDeliveries(next.plan, await this.store.openDeliveries(id), new Date(this.clock()).toISOString()),
          );
        if (changes.length === 0) return { skipped: [] };
        try {
          return await this.store.commit(changes, options);
        } catch (error) {
          const again = error instanceof SwitchboardError && error.code === 'SWB_CONFLICT' && tries < MOST_TRIES;
          if (!again) throw error;
        }
      }
    });
  }

  /**
   * Changes several conversations, together with other records, in one commit. `change` reads what it needs and gives the changes; it may be called again when
   * somebody was faster.
   */
  async updateTogether(ids: string[], change: () => Promise<Change[]>): Promise<void> {
    // Always in the same order, so that two of these cannot wait for each other.
    const [first, ...rest] = [...new Set(ids)].sort();
    if (first !== undefined) return this.inTurn(first, () => this.updateTogether(rest, change));
    for (let tries = 1; ; tries++) {
      try {
        await this.store.commit(await change());
        return;
      } catch (error) {
        const again = error instanceof SwitchboardError && error.code === 'SWB_CONFLICT' && tries < MOST_TRIES;
        if (!again) throw error;
      }
    }
  }

  /** Runs tasks about one conversation one after the other. */
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
