import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { FILE_MODE } from '../../src/private-files.js';

/** The secret for what we keep, where Node-RED has none: `credentialSecret: false`, or a project with a key of its own. */
const KEY_FILE = '.switchboard-secret';

/** The part of Node-RED's settings that holds the key of its credentials; `_credentialSecret` is generated where none is set. */
interface Settings {
  userDir?: string;
  credentialSecret?: unknown;
  available?(): boolean;
  get?(name: string): unknown;
}

/** The secret with which secrets in stores are encrypted (src/sealing.ts): the one of Node-RED's credentials, if there is one. */
export function keptSecret(RED: NodeAPI): string {
  const settings = RED.settings as Settings;
  const generated = settings.available?.() ? settings.get?.('_credentialSecret') : undefined;
  const secret = settings.credentialSecret || generated;
  return typeof secret === 'string' && secret ? secret : ownSecret(join(settings.userDir ?? process.cwd(), KEY_FILE));
}

function ownSecret(file: string): string {
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: FILE_MODE, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8');
}
