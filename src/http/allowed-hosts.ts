/*
 * The hosts that an endpoint's settings allow beside its own one: `files.partner.example`, `*.partner.example`, an IP address, each
 * with or without a port. Runs in the browser too.
 */

/** One of these hosts. */
export interface AllowedHost {
  /** As in `URL.hostname`; of all subdomains of a name: `.partner.example`. */
  host: string;
  /** Absent: the usual ports of http and https. */
  port?: string;
}

/** The hosts in a setting, separated by commas or spaces. `invalid`: the first entry that is none. */
export function allowedHosts(text: string): { hosts: AllowedHost[]; invalid?: string } {
  const entries = text.split(/[\s,;]+/).filter(Boolean);
  const hosts = entries.map(hostIn);
  const invalid = entries.find((_, at) => hosts[at] === undefined);
  return { hosts: hosts.filter((host) => host !== undefined), ...(invalid !== undefined && { invalid }) };
}

/** Whether a host and port are among these. `hostname`: as in `URL.hostname`. */
export function isAllowedHost(hosts: readonly AllowedHost[], hostname: string, port: string): boolean {
  const name = withoutDot(hostname);
  return hosts.some(({ host, port: only }) => {
    const isHost = host.startsWith('.') ? name.endsWith(host) && !isAddress(name) : name === host;
    return isHost && (only === undefined ? port === '80' || port === '443' : port === only);
  });
}

function hostIn(entry: string): AllowedHost | undefined {
  const text = /^[\da-f]*:[\da-f:]*:[\da-f.]*$/i.test(entry) ? `[${entry}]` : entry;
  const [, subdomains, name = '', port] = /^(\*\.)?([^\s:/?#%@\\[\]]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (name === '' || !URL.canParse(`http://${name}`) || Number(port) > 65_535) return undefined;
  const host = withoutDot(new URL(`http://${name}`).hostname);
  if (!/^[\w-]+(\.[\w-]+)*$|^\[/.test(host) || (subdomains && (isAddress(host) || !host.includes('.')))) return undefined;
  return { host: subdomains ? `.${host}` : host, ...(port && { port: String(Number(port)) }) };
}

/** URLs have IPv4 addresses in this form only, however they were written. */
function isAddress(hostname: string): boolean {
  return /^[\d.]+$/.test(hostname) || hostname.startsWith('[');
}

/** A name with a dot at its end is the same name (RFC 1034 §3.1). */
function withoutDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
