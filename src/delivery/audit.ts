import type { Json } from '../model/message.js';
import type { Change, Store } from '../store/store.js';

/** Entries kept; the oldest makes room for the newest. */
const MOST = 1_000;
const NEXT = 'audit';

/** What people do by hand. */
export type AuditAction = 'replay' | 'sendAgain' | 'edit' | 'skip' | 'undo' | 'seen' | 'suspend' | 'resume' | 'forget';

/** Who did what to what, and when. */
export interface AuditEntry {
  at: string;
  /** Name of the user of Node-RED's editor; empty where nobody has to sign in. */
  by: string;
  action: AuditAction;
  target: {
    kind: 'message' | 'delivery' | 'endpoint' | 'value';
    id: string;
    /** What people call it: a number, a name. */
    name: string;
    /** More than one was done at once. */
    count?: number;
  };
  reason?: string;
}

/** The list of what people did, in settings of its own, so that an entry is written together with what was done, or not at all. */
export class AuditLog {
  private next: Promise<number> | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
  ) {}

  /** The changes that keep an entry, for the commit of what was done. */
  async note(entry: Omit<AuditEntry, 'at'>): Promise<Change[]> {
    const taken = (this.next ?? this.stored()).then((next) => next);
    this.next = taken.then((number) => number + 1);
    this.next.catch(() => {
      this.next = undefined;
    });
    const number = await taken;
    const value: AuditEntry = { at: new Date(this.clock()).toISOString(), ...entry };
    return [
      { kind: 'setting', key: `${NEXT}/${number % MOST}`, value: value as unknown as Json },
      { kind: 'setting', key: NEXT, value: number + 1 },
    ];
  }

  /** Newest first. */
  async list(limit: number): Promise<AuditEntry[]> {
    const next = await this.stored();
    const numbers = Array.from({ length: Math.min(limit, MOST, next) }, (_, back) => next - 1 - back);
    const entries = await Promise.all(numbers.map((number) => this.store.setting(`${NEXT}/${number % MOST}`)));
    return entries.filter((entry) => entry !== undefined) as unknown as AuditEntry[];
  }

  private async stored(): Promise<number> {
    return Number((await this.store.setting(NEXT)) ?? 0);
  }
}
