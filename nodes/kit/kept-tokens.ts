import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { KeptTokens } from '../../src/delivery/kept-tokens.js';
import type { TokenKeeper } from '../../src/http/http.js';
import { FILE_MODE } from '../../src/private-files.js';
import type { StoreNode } from '../switchboard-store/switchboard-store.js';
import { log } from './log.js';

/** The secret for what we keep, where Node-RED has none: `credentialSecret: false`, or a project with a key of its own. */
const KEY_FILE = '.switchboard-secret';

/** The part of Node-RED's settings that holds the key of its credentials; `_credentialSecret` is generated where none is set. */
interface Settings {
  userDir?: string;
  credentialSecret?: unknown;
  available?(): boolean;
  get?(name: string): unknown;
}

/** Keeps the refresh tokens of an endpoint in its store; undefined as long as the store is not deployed. */
export function tokenKeeper(RED: NodeAPI, storeId: string): TokenKeeper | undefined {
  const store = RED.nodes.getNode(storeId) as StoreNode | null;
  if (!store?.availability) return undefined;
  const opened = async () => (await store.availability.ready()).store;
  return new KeptTokens(
    opened,
    () => keptSecret(RED.settings as Settings),
    (text) => log(store, 'warn', text),
  );
}

function keptSecret(settings: Settings): string {
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
