import type { Answer } from './fake-partner.js';

/** Kinds of requests; each has its own behaviours. */
export type Kind = 'list' | 'read' | 'create' | 'change' | 'file' | 'token' | 'other';

/** A pending request, as seen by a behaviour. */
export interface Call {
  /** Executes the request and returns the regular answer. */
  act(): Answer;
  send(answer: Answer): void;
  /** Closes the connection without an answer. */
  disconnect(): void;
  /** The error body of this API. */
  failure(): Record<string, unknown>;
  /** The error body with an additional empty result. */
  failureBesideResult(): Record<string, unknown>;
  /** Whether the request only adds a comment or a file. */
  adds: boolean;
  /** The API's answer with another record than the requested one. */
  otherRecord(): unknown;
  random(): number;
}

type Behaviour = (call: Call) => void | Promise<void>;

/** Maximum delay of a write after its answer; together with the lag of lists it is below three seconds. */
export const LATE = 1_200;
export const LIST_LAG = 1_500;
export const REPLICA_LAG = 1_000;

const HTML = '<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>';
const html = (status: number): Answer => ({ status, raw: HTML, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const list = (body: unknown): unknown[] | undefined => {
  const rows = body && typeof body === 'object' && 'result' in body ? (body as { result: unknown }).result : body;
  return Array.isArray(rows) ? rows : undefined;
};
const record = (body: unknown): unknown =>
  body && typeof body === 'object' && 'result' in body ? (body as { result: unknown }).result : body;
/** The answer with other content in the same wrapping. */
const within = (answer: Answer, content: unknown): Answer => {
  const { body } = answer;
  return { ...answer, body: body && typeof body === 'object' && 'result' in body ? { result: content } : content };
};
const stub = (given: unknown): unknown => {
  const { sys_id, id } = given as { sys_id?: unknown; id?: unknown };
  return sys_id === undefined ? { id } : { sys_id };
};
const stubbed = (answer: Answer): Answer =>
  answer.status < 300 && record(answer.body) ? within(answer, stub(record(answer.body))) : answer;
const job = (call: Call): Answer => {
  const id = Math.floor(call.random() * 1e9).toString(36);
  return { status: 202, body: { id: `job-${id}`, state: 'acknowledged' }, headers: { Location: `/monitor/job-${id}` } };
};

/** Answers to reads that prove neither that the record exists nor that it does not. */
const QUESTIONS: Record<string, Behaviour> = {
  accepted: (call) => call.send({ status: 202, body: {} }),
  'no body': (call) => call.send({ status: 200 }),
  'no content': (call) => call.send({ status: 204 }),
  'empty object': (call) => call.send({ status: 200, body: {} }),
  'error with 200': (call) => call.send({ status: 200, body: call.failure() }),
  'error beside a result': (call) => call.send({ status: 200, body: call.failureBesideResult() }),
  'HTML with 200': (call) => call.send(html(200)),
  'a gateway’s 404 page': (call) => call.send(html(404)),
  'a gateway’s 404': (call) => call.send({ status: 404, body: { message: 'no Route matched with those values' } }),
  'a gateway’s 503': (call) => call.send(html(503)),
  cut: (call) => call.disconnect(),
};

/** The correct rows in a format that the API does not use. */
const LISTS: Record<string, Behaviour> = {
  items: (call) => {
    const answer = call.act();
    const rows = list(answer.body);
    call.send(rows ? { ...answer, body: { items: rows } } : answer);
  },
  'a lone object': (call) => {
    const answer = call.act();
    const rows = list(answer.body);
    call.send(rows?.length === 1 ? { ...answer, body: rows[0] } : answer);
  },
  'none, but not all': (call) => {
    const answer = call.act();
    const rows = list(answer.body);
    const headers = { ...answer.headers, 'X-Total-Count': String(Math.max(1, rows?.length ?? 0)) };
    call.send(rows ? { ...within(answer, []), status: 206, headers } : answer);
  },
  'nothing but ids': (call) => {
    const answer = call.act();
    const rows = list(answer.body);
    call.send(rows ? within(answer, rows.map(stub)) : answer);
  },
};

const READS: Record<string, Behaviour> = {
  items: (call) => {
    const answer = call.act();
    call.send(answer.status === 200 ? { ...answer, body: { items: [record(answer.body)] } } : answer);
  },
  'nothing but its id': (call) => call.send(stubbed(call.act())),
  'without its lists, and 206': (call) => {
    const answer = call.act();
    if (answer.status !== 200) return call.send(answer);
    const entries = Object.entries(record(answer.body) as object).map(([name, value]) => [
      name,
      Array.isArray(value) ? [] : value,
    ]);
    call.send({ ...within(answer, Object.fromEntries(entries)), status: 206 });
  },
};

const acting =
  (answer: (call: Call, real: Answer) => Answer): Behaviour =>
  (call) =>
    call.send(answer(call, call.act()));

const CREATES: Record<string, Behaviour> = {
  'a job, done': (call) => {
    call.send(job(call));
    setTimeout(() => call.act(), call.random() * LATE);
  },
  'a job, dropped': (call) => call.send(job(call)),
  'error with 200, done': acting((call) => ({ status: 200, body: call.failure() })),
  'error with 200, not done': (call) => call.send({ status: 200, body: call.failure() }),
  'nothing but its id, done': acting((_, real) => stubbed(real)),
  'the record with 202, done': acting((_, real) => (real.status < 300 ? { ...real, status: 202 } : real)),
  'cut, done': (call) => {
    call.act();
    call.disconnect();
  },
  'cut, not done': (call) => call.disconnect(),
  'cut, done later': (call) => {
    call.disconnect();
    setTimeout(() => call.act(), call.random() * LATE);
  },
  'silent, done later': (call) => {
    setTimeout(() => call.act(), call.random() * LATE);
    setTimeout(() => call.disconnect(), 2 * LATE);
  },
  '500, done': acting(() => html(500)),
  '503, not done': (call) => call.send(html(503)),
};

const CHANGES: Record<string, Behaviour> = {
  'error with 200, done': acting((call) => ({ status: 200, body: call.failure() })),
  'error with 200, not done': (call) => call.send({ status: 200, body: call.failure() }),
  'no content, done': acting(() => ({ status: 204 })),
  'no body, done': acting(() => ({ status: 200 })),
  'nothing but its id, done': acting((_, real) => stubbed(real)),
  // Only comments: for other changes the broker reports the attributes that were not kept, and does not write them again.
  'no content, a comment not done': (call) => call.send(call.adds ? { status: 204 } : call.act()),
  'another record’s body, done': acting((call, real) => (real.status < 300 ? { ...real, body: call.otherRecord() } : real)),
  'cut, done': (call) => {
    call.act();
    call.disconnect();
  },
  'cut, not done': (call) => call.disconnect(),
  '500, done': acting(() => html(500)),
  'slow, done': async (call) => {
    const real = call.act();
    await pause(call.random() * LATE);
    call.send(real);
  },
};

const FILES: Record<string, Behaviour> = { cut: (call) => call.disconnect(), 'a gateway’s 503': (call) => call.send(html(503)) };
const TOKENS: Record<string, Behaviour> = {
  'HTML with 200': (call) => call.send(html(200)),
  'a gateway’s 503': (call) => call.send(html(503)),
};

export const BEHAVIOURS: Record<Kind, Record<string, Behaviour>> = {
  list: { ...QUESTIONS, ...LISTS },
  read: { ...QUESTIONS, ...READS },
  create: CREATES,
  change: CHANGES,
  file: FILES,
  token: TOKENS,
  other: { 'a gateway’s 503': (call) => call.send(html(503)) },
};

/** The active behaviours with their rates, and how often each was applied. */
export class ActiveBehaviours {
  private on: Partial<Record<Kind, { names: string[]; rate: number }>> = {};
  /** Lists show new records with a delay. */
  lag = false;
  /** Reads come from a replica that lags behind. */
  replica = false;
  /** A new record cannot be read by its id yet. */
  notYet = false;
  /** A create with an existing reference is rejected with 409. */
  unique = false;
  /** The provider creates a child of a new ticket and sends its event first. */
  child = false;
  readonly applied = new Map<string, number>();

  constructor(readonly random: () => number) {}

  reset(): void {
    this.on = {};
    this.lag = this.replica = this.notYet = this.unique = this.child = false;
  }

  set(kind: Kind, names: string[], rate = 1): void {
    this.on[kind] = { names, rate };
  }

  /** Activates a random set of behaviours, sometimes none. */
  change(allowed: { replica: boolean } = { replica: true }): void {
    this.reset();
    if (this.random() < 0.2) return;
    for (const kind of Object.keys(BEHAVIOURS) as Kind[]) {
      if (this.random() < 0.4) continue;
      const names = Object.keys(BEHAVIOURS[kind]);
      const some = Array.from(
        { length: 1 + Math.floor(this.random() * 3) },
        () => names[Math.floor(this.random() * names.length)]!,
      );
      this.set(kind, some, 0.2 + this.random() * 0.6);
    }
    this.lag = this.random() < 0.4;
    this.replica = allowed.replica && this.random() < 0.3;
    this.notYet = this.random() < 0.3;
    this.unique = this.random() < 0.25;
    this.child = this.random() < 0.1;
  }

  choose(kind: Kind): { name: string; run: Behaviour } | undefined {
    const active = this.on[kind];
    if (!active || this.random() >= active.rate) return undefined;
    const name = active.names[Math.floor(this.random() * active.names.length)]!;
    this.count(`${kind}: ${name}`);
    return { name, run: BEHAVIOURS[kind][name]! };
  }

  count(name: string): void {
    this.applied.set(name, (this.applied.get(name) ?? 0) + 1);
  }
}
