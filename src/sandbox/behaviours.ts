import { Timer } from '../timer.js';
import type { Request } from './exchange.js';

/**
 * Kinds of requests, independent of the partner's API: a list of records, one record, a new record, a change of a record, or a
 * task that cancels one.
 */
export const KINDS = ['list', 'read', 'create', 'change', 'cancel'] as const;
export type RequestKind = (typeof KINDS)[number];

/** Answers of proxies, gateways and overloaded servers that replace the API's answer. */
const REPLACEMENTS = [
  'accepted',
  'empty',
  'noContent',
  'emptyObject',
  'errorObject',
  'errorBeside',
  'html',
  'gatewayNotFound',
  'gatewayNotFoundJson',
] as const;

/** What vendors make of orders, by kind of request. They are implemented in order-behaviours.ts. */
export const ORDER_BEHAVIOURS = {
  list: ['ownWords', 'cancelMissing'],
  read: ['ownWords', 'cancelMissing'],
  create: [
    'renumber',
    'pad',
    'ownIds',
    'reverse',
    'split',
    'merge',
    'bundle',
    'fee',
    'splitOrder',
    'queued',
    'eventOnly',
    'completed',
    'wholeDate',
    'reprice',
    'ownWords',
  ],
  change: ['ownIds', 'lockedInProgress', 'cancelIgnored', 'cancelPretended', 'ownWords'],
  cancel: ['cancelMissing', 'cancelIgnored', 'cancelPretended'],
} as const satisfies Record<RequestKind, readonly string[]>;
export type OrderBehaviourName = (typeof ORDER_BEHAVIOURS)[RequestKind][number];

const ORDER_NAMES: ReadonlySet<string> = new Set(Object.values(ORDER_BEHAVIOURS).flat());

/** Behaviours by kind of request. They are implemented in behaviour-handlers.ts. */
export const BEHAVIOURS = {
  list: [...REPLACEMENTS, 'wrapped', 'lone', 'lag', 'part', 'stubs', ...ORDER_BEHAVIOURS.list],
  read: [...REPLACEMENTS, 'otherRecord', 'lateRecord', 'stale', 'part', 'stub', 'listless', 'shorter', ...ORDER_BEHAVIOURS.read],
  create: [
    'acceptedJob',
    'acceptedDropped',
    'acceptedRecord',
    'okError',
    'doneError',
    'otherMade',
    'doneStub',
    'late',
    'doneConflict',
    ...ORDER_BEHAVIOURS.create,
  ],
  change: [
    'accepted',
    'okError',
    'doneError',
    'otherRecord',
    'unchanged',
    'noContent',
    'stub',
    'doneNoContent',
    'doneStub',
    'late',
    ...ORDER_BEHAVIOURS.change,
  ],
  cancel: ['acceptedJob', 'acceptedDropped', 'okError', 'doneError', 'doneNoContent', 'late', ...ORDER_BEHAVIOURS.cancel],
} as const satisfies Record<RequestKind, readonly string[]>;
export type BehaviourName = (typeof BEHAVIOURS)[RequestKind][number];

/** Unlike a fault, a behaviour stays active until it is switched off. */
export interface Behaviour {
  name: BehaviourName;
  /** The kind of request it applies to; absent = all kinds that support it. */
  kind?: RequestKind;
  /** Applies only to this method, and to paths that contain this text; absent = all. */
  method?: string;
  path?: string;
  /** Number of requests it applies to; absent = until it is switched off. */
  times?: number;
  /** For what comes later, or is outdated: milliseconds (default 1,000). */
  ms?: number;
}

type LiveRecord = { [name: string]: unknown };
/** State of a record before a change. */
interface PastState {
  at: number;
  live: LiveRecord;
  state: LiveRecord;
}

/** Maximum number of past states kept of a record. */
const MAX_PAST = 20;

/** The active behaviours of one simulated partner, and the data they need. */
export class Behaviours {
  private list: Behaviour[] = [];
  private readonly createdAt = new Map<string, number>();
  private readonly pasts = new Map<string, PastState[]>();
  private readonly timers = new Set<Timer>();
  /** Number of requests to which a behaviour was applied. */
  applied = 0;

  /** `orders`: the partner's records are orders with items. */
  constructor(private readonly orders = false) {}

  /** The behaviours that this partner supports for a kind of request. */
  names(kind: RequestKind): BehaviourName[] {
    if (kind === 'cancel' && !this.orders) return [];
    return BEHAVIOURS[kind].filter((name) => this.orders || !isOrderBehaviour(name));
  }

  /** What this partner can make of orders. */
  orderNames(): OrderBehaviourName[] {
    return this.orders ? ([...ORDER_NAMES] as OrderBehaviourName[]) : [];
  }

  /** Activates a behaviour. Of those that replace an answer, the oldest that matches a request is applied; of orders, all are. */
  add(behaviour: Behaviour): void {
    const { name, kind } = behaviour;
    const known = (kind ? [kind] : KINDS).flatMap((one) => this.names(one));
    if (!known.includes(name)) {
      const what = kind ? ` for ${kind}` : '';
      throw new Error(`Unknown behaviour "${name}"${what}. Use one of: ${[...new Set(known)].join(', ')}.`);
    }
    this.list.push({ ...behaviour });
  }

  /** Deactivates one, whatever requests it applies to. */
  remove(name: string): void {
    this.list = this.list.filter((behaviour) => behaviour.name !== name);
  }

  isActive(name: BehaviourName): boolean {
    return this.list.some((behaviour) => behaviour.name === name);
  }

  /** Deactivates all. Requests already accepted for late execution are still executed. */
  clear(): void {
    this.list = [];
    this.pasts.clear();
  }

  /** Restores the initial state. */
  reset(): void {
    this.clear();
    this.applied = 0;
    this.createdAt.clear();
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  all(): Behaviour[] {
    return this.list.map((behaviour) => ({ ...behaviour }));
  }

  /** Takes the behaviours for a request and decrements their counts. */
  take({ method, path }: Pick<Request, 'method' | 'path'>, kind: RequestKind | undefined): Behaviour[] {
    if (this.list.length === 0 || !kind) return [];
    const matching = this.list.filter(
      (b) =>
        (b.kind ?? kind) === kind &&
        (BEHAVIOURS[kind] as readonly string[]).includes(b.name) &&
        (!b.method || b.method === method) &&
        (!b.path || path.includes(b.path)),
    );
    const answer = matching.find((b) => !isOrderBehaviour(b.name));
    const taken = matching.filter((b) => b === answer || isOrderBehaviour(b.name));
    if (taken.length > 0) this.applied++;
    for (const behaviour of taken) if (behaviour.times !== undefined) behaviour.times--;
    this.list = this.list.filter(({ times }) => times === undefined || times > 0);
    return taken;
  }

  /** Called by the desk after it has created a record. */
  recordCreated(id: string): void {
    this.createdAt.set(id, Date.now());
  }

  isRecent(id: string, ms: number): boolean {
    return (this.createdAt.get(id) ?? 0) > Date.now() - ms;
  }

  /** Called by the desk before it changes a record. The copy is expensive, so it is made only while `stale` is active. */
  beforeChange(id: string, live: LiveRecord): void {
    if (!this.list.some((b) => b.name === 'stale')) return;
    const past = [...(this.pasts.get(id) ?? []), { at: Date.now(), live, state: structuredClone(live) }];
    this.pasts.set(id, past.slice(-MAX_PAST));
  }

  /** Runs a task with a record temporarily in its state of `ms` milliseconds ago. */
  withPastState<T>(id: string, ms: number, task: () => T): T {
    const past = this.pasts.get(id)?.find(({ at }) => at > Date.now() - ms);
    if (!past) return task();
    const now = { ...past.live };
    put(past.live, past.state);
    try {
      return task();
    } finally {
      put(past.live, now);
    }
  }

  /** Runs a task after `ms` milliseconds, unless everything is reset before. */
  later(ms: number, task: () => void): void {
    const timer = new Timer(ms, () => {
      this.timers.delete(timer);
      task();
    }).unref();
    this.timers.add(timer);
  }
}

export function isOrderBehaviour(name: BehaviourName): name is OrderBehaviourName {
  return ORDER_NAMES.has(name);
}

function put(record: LiveRecord, state: LiveRecord): void {
  for (const name of Object.keys(record)) delete record[name];
  Object.assign(record, state);
}
