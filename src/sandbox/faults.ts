import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiTraits, applyBehaviour } from './behaviour-handlers.js';
import type { Behaviours } from './behaviours.js';
import { type Handler, type Reply, type Request, sendReply } from './exchange.js';

/** What may go wrong. `-after` kinds act first: the answer is what is lost. */
export const FAULT_KINDS = [
  'status',
  'reset-before',
  'reset-after',
  'timeout-before',
  'timeout-after',
  'no-body',
  'cut-json',
  'slow',
  'drop-field',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** Which requests: a method, and a text that their path contains; all where absent. */
  method?: string;
  path?: string;
  /** How often; for ever where absent. */
  times?: number;
  /** For `status`. */
  status?: number;
  /** For `status` 429 and 503: seconds, as the header says it. */
  retryAfter?: string;
  /** For `slow`: milliseconds. */
  delay?: number;
  /** For `drop-field`: the field of the body that is left out silently. */
  field?: string;
}

/** The switchboard of faults of one stand-in. */
export class Faults {
  private list: Fault[] = [];

  /** Adds a fault; the oldest that fits a request is used first. */
  add(fault: Fault): void {
    this.list.push({ ...fault });
  }

  clear(): void {
    this.list = [];
  }

  all(): Fault[] {
    return this.list.map((fault) => ({ ...fault }));
  }

  /** The fault for a request, counted down. */
  take(request: Pick<Request, 'method' | 'path'>): Fault | undefined {
    const index = this.list.findIndex(
      (f) => (!f.method || f.method === request.method) && (!f.path || request.path.includes(f.path)),
    );
    const fault = this.list[index];
    if (!fault) return undefined;
    if (fault.times !== undefined && --fault.times <= 0) this.list.splice(index, 1);
    return fault;
  }
}

/** Who answers: an API, what is wrong with it, and how it behaves. */
export interface Answering {
  handler: Handler;
  faults: Faults;
  behaviours: Behaviours;
  traits: ApiTraits;
}

/** Answers a request, or fails at it as its fault says, or as it behaves; gives the status for the log, 0 where there was no answer. */
export async function answer(by: Answering, request: Request, req: IncomingMessage, res: ServerResponse): Promise<number> {
  const { handler, behaviours, traits } = by;
  const { errorBody } = traits;
  const fault = by.faults.take(request);
  switch (fault?.kind) {
    case 'status': {
      const retry = fault.retryAfter ? { 'Retry-After': fault.retryAfter } : undefined;
      return reply(res, { status: fault.status ?? 500, body: errorBody(fault.status ?? 500), headers: retry });
    }
    case 'reset-before':
      req.socket.destroy();
      return 0;
    case 'reset-after':
      handler(request);
      req.socket.destroy();
      return 0;
    case 'timeout-before':
      return 0;
    case 'timeout-after':
      handler(request);
      return 0;
    case 'no-body':
      return reply(res, { status: handler(request).status });
    case 'cut-json': {
      const { status, body } = handler(request);
      return reply(res, {
        status,
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(JSON.stringify(body ?? {}).slice(0, -5)),
      });
    }
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.delay ?? 1_000));
      break;
    case 'drop-field':
      return reply(res, handler(without(request, fault.field ?? '')));
  }
  const behaviour = behaviours.take(request, traits.kindOf(request));
  if (!behaviour) return reply(res, handler(request));
  const strange = applyBehaviour({ ...traits, request, handler, behaviours, behaviour });
  return strange ? reply(res, strange) : 0;
}

function reply(res: ServerResponse, result: Reply): number {
  sendReply(res, result);
  return result.status;
}

function without(request: Request, field: string): Request {
  try {
    const body = JSON.parse(request.body.toString('utf8')) as Record<string, unknown>;
    delete body[field];
    return { ...request, body: Buffer.from(JSON.stringify(body)) };
  } catch {
    return request;
  }
}
