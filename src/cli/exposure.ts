import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { SwitchboardError } from '../errors.js';
import { ADMIN_AUTH, type UserSettings } from './user-settings.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Throws SWB_CONFIG when other machines would reach the editor and the operator's pages without signing in. */
export async function checkExposure(host: string, { adminAuth }: UserSettings, settingsFile?: string): Promise<void> {
  if (adminAuth && !adminAuth.default) return;
  if (await isLoopback(host)) return;
  const open = `The editor and the operator's pages would be open to everyone who reaches ${host || 'this machine'}`;
  if (adminAuth) {
    throw new SwitchboardError('SWB_CONFIG', `${open}: adminAuth.default lets people in without signing in.`, {
      where: settingsFile,
      field: 'adminAuth',
      hint: 'Remove `default` from adminAuth, or listen on loopback only (--host 127.0.0.1).',
    });
  }
  const how = settingsFile
    ? `Add this line to ${settingsFile}:\n\n  ${ADMIN_AUTH},`
    : `Write this line into settings.js, and give it with --settings settings.js:\n\n  module.exports = { ${ADMIN_AUTH} };`;
  throw new SwitchboardError('SWB_CONFIG', `${open}: nobody has to sign in.`, {
    field: 'adminAuth',
    hint: `${how}\n\n\`npx node-red admin hash-pw\` makes the hash of a password. Or listen on loopback only (--host 127.0.0.1).`,
  });
}

/** Whether a server that listens on this host is reached from this machine only. No host means all of the machine's addresses. */
export async function isLoopback(host: string): Promise<boolean> {
  if (!host) return false;
  const addresses = await lookup(host, { all: true });
  return addresses.every(({ address, family }) => LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4'));
}
