/** The loopback names and addresses, as in `URL.hostname`; also for the browser, which has no `node:net`. */
const LOOPBACK = /^(?:(?:.+\.)?localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/;

/**
 * Whether what is sent to an address can be read and changed on its way: it is http, and on another machine. `isOwn`: whether a host
 * name is this machine. False for what is no URL, such as a path, or a placeholder of the environment.
 */
export function isReadable(address: string, isOwn: (hostname: string) => boolean = () => false): boolean {
  if (!URL.canParse(address) || /\$\{/.test(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'http:' && !LOOPBACK.test(hostname) && !isOwn(hostname);
}
