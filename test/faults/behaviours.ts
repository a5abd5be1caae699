import type { Answer } from './partner.js';

/** What a request is for; each has the strange answers that fit it. */
export type Kind = 'list' | 'read' | 'create' | 'change' | 'file' | 'token' | 'other';

/** A request under way, as a behaviour sees it. */
export interface Call {
  /** What the partner would do and answer if it were well. */
  act(): Answer;
  send(answer: Answer): void;
  /** Ends the connection without an answer. */
  cut(): void;
  /** The body with which this API says that something went wrong. */
  failure(): Record<string, unknown>;
  /** The same, beside an empty result. */
  failureBesideResult(): Record<string, unknown>;
  /** It adds a comment or a file, and writes nothing else. */
  adds: boolean;
  /** Another record than the one that is meant, as the API would answer it. */
  stranger(): unknown;
  random(): number;
}

type Behaviour = (call: Call) => void | Promise<void>;

/** The longest that an effect comes after its answer; with the lag of a list it stays below three seconds. */
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
/** With the list, or the record, of an answer in the form in which it came. */
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

/** Answers to questions: nothing in them tells whether what was asked for is there. */
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
  cut: (call) => call.cut(),
};

/** The right rows in a wrapping that is not the API's. */
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
    call.cut();
  },
  'cut, not done': (call) => call.cut(),
  'cut, done later': (call) => {
    call.cut();
    setTimeout(() => call.act(), call.random() * LATE);
  },
  'silent, done later': (call) => {
    setTimeout(() => call.act(), call.random() * LATE);
    setTimeout(() => call.cut(), 2 * LATE);
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
  // Of other changes it is told which attributes are not kept, and nobody writes them again.
  'no content, a comment not done': (call) => call.send(call.adds ? { status: 204 } : call.act()),
  'another record’s body, done': acting((call, real) => (real.status < 300 ? { ...real, body: call.stranger() } : real)),
  'cut, done': (call) => {
    call.act();
    call.cut();
  },
  'cut, not done': (call) => call.cut(),
  '500, done': acting(() => html(500)),
  'slow, done': async (call) => {
    const real = call.act();
    await pause(call.random() * LATE);
    call.send(real);
  },
};

const FILES: Record<string, Behaviour> = { cut: (call) => call.cut(), 'a gateway’s 503': (call) => call.send(html(503)) };
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

/** Which behaviours are on, how often they show, and how often they did. */
export class Mood {
  private on: Partial<Record<Kind, { names: string[]; rate: number }>> = {};
  /** Lists show what was created only some time later. */
  lag = false;
  /** Reads come from a copy that is behind. */
  replica = false;
  /** What was just created cannot be found under its id yet. */
  notYet = false;
  /** A reference that is there already is refused with 409. */
  unique = false;
  /** A provider makes a second ticket of a new one and tells of it first. */
  child = false;
  readonly shown = new Map<string, number>();

  constructor(readonly random: () => number) {}

  well(): void {
    this.on = {};
    this.lag = this.replica = this.notYet = this.unique = this.child = false;
  }

  set(kind: Kind, names: string[], rate = 1): void {
    this.on[kind] = { names, rate };
  }

  /** Another mood: now and then a good one. */
  change(allowed: { replica: boolean } = { replica: true }): void {
    this.well();
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
    this.shown.set(name, (this.shown.get(name) ?? 0) + 1);
  }
}
