import { recordsOf } from '../store/pages.js';
import type { Change, DeliveryRecord, ListQuery, MessageRecord, Store } from '../store/store.js';
import { warningState } from '../store/warning.js';

/** Records per look into the store, when a node starts. */
const PAGE = 500;

/**
 * How what a node took in or gave out stands now, by the store: what failed and was then replayed or skipped counts no more, nor does a warning that a
 * person has seen, and what failed before a restart still does.
 */
export class Standing {
  private readonly failures = new Set<string>();
  private readonly questions = new Set<string>();
  private readonly warnings = new Set<string>();
  private readonly underWay = new Set<string>();
  /** Epoch milliseconds of the next try, by delivery. */
  private readonly retries = new Map<string, number>();
  private readonly unwatch: () => void;
  /** Told of while the store is still being read: newer than what is read. */
  private told: Set<string> | undefined = new Set();

  /** `changed` is called after each change. */
  constructor(
    private readonly store: Store,
    /** What counts: messages of an in node, or deliveries of an out node. */
    private readonly kind: 'message' | 'delivery',
    private readonly node: string,
    private readonly changed: () => void,
  ) {
    this.unwatch = store.watch((changes) => this.take(changes));
  }

  /** Counts what stands there from before; `endpoint` only spares looking at all the others. */
  async begin(endpoint: string): Promise<void> {
    const states =
      this.kind === 'message' ? ['failed', 'needsDecision'] : ['failed', 'needsDecision', 'sending', 'pending', 'inDoubt'];
    const list = (query: ListQuery): Promise<(MessageRecord | DeliveryRecord)[]> =>
      this.kind === 'message' ? this.store.listMessages(query) : this.store.listDeliveries(query);
    for (const which of [{ states }, { warned: 'unseen' as const }]) {
      for await (const record of recordsOf((next) => list({ endpoint, ...which, ...next }), PAGE))
        if (record.node === this.node && !this.told?.has(record.id)) this.note(record);
    }
    this.told = undefined;
    this.changed();
  }

  stop(): void {
    this.unwatch();
  }

  get failed(): number {
    return this.failures.size;
  }

  /** What waits for a person's decision. */
  get undecided(): number {
    return this.questions.size;
  }

  /** What went on with a warning that nobody has looked at yet. */
  get warned(): number {
    return this.warnings.size;
  }

  get inFlight(): number {
    return this.underWay.size;
  }

  /** Epoch milliseconds of the next try of a delivery that failed for the moment; undefined while none did. */
  get nextTry(): number | undefined {
    return this.retries.size === 0 ? undefined : Math.min(...this.retries.values());
  }

  private take(changes: Change[]): void {
    let ours = false;
    for (const change of changes) {
      if (change.kind !== this.kind || (change.record as { node: string }).node !== this.node) continue;
      const record = change.record as MessageRecord | DeliveryRecord;
      this.told?.add(record.id);
      this.note(record);
      ours = true;
    }
    if (ours) this.changed();
  }

  private note(record: MessageRecord | DeliveryRecord): void {
    const { id, state, error, notBefore } = record;
    mark(this.failures, id, state === 'failed');
    mark(this.questions, id, state === 'needsDecision');
    mark(this.underWay, id, state === 'sending');
    mark(this.warnings, id, warningState(record) === 'unseen');
    if ((state === 'pending' || state === 'inDoubt') && error && notBefore) this.retries.set(id, notBefore);
    else this.retries.delete(id);
  }
}

function mark(set: Set<string>, id: string, is: boolean): void {
  if (is) set.add(id);
  else set.delete(id);
}
