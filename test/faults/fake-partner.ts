import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ActiveBehaviours, type Call, type Kind } from './behaviours.js';
import type { FieldChange, Transformation } from './partner-formats.js';

export interface Answer {
  status: number;
  body?: unknown;
  /** Instead of a JSON body. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

export interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A log entry of a write request, to analyse duplicates. */
export interface RequestLog {
  at: number;
  request: string;
  body: string;
  behaviour?: string;
  /** Times at which it took effect. */
  effects: number[];
}

/** A journal entry of ServiceNow; a note of a TMF621 ticket by merge patch, by JSON Patch. */
const ADDS = /^\{"(comments|work_notes)":"[^"]*"\}$|^\{"note":|^\[\{"op":"add","path":"\/note\/-"/;

/**
 * What is wrong with a partner as a whole. down: it accepts no connection; drip: it answers a byte at a time; unauthorised: it rejects
 * every request with 401.
 */
export type Trouble = 'down' | 'drip' | 'unauthorised';

/** Milliseconds between the bytes of a dripping answer. */
const DRIP = 300;

/** A partner over real HTTP whose answers depend on its active behaviours. */
export abstract class FakePartner {
  private server!: Server;
  private readonly pending = new Set<Promise<void>>();
  private closed = false;
  readonly behaviours: ActiveBehaviours;
  readonly written: RequestLog[] = [];
  /** Unsupported requests. */
  readonly unknown = new Set<string>();
  /** Number of lists returned without a behaviour. */
  lists = 0;
  /** Number of requests by kind and resource. */
  readonly asked = new Map<string, number>();
  /** Milliseconds by which its clock is ahead of real time. */
  ahead = 0;
  /** Milliseconds by which the clock of a gateway, which sets the Date header, is ahead; undefined = no gateway. */
  gatewayAhead?: number;
  /** Network latency of a request, answer, webhook or event in milliseconds. */
  latency: () => number = () => 0;
  /** Maximum number of list entries in one answer. */
  pageLimit = 10_000;
  trouble?: Trouble;
  /** How it transforms values written through its API. */
  transformation: Transformation = {};
  /** All writes of fields. */
  readonly history: FieldChange[] = [];

  constructor(readonly random: () => number) {
    this.behaviours = new ActiveBehaviours(random);
  }

  async start(): Promise<this> {
    this.server = createServer((req, res) => {
      this.handle(req, res).catch((error) => {
        // The client may have been killed during the request.
        if (error.code !== 'ECONNRESET') console.error(error);
        res.destroy();
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.closed = true;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await Promise.all(this.pending);
  }

  get root(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The time of its own clock. */
  get now(): number {
    return Date.now() + this.ahead;
  }

  /** Number of requests so far. */
  get requests(): number {
    return [...this.asked.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Whether a notification is pending. */
  get notifying(): boolean {
    return this.pending.size > 0;
  }

  protected abstract kind(request: Request): Kind;
  /** Executes the request atomically. */
  protected abstract act(request: Request): Answer;
  protected abstract refusal(request: Request): Answer | undefined;
  protected abstract failure(): Record<string, unknown>;
  protected abstract failureBesideResult(): Record<string, unknown>;
  protected abstract otherRecord(request: Request): unknown;
  /** Called between a create and its answer. */
  protected async beforeAnswer(_request: Request, _answer: Answer): Promise<void> {}

  /** Posts a notification repeatedly until it is accepted. */
  protected notify(url: string, headers: Record<string, string>, body: unknown, after?: Promise<void>): Promise<void> {
    const text = JSON.stringify(body);
    const sending = (async () => {
      await after;
      await pause(this.latency());
      for (let wait = 50; !this.closed; wait = Math.min(wait * 2, 800)) {
        try {
          const answer = await fetch(url, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', ...headers },
            body: text,
          });
          await answer.arrayBuffer();
          if (answer.ok) return;
        } catch {}
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    })();
    const kept = sending.finally(() => this.pending.delete(kept));
    this.pending.add(kept);
    return kept;
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.trouble === 'down') {
      req.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const url = new URL(req.url!, this.root);
    const request: Request = {
      method: req.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: req.headers,
      body: Buffer.concat(chunks),
    };
    await pause(this.latency());
    const send = async (answer: Answer) => {
      await pause(this.latency());
      this.send(res, answer);
    };
    const refusal = this.trouble === 'unauthorised' ? UNAUTHORISED : this.refusal(request);
    if (refusal) return send(refusal);
    const kind = this.kind(request);
    const asked = `${kind} ${request.path.split('/').findLast((part) => /^[a-z_]+$/i.test(part))}`;
    this.asked.set(asked, (this.asked.get(asked) ?? 0) + 1);
    const behaviour = this.behaviours.choose(kind);
    const effects: number[] = [];
    if (kind === 'create' || kind === 'change') {
      const body = request.body.toString();
      const what = `${request.method} ${request.path}${url.search}`;
      this.written.push({ at: Date.now(), request: what, body, behaviour: behaviour?.name, effects });
    }
    const act = () => {
      const answer = this.act(request);
      if (answer.status < 300) effects.push(Date.now());
      return answer;
    };
    if (!behaviour) {
      const answer = act();
      if (kind === 'create') await this.beforeAnswer(request, answer);
      if (kind === 'list') this.lists++;
      return send(answer);
    }
    const call: Call = {
      act,
      send: (answer) => void send(answer),
      disconnect: () => res.destroy(),
      adds: kind === 'change' && ADDS.test(request.body.toString()),
      failure: () => this.failure(),
      failureBesideResult: () => this.failureBesideResult(),
      otherRecord: () => this.otherRecord(request),
      random: this.random,
    };
    await behaviour.run(call);
  }

  /** Sends an answer, with the Date header of the gateway if there is one. */
  private send(res: ServerResponse, answer: Answer): void {
    if (res.destroyed) return;
    const content = answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
    res.writeHead(answer.status, {
      Date: new Date(Date.now() + (this.gatewayAhead ?? this.ahead)).toUTCString(),
      ...(answer.body !== undefined && { 'Content-Type': 'application/json' }),
      ...answer.headers,
    });
    if (this.trouble === 'drip') void drip(res, Buffer.from(content));
    else res.end(answer.status === 204 ? undefined : content);
  }
}

const UNAUTHORISED: Answer = { status: 401, body: { error: { message: 'User is not authenticated' }, status: 'failure' } };

/** Answers a byte at a time, until the client has had enough. */
async function drip(res: ServerResponse, content: Buffer): Promise<void> {
  for (const byte of content) {
    if (res.destroyed) return;
    res.write(Buffer.of(byte));
    await pause(DRIP);
  }
  res.end();
}

const pause = async (ms: number) => {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
};

/** A record with its past versions, to simulate lagging replicas. */
export class Versions<T extends object> {
  private readonly past: { at: number; value: T }[] = [];
  constructor(
    public value: T,
    readonly createdAt = Date.now(),
  ) {
    this.keep();
  }

  /** Stores the current version; call it after each change. */
  keep(): void {
    this.past.push({ at: Date.now(), value: structuredClone(this.value) });
    while (this.past.length > 2 && this.past[1]!.at < Date.now() - 5_000) this.past.shift();
  }

  /** The version of `lag` milliseconds ago. */
  seen(lag: number): T | undefined {
    if (lag === 0) return this.value;
    return this.past.filter(({ at }) => at <= Date.now() - lag).at(-1)?.value;
  }

  get age(): number {
    return Date.now() - this.createdAt;
  }
}
