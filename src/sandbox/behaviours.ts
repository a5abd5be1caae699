import type { Request } from './exchange.js';

/** What a request is about, whatever the partner's API is: many records, one of them, a new one, or a change of one. */
export const KINDS = ['list', 'read', 'create', 'change'] as const;
export type RequestKind = (typeof KINDS)[number];

/** Answers of proxies, gateways and overloaded servers, which come in the place of any answer. */
const INSTEAD = [
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

/** How vendors treat the items of an order they take. */
export const ORDER_BEHAVIOURS = ['renumber', 'pad', 'split', 'reverse'] as const;

/** How partners behave, by the kind of request. What each does is in behave.ts. */
export const BEHAVIOURS = {
  list: [...INSTEAD, 'wrapped', 'lone', 'lag', 'part', 'stubs'],
  read: [...INSTEAD, 'otherRecord', 'lateRecord', 'stale', 'part', 'stub', 'listless', 'shorter'],
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
    ...ORDER_BEHAVIOURS,
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
  ],
} as const satisfies Record<RequestKind, readonly string[]>;
export type BehaviourName = (typeof BEHAVIOURS)[RequestKind][number];

/** Unlike a fault, it stays until it is switched off. */
export interface Behaviour {
  name: BehaviourName;
  /** Which requests it is about; all kinds that know it where absent. */
  kind?: RequestKind;
  /** Of these: a method, and a text that their path contains; all where absent. */
  method?: string;
  path?: string;
  /** How often; until it is switched off where absent. */
  times?: number;
  /** For `lag`, `lateRecord`, `stale` and `late`: milliseconds, 1,000 where absent. */
  ms?: number;
}

type LiveRecord = { [name: string]: unknown };
/** How a record was before a change. */
interface Past {
  at: number;
  live: LiveRecord;
  state: LiveRecord;
}

/** States kept of a record: those of a few quick changes. */
const MOST_PAST = 20;

/** How one stand-in behaves, and what it has to remember for it. */
export class Behaviours {
  private list: Behaviour[] = [];
  private readonly births = new Map<string, number>();
  private readonly pasts = new Map<string, Past[]>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** How many requests were answered strangely. */
  applied = 0;

  /** `orders`: its records are orders with items. */
  constructor(private readonly orders = false) {}

  /** The names that this stand-in knows for a kind of request. */
  names(kind: RequestKind): BehaviourName[] {
    const foreign: readonly string[] = this.orders ? [] : ORDER_BEHAVIOURS;
    return BEHAVIOURS[kind].filter((name) => !foreign.includes(name));
  }

  /** Switches one on; the oldest that fits a request is the one that counts. */
  add(behaviour: Behaviour): void {
    const { name, kind } = behaviour;
    const known = (kind ? [kind] : KINDS).flatMap((one) => this.names(one));
    if (!known.includes(name)) {
      const what = kind ? ` of a ${kind}` : '';
      throw new Error(`«${name}» is no behaviour${what} here; there are ${[...new Set(known)].join(', ')}.`);
    }
    this.list.push({ ...behaviour });
  }

  /** Switches all off. What was taken to be done late is done all the same. */
  clear(): void {
    this.list = [];
    this.pasts.clear();
  }

  /** As new. */
  reset(): void {
    this.clear();
    this.applied = 0;
    this.births.clear();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  all(): Behaviour[] {
    return this.list.map((behaviour) => ({ ...behaviour }));
  }

  /** The behaviour for a request, counted down. */
  take({ method, path }: Pick<Request, 'method' | 'path'>, kind: RequestKind | undefined): Behaviour | undefined {
    if (this.list.length === 0 || !kind) return undefined;
    const index = this.list.findIndex(
      (b) =>
        (b.kind ?? kind) === kind &&
        (BEHAVIOURS[kind] as readonly string[]).includes(b.name) &&
        (!b.method || b.method === method) &&
        (!b.path || path.includes(b.path)),
    );
    const found = this.list[index];
    if (!found) return undefined;
    this.applied++;
    if (found.times !== undefined && --found.times <= 0) this.list.splice(index, 1);
    return found;
  }

  /** OrderEvent by the desk when it has made a record. */
  recordCreated(id: string): void {
    this.births.set(id, Date.now());
  }

  isRecent(id: string, ms: number): boolean {
    return (this.births.get(id) ?? 0) > Date.now() - ms;
  }

  /** OrderEvent by the desk before it changes a record. It costs a copy, so that nothing is kept while nobody wants to read the past. */
  beforeChange(id: string, live: LiveRecord): void {
    if (!this.list.some((b) => b.name === 'stale')) return;
    const past = [...(this.pasts.get(id) ?? []), { at: Date.now(), live, state: structuredClone(live) }];
    this.pasts.set(id, past.slice(-MOST_PAST));
  }

  /** Does something while a record is as it was so many milliseconds ago. */
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

  /** Does something after so many milliseconds, unless everything was reset meanwhile. */
  later(ms: number, task: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      task();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}

function put(record: LiveRecord, state: LiveRecord): void {
  for (const name of Object.keys(record)) delete record[name];
  Object.assign(record, state);
}
