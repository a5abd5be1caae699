import { emitterOf } from '../store/message-queue.js';
import { recordsOf } from '../store/pages.js';
import type { ChangeNotice, DeliveryRecord, ListQuery, MessageRecord, Store } from '../store/store.js';
import { warningState } from '../store/warning.js';

/** Records read per page when a node starts. */
const PAGE = 500;

/**
 * Counts for the status of a node, by the current state of its records: a failure counts until it is replayed or skipped, a
 * warning until a user has seen it, and both across restarts.
 */
export class NodeCounts {
  private readonly failures = new Set<string>();
  private readonly decisions = new Set<string>();
  private readonly warnings = new Set<string>();
  private readonly sending = new Set<string>();
  /** Epoch milliseconds of the next try, by delivery. */
  private readonly retries = new Map<string, number>();
  private readonly unwatch: () => void;
  private stopped = false;
  /** Records that changed while the store is still being read: these changes are newer than what is read. */
  private changedWhileReading: Set<string> | undefined = new Set();

  /** `changed` is called after each change. */
  constructor(
    private readonly store: Store,
    /** Messages of an in node, or deliveries of an out node. */
    private readonly kind: 'message' | 'delivery',
    private readonly node: string,
    private readonly changed: () => void,
  ) {
    this.unwatch = store.watch((changes) => this.take(changes));
  }

  /** Counts the existing records. `endpoint` only narrows the query. */
  async begin(endpoint: string): Promise<void> {
    const states =
      this.kind === 'message' ? ['failed', 'needsDecision'] : ['failed', 'needsDecision', 'sending', 'pending', 'inDoubt'];
    const list = (query: ListQuery): Promise<(MessageRecord | DeliveryRecord)[]> =>
      this.kind === 'message' ? this.store.listMessages(query) : this.store.listDeliveries(query);
    for (const which of [{ states }, { warned: 'unseen' as const }]) {
      for await (const record of recordsOf((next) => list({ endpoint, ...which, ...next }), PAGE))
        if (nodeOf(record) === this.node && !this.changedWhileReading?.has(record.id)) this.note(record);
    }
    this.changedWhileReading = undefined;
    this.changed();
  }

  stop(): void {
    this.stopped = true;
    this.unwatch();
  }

  get failed(): number {
    return this.failures.size;
  }

  /** Records that need a decision. */
  get undecided(): number {
    return this.decisions.size;
  }

  /** Records with an unseen warning. */
  get warned(): number {
    return this.warnings.size;
  }

  get inFlight(): number {
    return this.sending.size;
  }

  /** Time of the next retry, epoch milliseconds; undefined where none is due. */
  get nextTry(): number | undefined {
    return this.retries.size === 0 ? undefined : Math.min(...this.retries.values());
  }

  private take(changes: ChangeNotice[]): void {
    let hasChanged = false;
    for (const change of changes) {
      if (change.kind !== this.kind || change.node !== this.node) continue;
      this.changedWhileReading?.add(change.id);
      this.noteState(change.id, change.state);
      mark(this.warnings, change.id, change.warned === 'unseen');
      if (change.notBefore === undefined) this.retries.delete(change.id);
      else void this.read(change.id);
      hasChanged = true;
    }
    if (hasChanged) this.changed();
  }

  /** Reads what a notice does not say: whether it waits for another attempt. */
  private async read(id: string): Promise<void> {
    const record = await (this.kind === 'message' ? this.store.message(id) : this.store.delivery(id)).catch(() => undefined);
    if (!record || this.stopped) return;
    this.note(record);
    this.changed();
  }

  private note(record: MessageRecord | DeliveryRecord): void {
    const { id, state, error, notBefore } = record;
    this.noteState(id, state);
    mark(this.warnings, id, warningState(record) === 'unseen');
    if ((state === 'pending' || state === 'inDoubt') && error && notBefore) this.retries.set(id, notBefore);
    else this.retries.delete(id);
  }

  private noteState(id: string, state: string): void {
    mark(this.failures, id, state === 'failed');
    mark(this.decisions, id, state === 'needsDecision');
    mark(this.sending, id, state === 'sending');
  }
}

function mark(set: Set<string>, id: string, is: boolean): void {
  if (is) set.add(id);
  else set.delete(id);
}

/** The node at which a record counts: a message counts where it entered a flow. */
function nodeOf(record: MessageRecord | DeliveryRecord): string {
  return 'message' in record ? record.node : emitterOf(record);
}
