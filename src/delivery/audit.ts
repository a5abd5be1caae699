import type { Json } from '../model/message.js';
import type { Change, Store } from '../store/store.js';

/** Entries kept; a new one overwrites the oldest. */
const MAX_ENTRIES = 1_000;
/** Setting with the number of the next entry; the entries are stored below it. */
const NEXT = 'audit';

/** Manual actions. */
export type AuditAction =
  | 'replay'
  | 'sendAgain'
  | 'edit'
  | 'skip'
  | 'undo'
  | 'seen'
  | 'suspend'
  | 'resume'
  | 'forget'
  | 'renewSecret';

/** Who did what, to which target, and when. */
export interface AuditEntry {
  at: string;
  /** Name of the Node-RED user; empty where the editor has no sign-in. */
  by: string;
  action: AuditAction;
  target: {
    kind: 'message' | 'delivery' | 'endpoint' | 'value';
    id: string;
    /** As shown to people: a number or a name. */
    name: string;
    /** Number of targets of a bulk action. */
    count?: number;
  };
  reason?: string;
}

/** Manual actions, kept as settings of the store, so that one commit holds an action and its entry. */
export class AuditLog {
  private next: Promise<number> | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
  ) {}

  /** The changes that record an entry; they belong in the commit of the action. */
  async note(entry: Omit<AuditEntry, 'at'>): Promise<Change[]> {
    const taken = (this.next ?? this.stored()).then((next) => next);
    this.next = taken.then((number) => number + 1);
    this.next.catch(() => {
      this.next = undefined;
    });
    const number = await taken;
    const value: AuditEntry = { at: new Date(this.clock()).toISOString(), ...entry };
    return [
      { kind: 'setting', key: `${NEXT}/${number % MAX_ENTRIES}`, value: value as unknown as Json },
      { kind: 'setting', key: NEXT, value: number + 1 },
    ];
  }

  /** Newest first. */
  async list(limit: number): Promise<AuditEntry[]> {
    const next = await this.stored();
    const numbers = Array.from({ length: Math.min(limit, MAX_ENTRIES, next) }, (_, back) => next - 1 - back);
    const entries = await Promise.all(numbers.map((number) => this.store.setting(`${NEXT}/${number % MAX_ENTRIES}`)));
    return entries.filter((entry) => entry !== undefined) as unknown as AuditEntry[];
  }

  private async stored(): Promise<number> {
    return Number((await this.store.setting(NEXT)) ?? 0);
  }
}
