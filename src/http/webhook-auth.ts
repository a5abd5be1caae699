import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/** How a webhook authenticates its sender. Header names are case-insensitive. */
export type WebhookAuth =
  | { kind: 'header'; header: string; secret: string }
  | { kind: 'basic'; user: string; password: string }
  /** HMAC-SHA256 over the raw body, hex or base64, after an optional prefix such as `sha256=`. */
  | { kind: 'hmac'; header: string; secret: string; prefix?: string };

/** Throws SWB_UNAUTHORISED unless the request is authenticated. Compares in constant time. */
export function checkWebhook(auth: WebhookAuth, headers: Record<string, string>, rawBody: Buffer): void {
  if (!isAuthenticated(auth, headers, rawBody)) {
    throw new SwitchboardError('SWB_UNAUTHORISED', MESSAGES[auth.kind](), {
      hint: say`Check that the secret in the in node matches the one the partner sends.`,
    });
  }
}

const MESSAGES: Record<WebhookAuth['kind'], () => string> = {
  header: () => say`The shared secret is missing or wrong.`,
  basic: () => say`The user name or password is missing or wrong.`,
  hmac: () => say`The signature is missing or does not match the body.`,
};

function isAuthenticated(auth: WebhookAuth, headers: Record<string, string>, rawBody: Buffer): boolean {
  if (auth.kind === 'basic') {
    const expected = `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
    return equal(headers.authorization ?? '', expected);
  }
  const given = headers[auth.header.toLowerCase()] ?? '';
  if (auth.kind === 'header') return equal(given, auth.secret);
  const prefix = auth.prefix ?? '';
  if (!given.startsWith(prefix)) return false;
  const signature = given.slice(prefix.length);
  const mac = createHmac('sha256', auth.secret).update(rawBody).digest();
  return equal(signature.toLowerCase(), mac.toString('hex')) || equal(signature, mac.toString('base64'));
}

/** Compares in constant time: both texts are hashed to the same length first. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}
