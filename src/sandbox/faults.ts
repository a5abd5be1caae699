import type { IncomingMessage, ServerResponse } from 'node:http';
import { pause } from '../timer.js';
import { type ApiTraits, applyBehaviours } from './behaviour-handlers.js';
import type { Behaviours } from './behaviours.js';
import { type Handler, type Reply, type Request, sendReply } from './exchange.js';

/** Kinds of faults. With the `-after` kinds the request is executed and only its answer is lost. */
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
  /** Applies only to this method, and to paths that contain this text; absent = all. */
  method?: string;
  path?: string;
  /** Number of requests it applies to; absent = all. */
  times?: number;
  /** For `status`. */
  status?: number;
  /** For `status` 429 and 503: value of the Retry-After header. */
  retryAfter?: string;
  /** For `slow`: milliseconds. */
  delay?: number;
  /** For `drop-field`: the field of the body that is dropped silently. */
  field?: string;
}

/** The active faults of one simulated partner. */
export class Faults {
  private list: Fault[] = [];

  /** Adds a fault; the oldest that matches a request is used first. */
  add(fault: Fault): void {
    this.list.push({ ...fault });
  }

  clear(): void {
    this.list = [];
  }

  all(): Fault[] {
    return this.list.map((fault) => ({ ...fault }));
  }

  /** Takes the fault for a request and decrements its count. */
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

/** An API with its faults and behaviours. */
export interface SimulatedApi {
  handler: Handler;
  faults: Faults;
  behaviours: Behaviours;
  traits: ApiTraits;
}

/** Answers a request, with a fault or behaviour if one is active; returns the status for the log, 0 if there was no answer. */
export async function answer(api: SimulatedApi, request: Request, req: IncomingMessage, res: ServerResponse): Promise<number> {
  const { handler, behaviours, traits } = api;
  const { errorBody } = traits;
  const fault = api.faults.take(request);
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
      await pause(fault.delay ?? 1_000);
      break;
    case 'drop-field':
      return reply(res, handler(without(request, fault.field ?? '')));
  }
  const taken = behaviours.take(request, traits.kindOf(request));
  const changed = applyBehaviours({ ...traits, request, handler, behaviours }, taken);
  return changed ? reply(res, changed) : 0;
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
