import type { Node } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import type { Receiver } from '../../src/http/receive-request.js';
import { Refusals } from '../../src/http/refusals.js';
import { say } from '../../src/text/say.js';
import { log } from './log.js';
import { show } from './status.js';

/**
 * Shows on a node, counts and logs what its path refuses, until the node is closed.
 * @param first the line of the log about a first refusal
 * @param isOpen whether the store is open; otherwise the status says why it is not
 */
export function refusedAt(
  node: Node,
  path: string,
  first: (reason: string) => string,
  isOpen: () => boolean,
): Receiver['refused'] {
  const refusals = new Refusals(path.replace(/^\/+|\/+$/g, ''), (line) => log(node, 'warn', line));
  node.on('close', () => refusals.close());
  return (error, source) => {
    const text = error instanceof Error ? error.message : String(error);
    const isBusy = error instanceof SwitchboardError && error.code === 'SWB_BUSY';
    if (isOpen()) show(node, isBusy ? 'waiting' : 'warning', say`rejected: ${text}`);
    refusals.add(error, source, first);
  };
}
