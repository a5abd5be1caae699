import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { SwitchboardError } from '../errors.js';

/** How a webhook proves who sent it. Header names are compared without case. */
export type WebhookAuth =
  | { kind: 'header'; header: string; secret: string }
  | { kind: 'basic'; user: string; password: string }
  /** HMAC-SHA256 over the raw body, hex or base64, after an optional prefix such as `sha256=`. */
  | { kind: 'hmac'; header: string; secret: string; prefix?: string };

/** Throws SWB_UNAUTHORISED unless the request proves that its sender knows the secret. Compares in constant time. */
export function checkWebhook(auth: WebhookAuth, headers: Record<string, string>, rawBody: Buffer): void {
  if (!proven(auth, headers, rawBody)) {
    throw new SwitchboardError('SWB_UNAUTHORISED', WRONG[auth.kind], {
      hint: 'Compare the secret in the in node with the one the partner sends.',
    });
  }
}

const WRONG: Record<WebhookAuth['kind'], string> = {
  header: 'The shared secret is missing or wrong.',
  basic: 'User or password is missing or wrong.',
  hmac: 'The signature is missing or does not fit the body.',
};

function proven(auth: WebhookAuth, headers: Record<string, string>, rawBody: Buffer): boolean {
  if (auth.kind === 'basic') {
    const expected = `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
    return same(headers.authorization ?? '', expected);
  }
  const given = headers[auth.header.toLowerCase()] ?? '';
  if (auth.kind === 'header') return same(given, auth.secret);
  const prefix = auth.prefix ?? '';
  if (!given.startsWith(prefix)) return false;
  const signature = given.slice(prefix.length);
  const mac = createHmac('sha256', auth.secret).update(rawBody).digest();
  return same(signature.toLowerCase(), mac.toString('hex')) || same(signature, mac.toString('base64'));
}

/** Equal? Takes the same time whatever differs: both are hashed to one length first. */
function same(given: string, expected: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(given), digest(expected)) && expected !== '';
}
