import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { SwitchboardError } from '../errors.js';

/*
 * What a person's browser may be made to do by a page of another site. A browser sends any site's requests to addresses that only its user
 * reaches (loopback, the office network), and says with each where it comes from. Other programs say nothing of that kind and pass: whoever
 * can run those needs no browser.
 */

/**
 * Names under which no stranger can register one of his own, so that they cannot be made to lead here (DNS rebinding): RFC 6761 §6.3,
 * RFC 6762 §3, RFC 8375, and `.internal`, which ICANN keeps out of the root zone.
 */
const PRIVATE_ENDINGS = ['.localhost', '.local', '.internal', '.home.arpa'];

/**
 * Where people open this Switchboard, as the browser's address line shows it, from SWITCHBOARD_HOSTS: `desk.example, ops.example:8443`. With
 * the port where it is not the usual one: what another port of the same name serves is somebody else's.
 */
export function knownHosts(environment: NodeJS.ProcessEnv = process.env): string[] {
  return (environment.SWITCHBOARD_HOSTS ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(plainHost);
}

/**
 * Throws SWB_FORBIDDEN where the browser took a stranger's name for this server: a page of `evil.example` whose name was made to lead here is
 * of one origin with us for the browser, and gives itself away by the Host header alone. Addresses, names without a dot and private endings
 * cannot be a stranger's.
 */
export function checkHost(headers: IncomingHttpHeaders, known: readonly string[] = knownHosts()): void {
  if (headers.host === undefined) return;
  const host = plainHost(headers.host);
  const name = hostName(host);
  const own =
    name !== '' &&
    (isIP(name) !== 0 || !name.includes('.') || PRIVATE_ENDINGS.some((ending) => name.endsWith(ending)) || known.includes(host));
  if (own) return;
  throw new SwitchboardError('SWB_FORBIDDEN', `The host «${host}» is not known here.`, {
    hint: `Open this page by IP address or machine name, or add «${host}» to the environment variable SWITCHBOARD_HOSTS and restart.`,
  });
}

/**
 * Throws SWB_FORBIDDEN where a browser says that another site's page sends the request. `Sec-Fetch-Site` (Fetch Metadata, W3C) is the browser's
 * own word and holds behind proxies that rewrite Host; browsers leave it out on plain http beyond loopback, where Origin is compared.
 */
export function checkSameOrigin(headers: IncomingHttpHeaders, known: readonly string[] = knownHosts()): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  // `none`: a person typed the address or opened a bookmark.
  if (site === undefined ? origin === undefined || isOwn(origin, headers.host, known) : site === 'same-origin' || site === 'none')
    return;
  const from = origin && URL.canParse(origin) ? new URL(origin).host : '';
  throw new SwitchboardError('SWB_FORBIDDEN', `The request comes from a page of another site${origin ? ` (${origin})` : ''}.`, {
    hint: `Only pages served from here may send it.${from && ` If that is where people open it, behind a proxy, add «${from}» to the environment variable SWITCHBOARD_HOSTS and restart.`}`,
  });
}

/** Throws SWB_PAYLOAD unless the request says that it carries JSON: what a form or a script of another site can send unasked does not. */
export function checkJson(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'] ?? '';
  if (/^application\/json\s*(;|$)/i.test(type)) return;
  throw new SwitchboardError('SWB_PAYLOAD', `The Content-Type is «${type || 'missing'}».`, {
    field: 'Content-Type',
    hint: 'Send application/json.',
  });
}

function isOwn(origin: string, host = '', known: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  // Parsed with the origin's scheme, so that a usual port is left out on both sides.
  const here = `${protocol}//${host}`;
  return from !== '' && ((URL.canParse(here) && new URL(here).host === from) || known.includes(from));
}

/** Lower case, without a usual port. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/:(80|443)$/, '');
}

/** The name in `name:port`, without the brackets of an IPv6 address; '' where it is none. */
function hostName(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
