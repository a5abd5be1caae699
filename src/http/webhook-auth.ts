import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/** The secret in use and, while the partner is being changed over, the one before it. */
interface Secrets {
  secret: string;
  former?: string;
}

/** How a webhook authenticates its sender. Header names are case-insensitive. */
export type WebhookAuth = Secrets &
  (
    | { kind: 'header'; header: string }
    /** The secret is the password. */
    | { kind: 'basic'; user: string }
    /** HMAC-SHA256 over the raw body, hex or base64, after an optional prefix such as `sha256=`. */
    | { kind: 'hmac'; header: string; prefix?: string }
    /**
     * `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<raw body>">`. A time may differ from the clock here by `tolerance`
     * milliseconds.
     */
    | { kind: 'timed'; header: string; tolerance: number }
  );

/** What has shown that a request comes from the partner. */
export interface Proof {
  secret: 'current' | 'former';
  /** Of a request that is to take effect once: its signature, and the time from which its time stamp is too old. */
  once?: { signature: string; until: number };
}

/** What the head of a request says about its sender. */
export interface Claim {
  /** Absent: only the body can show it. */
  proof?: Proof;
  /** Throws SWB_UNAUTHORISED unless the body is the one that was signed. */
  prove(body: Buffer): Proof;
}

/**
 * Checks what a request says about its sender before its body is read. Throws SWB_UNAUTHORISED unless the sender is known by it, or
 * may be by the body. Compares in constant time.
 * @param headers in lower case
 * @param now epoch milliseconds
 */
export function webhookClaim(auth: WebhookAuth, headers: Record<string, string>, now: number): Claim {
  if (auth.kind === 'header' || auth.kind === 'basic') {
    const given = auth.kind === 'basic' ? required('Authorization', headers) : required(auth.header, headers);
    const proof = proofOf(auth, (secret) => secret !== '' && equal(given, expected(auth, secret)));
    if (proof) return { proof, prove: () => proof };
    if (auth.kind === 'basic') return refuse(say`The user name or password is wrong.`, userHint());
    return refuse(say`The secret in the header ${auth.header} does not match.`);
  }
  const given = required(auth.header, headers);
  return auth.kind === 'hmac' ? bodyClaim(auth, given) : timedClaim(auth, given, now);
}

/** The value of a header; throws SWB_UNAUTHORISED that names it if it is missing. */
function required(header: string, headers: Record<string, string>): string {
  return headers[header.toLowerCase()] || refuse(say`The header ${header} is missing.`, headerHint());
}

const MESSAGES = {
  form: (header: string) => say`The header ${header} does not have the form of a signature.`,
  signature: () => say`The signature does not match the body.`,
};

type Auth<Kind> = Extract<WebhookAuth, { kind: Kind }>;

function expected(auth: Auth<'header'> | Auth<'basic'>, secret: string): string {
  return auth.kind === 'header' ? secret : `Basic ${Buffer.from(`${auth.user}:${secret}`).toString('base64')}`;
}

/** A SHA-256 in hex, or in base64. */
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;

function bodyClaim(auth: Auth<'hmac'>, given: string): Claim {
  const prefix = auth.prefix ?? '';
  const signature = given.slice(prefix.length);
  if (!given.startsWith(prefix) || !(HEX.test(signature) || BASE64.test(signature)))
    return refuse(MESSAGES.form(auth.header), formHint());
  return {
    prove(body) {
      const proof = proofOf(auth, (secret) => {
        const mac = createHmac('sha256', secret).update(body).digest();
        return equal(signature.toLowerCase(), mac.toString('hex')) || equal(signature, mac.toString('base64'));
      });
      return proof ?? refuse(MESSAGES.signature());
    },
  };
}

/** Signatures that one header may have: a sender that changes its secret signs with both. */
const MAX_SIGNATURES = 4;

function timedClaim(auth: Auth<'timed'>, given: string, now: number): Claim {
  const parts = given.split(',', MAX_SIGNATURES + 1).map((part) => part.trim());
  const time = parts.flatMap((part) => /^t=(\d{1,12})$/.exec(part)?.[1] ?? [])[0];
  const signatures = parts.flatMap((part) => /^v1=([0-9a-f]{64})$/i.exec(part)?.[1]?.toLowerCase() ?? []);
  if (time === undefined || signatures.length === 0) return refuse(MESSAGES.form(auth.header), formHint());
  const at = Number(time) * 1000;
  const off = Math.round(Math.abs(now - at) / 1000);
  if (Math.abs(now - at) > auth.tolerance)
    return refuse(say`The time stamp of the signature differs from the clock here by ${off} seconds.`, clockHint());
  return {
    prove(body) {
      let signature = '';
      const proof = proofOf(auth, (secret) => {
        signature = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
        return signatures.some((one) => equal(one, signature));
      });
      return proof ? { ...proof, once: { signature, until: at + auth.tolerance } } : refuse(MESSAGES.signature());
    },
  };
}

const clockHint = () => say`Sign each try anew, and check the clocks of both systems.`;

/** By which of the two secrets a request is proven; undefined: by none. */
function proofOf({ secret, former }: Secrets, isProof: (secret: string) => boolean): Proof | undefined {
  if (isProof(secret)) return { secret: 'current' };
  return former && isProof(former) ? { secret: 'former' } : undefined;
}

const secretHint = () => say`Check that the field Secret of the in node matches what the partner sends.`;
const headerHint = () => say`Check how the in node’s webhook is protected, and what the partner sends.`;
const formHint = () => say`Check which kind of signature the in node expects, its prefix, and what the partner sends.`;
const userHint = () => say`Check that the fields Username and Password of the in node match what the partner sends.`;

function refuse(what: string, hint = secretHint()): never {
  throw new SwitchboardError('SWB_UNAUTHORISED', what, { hint });
}

/** Compares in constant time: both texts are hashed to the same length first. */
export function equal(given: string, expected: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}
