import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { SwitchboardError } from '../errors.js';
import { ADMIN_AUTH, type UserSettings } from './user-settings.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Throws SWB_CONFIG if other machines could use the editor and the operator pages without signing in. */
export async function checkExposure(host: string, { adminAuth }: UserSettings, settingsFile?: string): Promise<void> {
  if (adminAuth && !adminAuth.default) return;
  if (await isLoopback(host)) return;
  const open = `The editor and the operator pages would be open to everyone who can reach ${host || 'this machine'}`;
  if (adminAuth) {
    throw new SwitchboardError('SWB_CONFIG', `${open}: adminAuth.default gives access without signing in.`, {
      where: settingsFile,
      field: 'adminAuth',
      hint: 'Remove `default` from adminAuth, or listen only on loopback (--host 127.0.0.1).',
    });
  }
  const how = settingsFile
    ? `Add this line to ${settingsFile}: ${ADMIN_AUTH},`
    : `Create a settings.js with this line, and pass it with --settings settings.js: module.exports = { ${ADMIN_AUTH} };`;
  throw new SwitchboardError('SWB_CONFIG', `${open}: no sign-in is configured.`, {
    field: 'adminAuth',
    // The line to copy comes last.
    hint: `Listen only on loopback (--host 127.0.0.1), or make users sign in; \`npx node-red admin hash-pw\` creates the hash of a password. ${how}`,
  });
}

/** Whether a server on this host can be reached only from this machine. No host means all addresses of the machine. */
export async function isLoopback(host: string): Promise<boolean> {
  if (!host) return false;
  const addresses = await lookup(host, { all: true });
  return addresses.every(({ address, family }) => LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4'));
}
