import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/*
 * Protection against requests that another site's page sends through a user's browser (CSRF, DNS rebinding). A browser sends any
 * site's requests to addresses that only its user can reach (loopback, the office network), and states their origin. Other
 * programs state no origin and pass: an attacker who can run programs needs no browser.
 */

/**
 * Suffixes under which nobody can register a public name, so that such names cannot be used for DNS rebinding: RFC 6761 §6.3,
 * RFC 6762 §3, RFC 8375, and `.internal`, which ICANN keeps out of the root zone.
 */
const PRIVATE_ENDINGS = ['.localhost', '.local', '.internal', '.home.arpa'];

/**
 * The hosts under which users open Switchboard, as in the browser's address bar, from SWITCHBOARD_HOSTS: `desk.example,
 * ops.example:8443`. A non-default port must be included: another port of the same host serves another application.
 */
export function allowedHosts(environment: NodeJS.ProcessEnv = process.env): string[] {
  return (environment.SWITCHBOARD_HOSTS ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(plainHost);
}

/**
 * Throws SWB_FORBIDDEN for an unknown Host (DNS rebinding): if `evil.example` resolves to this server, its page has the same
 * origin as ours for the browser, and only the Host header reveals it. Addresses, names without a dot and private suffixes cannot
 * belong to an attacker.
 */
export function checkHost(headers: IncomingHttpHeaders, known: readonly string[] = allowedHosts()): void {
  if (headers.host === undefined) return;
  const host = plainHost(headers.host);
  const name = hostName(host);
  const own =
    name !== '' &&
    (isIP(name) !== 0 || !name.includes('.') || PRIVATE_ENDINGS.some((ending) => name.endsWith(ending)) || known.includes(host));
  if (own) return;
  throw new SwitchboardError('SWB_FORBIDDEN', say`The host "${host}" is not allowed.`, {
    hint: say`Open this page by IP address or machine name, or add "${host}" to the environment variable SWITCHBOARD_HOSTS and restart.`,
  });
}

/**
 * Throws SWB_FORBIDDEN if a browser states that another site's page sends the request. `Sec-Fetch-Site` (Fetch Metadata, W3C) is
 * set by the browser and is valid behind proxies that rewrite Host; browsers omit it on plain http except for loopback, so there
 * the Origin is compared.
 */
export function checkSameOrigin(headers: IncomingHttpHeaders, known: readonly string[] = allowedHosts()): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  // `none`: the user typed the address or opened a bookmark.
  if (site === undefined ? origin === undefined || isOwn(origin, headers.host, known) : site === 'same-origin' || site === 'none')
    return;
  const from = origin && URL.canParse(origin) ? new URL(origin).host : '';
  throw new SwitchboardError(
    'SWB_FORBIDDEN',
    origin
      ? say`The request comes from a page of another site (${origin}).`
      : say`The request comes from a page of another site.`,
    {
      hint: from
        ? say`Only Switchboard's own pages may send this request. If users open Switchboard under that address through a proxy, add "${from}" to the environment variable SWITCHBOARD_HOSTS and restart.`
        : say`Only Switchboard's own pages may send this request.`,
    },
  );
}

/**
 * Throws SWB_PAYLOAD unless the Content-Type is JSON: without a CORS preflight, a form or script of another site cannot send
 * that.
 */
export function checkJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'] ?? '';
  if (/^application\/json\s*(;|$)/i.test(type)) return;
  throw new SwitchboardError('SWB_PAYLOAD', type ? say`The Content-Type is "${type}".` : say`The Content-Type is missing.`, {
    field: 'Content-Type',
    hint: say`Send application/json.`,
  });
}

function isOwn(origin: string, host = '', known: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  // Parsed with the origin's scheme, so that the default port is omitted on both sides.
  const here = `${protocol}//${host}`;
  return from !== '' && ((URL.canParse(here) && new URL(here).host === from) || known.includes(from));
}

/** Lower case, without a default port. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/:(80|443)$/, '');
}

/** The name in `name:port`, without the brackets of an IPv6 address; '' if it is invalid. */
function hostName(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
