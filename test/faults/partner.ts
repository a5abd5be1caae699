import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Call, type Kind, Mood } from './behaviours.js';
import type { FieldChange, Keeping } from './habits.js';

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

/** What a partner was asked to write, for a person who wants to know why something is there twice. */
export interface Written {
  at: number;
  request: string;
  body: string;
  behaviour?: string;
  /** Whether and when it took effect. */
  effects: number[];
}

/** A journal entry of ServiceNow; a note of a TMF621 ticket by merge patch, by JSON Patch. */
const ADDS = /^\{"(comments|work_notes)":"[^"]*"\}$|^\{"note":|^\[\{"op":"add","path":"\/note\/-"/;

/** A partner over real HTTP whose answers are as strange as its mood. */
export abstract class Partner {
  private server!: Server;
  private readonly others = new Set<Promise<void>>();
  private closed = false;
  readonly mood: Mood;
  readonly written: Written[] = [];
  /** What it was asked for and does not know. */
  readonly unknown = new Set<string>();
  /** How many lists it has answered well. */
  lists = 0;
  /** How many requests of each kind came for each resource, answered well or not. */
  readonly asked = new Map<string, number>();
  /** How far its clock is ahead of the true one, milliseconds. */
  ahead = 0;
  /** How far the clock of the machine before it is ahead, of which the header Date is; its own where undefined. */
  gatewayAhead?: number;
  /** Milliseconds that a request, an answer, a webhook or an event is under way. */
  latency: () => number = () => 0;
  /** The most entries of a list in one answer, whatever is asked for. */
  pageLimit = 10_000;
  /** How it keeps what is written by its API. */
  keeping: Keeping = {};
  /** Who wrote which field when. */
  readonly history: FieldChange[] = [];

  constructor(readonly random: () => number) {
    this.mood = new Mood(random);
  }

  async start(): Promise<this> {
    this.server = createServer((req, res) => {
      this.handle(req, res).catch((error) => {
        // Whoever asked may have been killed in the middle of it.
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
    await Promise.all(this.others);
  }

  get root(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What its own clock shows. */
  get now(): number {
    return Date.now() + this.ahead;
  }

  /** How many requests came so far. */
  get requests(): number {
    return [...this.asked.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Whether it is still telling something. */
  get telling(): boolean {
    return this.others.size > 0;
  }

  protected abstract kind(request: Request): Kind;
  /** Does what is asked, all of it or nothing, at once. */
  protected abstract act(request: Request): Answer;
  protected abstract refusal(request: Request): Answer | undefined;
  protected abstract failure(): Record<string, unknown>;
  protected abstract failureBesideResult(): Record<string, unknown>;
  protected abstract stranger(request: Request): unknown;
  /** What is to be done between a create and its answer. */
  protected async beforeAnswer(_request: Request, _answer: Answer): Promise<void> {}

  /** Tells it over and over until it is accepted. */
  protected tell(url: string, headers: Record<string, string>, body: unknown, after?: Promise<void>): Promise<void> {
    const text = JSON.stringify(body);
    const telling = (async () => {
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
    const kept = telling.finally(() => this.others.delete(kept));
    this.others.add(kept);
    return kept;
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
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
    const refusal = this.refusal(request);
    if (refusal) return send(refusal);
    const kind = this.kind(request);
    const asked = `${kind} ${request.path.split('/').findLast((part) => /^[a-z_]+$/i.test(part))}`;
    this.asked.set(asked, (this.asked.get(asked) ?? 0) + 1);
    const behaviour = this.mood.choose(kind);
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
      cut: () => res.destroy(),
      adds: kind === 'change' && ADDS.test(request.body.toString()),
      failure: () => this.failure(),
      failureBesideResult: () => this.failureBesideResult(),
      stranger: () => this.stranger(request),
      random: this.random,
    };
    await behaviour.run(call);
  }

  /** Dated by the clock of the machine that sends it. */
  private send(res: ServerResponse, answer: Answer): void {
    if (res.destroyed) return;
    const content = answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
    res.writeHead(answer.status, {
      Date: new Date(Date.now() + (this.gatewayAhead ?? this.ahead)).toUTCString(),
      ...(answer.body !== undefined && { 'Content-Type': 'application/json' }),
      ...answer.headers,
    });
    res.end(answer.status === 204 ? undefined : content);
  }
}

const pause = async (ms: number) => {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
};

/** A record with what it was before, for copies that are behind. */
export class Versions<T extends object> {
  private readonly past: { at: number; value: T }[] = [];
  constructor(
    public value: T,
    readonly createdAt = Date.now(),
  ) {
    this.keep();
  }

  /** To be called after each change. */
  keep(): void {
    this.past.push({ at: Date.now(), value: structuredClone(this.value) });
    while (this.past.length > 2 && this.past[1]!.at < Date.now() - 5_000) this.past.shift();
  }

  /** As it was so many milliseconds ago. */
  seen(lag: number): T | undefined {
    if (lag === 0) return this.value;
    return this.past.filter(({ at }) => at <= Date.now() - lag).at(-1)?.value;
  }

  get age(): number {
    return Date.now() - this.createdAt;
  }
}
