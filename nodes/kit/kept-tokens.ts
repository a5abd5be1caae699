import type { NodeAPI } from 'node-red';
import { KeptTokens } from '../../src/delivery/kept-tokens.js';
import type { TokenKeeper } from '../../src/http/http.js';
import type { StoreNode } from '../switchboard-store/switchboard-store.js';
import { keptSecret } from './kept-secret.js';
import { log } from './log.js';

/** Keeps the refresh tokens of an endpoint in its store; undefined as long as the store is not deployed. */
export function tokenKeeper(RED: NodeAPI, storeId: string): TokenKeeper | undefined {
  const store = RED.nodes.getNode(storeId) as StoreNode | null;
  if (!store?.availability) return undefined;
  const opened = async () => (await store.availability.ready()).store;
  return new KeptTokens(
    opened,
    () => keptSecret(RED),
    (text) => log(store, 'warn', text),
  );
}
