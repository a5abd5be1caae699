import { isConcurrentChange, SwitchboardError } from '../errors.js';
import type { Change, CommitOptions, CommitResult, ConversationRecord, DeliveryRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { linkAt } from './correlate.js';
import { releaseDeliveries } from './plan.js';

/** Retries after version conflicts with writers in other processes. */
const MAX_TRIES = 20;

/** A conversation that is being changed. */
export interface Draft {
  conversation: ConversationRecord;
  /** The deliveries of the conversation that are still to be sent, the new ones included, oldest first. */
  readonly open: DeliveryRecord[];
  /** Records to commit together with the conversation. */
  readonly changes: Change[];
}

/** Changes conversations; in this process, one writer at a time for each conversation. */
export class Conversations {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
    /** A stored conversation with the rules that hold now: those of a fan-out node may have been changed since. */
    private readonly current: (stored: ConversationRecord) => ConversationRecord = (stored) => stored,
    /** What else follows from a change of an order (order-notices.ts). `changes`: what is committed with it. */
    private readonly follow: (
      next: ConversationRecord,
      before: ConversationRecord,
      changes: readonly Change[],
    ) => Change[] = () => [],
  ) {}

  /**
   * Changes a conversation and other records in one commit. `change` receives the latest record and returns the new one, or the
   * same one for no change; it is called again if another process committed first, as `also` is, which gets both. The commit also
   * releases deliveries whose predecessors in the plan are done, and those that waited for a ticket that is linked now.
   */
  async update(
    id: string,
    change: (latest: ConversationRecord) => ConversationRecord,
    also: Change[] | ((latest: ConversationRecord, next: ConversationRecord) => Change[]) = [],
    options: CommitOptions = {},
  ): Promise<CommitResult> {
    return this.inTurn(id, () =>
      untilCommitted(async () => {
        const latest = await this.latest(id);
        if (!latest) throw gone(id);
        const next = change(latest);
        const changes = typeof also === 'function' ? also(latest, next) : [...also];
        if (next !== latest) changes.unshift({ kind: 'conversation', record: next });
        const isChanged = (d: DeliveryRecord) => changes.some((c) => c.kind === 'delivery' && c.record.id === d.id);
        const open = next === latest ? [] : (await this.store.openDeliveries(id)).filter((d) => !isChanged(d));
        if (next.plan && next.plan !== latest.plan) changes.push(...releaseDeliveries(next.plan, open, this.now()));
        if (next.links !== latest.links) releaseLinked(next, open, changes);
        if (next !== latest) changes.push(...this.follow(next, latest, changes));
        return changes.length === 0 ? { skipped: [], started: [] } : this.store.commit(changes, options);
      }),
    );
  }

  /** The draft of a conversation as it is now, or of the one to start; undefined if there is none. */
  async draft(id: string, started?: ConversationRecord): Promise<Draft | undefined> {
    const conversation = (await this.latest(id)) ?? started;
    return conversation && { conversation, open: await this.store.openDeliveries(id), changes: [] };
  }

  /**
   * Commits a conversation and what belongs to it: `fill` changes its draft, and is called again if another process committed
   * first. Where it resolves with false nothing is committed. `started`: a new conversation. The commit is durable if it has a
   * new delivery; otherwise a crash only means that the message is processed again. `sendAtOnce` is called with the changes, and
   * what it returns with the deliveries that were committed as being sent.
   */
  async commit(
    id: string,
    started: ConversationRecord | undefined,
    fill: (draft: Draft) => Promise<boolean>,
    sendAtOnce: (changes: Change[]) => (started: readonly string[]) => void,
  ): Promise<boolean> {
    return this.inTurn(id, () =>
      untilCommitted(async () => {
        const draft = await this.draft(id, started);
        if (!draft) throw gone(id);
        const before = draft.conversation;
        if (!(await fill(draft))) return false;
        const { conversation, changes } = draft;
        if (conversation.plan && conversation.plan !== before.plan)
          mergeChanges(changes, releaseDeliveries(conversation.plan, draft.open, this.now()));
        if (conversation.links !== before.links) releaseLinked(conversation, draft.open, changes);
        if (conversation !== before) changes.push(...this.follow(conversation, before, changes));
        if (conversation !== before || before.version === 0) changes.unshift({ kind: 'conversation', record: conversation });
        const begin = sendAtOnce(changes);
        let sent: readonly string[] = [];
        try {
          sent = (await this.store.commit(changes, { durable: changes.some(isNewDelivery) })).started;
          return true;
        } finally {
          begin(sent);
        }
      }),
    );
  }

  /**
   * Changes several conversations and other records in one commit. `change` reads what it needs and returns the changes; it is
   * called again if another process committed first; for no changes nothing is committed.
   */
  async updateTogether(ids: string[], change: () => Promise<Change[]>, options: CommitOptions = {}): Promise<void> {
    // Always in the same order, to prevent deadlocks.
    const [first, ...rest] = [...new Set(ids)].sort();
    if (first !== undefined) return this.inTurn(first, () => this.updateTogether(rest, change, options));
    await untilCommitted(async () => {
      const changes = await change();
      for (const { record, gone } of changes.filter(isConversation))
        if (!gone) releaseLinked(record, await this.openAfter(record.id, changes), changes);
      return changes.length === 0 ? { skipped: [], started: [] } : this.store.commit(changes, options);
    });
  }

  private async latest(id: string): Promise<ConversationRecord | undefined> {
    const stored = await this.store.conversation(id);
    return stored && this.current(stored);
  }

  /** The open deliveries of a conversation, with those that the changes move there. */
  private async openAfter(id: string, changes: readonly Change[]): Promise<DeliveryRecord[]> {
    const moved = changes.flatMap((change) => (change.kind === 'delivery' ? [change.record] : []));
    const open = await this.store.openDeliveries(id);
    return [...open.filter((one) => !moved.some((other) => other.id === one.id)), ...moved.filter((d) => d.conversation === id)];
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

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}

/** Repeats a commit after a version conflict: another writer was faster. */
async function untilCommitted<T>(commit: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await commit();
    } catch (error) {
      if (!isConcurrentChange(error) || tries >= MAX_TRIES) throw error;
    }
  }
}

/** Adds changes; one of a record that is changed already replaces it. */
function mergeChanges(changes: Change[], more: Change[]): void {
  for (const change of more) {
    const isSame = (c: Change) => c.kind === 'delivery' && change.kind === 'delivery' && c.record.id === change.record.id;
    const at = changes.findIndex(isSame);
    if (at < 0) changes.push(change);
    else changes[at] = { ...changes[at], ...change } as Change;
  }
}

/** Frees the deliveries that waited for a ticket which the conversation has, however it became known. */
function releaseLinked(conversation: ConversationRecord, open: readonly DeliveryRecord[], changes: Change[]): void {
  for (const delivery of open) {
    const at = changes.findIndex((change) => change.kind === 'delivery' && change.record.id === delivery.id);
    const change = (changes[at] ?? { kind: 'delivery', record: delivery }) as Extract<Change, { kind: 'delivery' }>;
    const { endpoint, entityType, leg, waitsFor } = change.record;
    if (waitsFor !== 'link' || !linkAt(conversation, endpoint, entityType, leg)) continue;
    const freed: Change = { ...change, record: { ...change.record, waitsFor: undefined } };
    if (at < 0) changes.push(freed);
    else changes[at] = freed;
  }
}

const isConversation = (change: Change): change is Extract<Change, { kind: 'conversation' }> => change.kind === 'conversation';
const isNewDelivery = (change: Change) => change.kind === 'delivery' && change.record.version === 0;

function gone(id: string): SwitchboardError {
  return new SwitchboardError('SWB_STORE', say`The conversation ${id} is no longer in the store.`);
}
