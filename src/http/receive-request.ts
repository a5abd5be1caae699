import type { IncomingMessage } from 'node:http';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { BodyReader, KNOWN_SENDERS, UNKNOWN_SENDERS } from './body-reader.js';
import { FailedSignIns } from './failed-sign-ins.js';
import { RefusedRequest } from './refused-request.js';

/** What is known of a partner's request before its body is read. */
export interface RequestHead {
  method: string;
  /** Path below the one listened on, without its leading slash. */
  rest: string;
  query: URLSearchParams;
  /** By name in lower case. */
  headers: Record<string, string>;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** How the body of a request is received. */
export interface Admission {
  /** The head has shown who sends it; otherwise only the body can. */
  isKnown: boolean;
  receive(body: Buffer): Promise<Reply>;
}

/** What serves a path. */
export interface Receiver {
  /** Bytes that a body may have. */
  limit: number;
  /** Decides by its head whether a request is received: its body is read only after that. Throws where it is refused. */
  admit(head: RequestHead): Admission;
  /** A request was refused; `source`: where it came from. */
  refused(error: unknown, source: string): void;
}

/** A request whose body was read, or that was refused. */
export interface Received {
  /** Takes the request in, and never rejects; call it at most once. */
  reply(): Promise<Reply>;
  /** The body is not needed any more. */
  release(): void;
}

/** Headers that a request may have: partners and the proxies on their way need some dozens. */
const MAX_HEADERS = 200;

// Of all nodes together.
const known = new BodyReader(KNOWN_SENDERS);
const unknown = new BodyReader(UNKNOWN_SENDERS);
const signIns = new FailedSignIns(() => performance.now());

/** The load of what comes in, for health checks: bodies that are held, their bytes, and sources that have to wait. */
export function inboundLoad(): { bodies: number; bytes: number; limitedSources: number } {
  const [one, other] = [known.load, unknown.load];
  return { bodies: one.count + other.count, bytes: one.bytes + other.bytes, limitedSources: signIns.limited };
}

/** Checks a request and reads its body, unless it is refused before. Never rejects. */
export async function receiveRequest(
  req: IncomingMessage,
  head: RequestHead,
  receiver: Receiver,
  source: string,
): Promise<Received> {
  const refuse = (reason: unknown): Reply => {
    const error = isFailedSignIn(reason) ? limited(reason, signIns.failed(source)) : reason;
    receiver.refused(error, source);
    return errorReply(error);
  };
  const refused = (reply: Reply): Received => ({ reply: async () => reply, release: () => undefined });
  if (head.method !== 'POST') return refused(errorReply(new RefusedRequest(405, 'SWB_PAYLOAD', say`Only POST is allowed.`)));
  try {
    checkHeaders(req);
    const admission = receiver.admit(head);
    const { bytes, release } = await (admission.isKnown ? known : unknown).read(req, receiver.limit);
    return { reply: () => admission.receive(bytes).catch(refuse).finally(release), release };
  } catch (error) {
    return refused(refuse(error));
  }
}

function checkHeaders(req: IncomingMessage): void {
  if (req.rawHeaders.length / 2 <= MAX_HEADERS) return;
  throw new RefusedRequest(431, 'SWB_TOO_LARGE', say`The request has more than ${MAX_HEADERS} headers.`);
}

const isFailedSignIn = (error: unknown) => error instanceof SwitchboardError && error.code === 'SWB_UNAUTHORISED';

/** The error of a failed sign-in whose source failed too often. `wait`: milliseconds; 0: it did not. */
function limited(error: unknown, wait: number): unknown {
  if (wait === 0) return error;
  const { what, hint } = error as SwitchboardError;
  return new RefusedRequest(429, 'SWB_UNAUTHORISED', what, { hint, retryAfter: Math.ceil(wait / 1000) });
}

/** The response to an error: the message of our own errors; no internal details of any other. */
export function errorReply(error: unknown): Reply {
  if (!(error instanceof SwitchboardError))
    return { status: 500, body: problem('SWB_STORE', 'The request could not be processed and was not stored.') };
  const refused = error instanceof RefusedRequest ? error : undefined;
  const status = refused?.status ?? STATUS[error.code] ?? 500;
  const retryAfter = refused?.retryAfter ?? (status === 503 ? 5 : undefined);
  return {
    status,
    body: problem(error.code, error.message),
    headers: {
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
      ...(status === 405 && { Allow: 'POST' }),
    },
  };
}

const STATUS: Partial<Record<SwitchboardError['code'], number>> = {
  SWB_PAYLOAD: 400,
  SWB_UNAUTHORISED: 401,
  SWB_TOO_LARGE: 413,
  SWB_BUSY: 503,
  SWB_CLOSED: 503,
  SWB_CONFIG: 503,
  SWB_STORE: 503,
  SWB_STORE_LOCKED: 503,
  SWB_CONFLICT: 503,
};

function problem(code: string, message: string) {
  return { code, message };
}
