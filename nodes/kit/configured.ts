import type { Node, NodeAPI } from 'node-red';
import { beginNodeCheck, beginNodeTrouble } from '../../src/delivery/node-troubles.js';
import type { SwitchboardError } from '../../src/errors.js';
import { deployedFlows } from './deployed-flows.js';
import { log } from './log.js';
import { shownName } from './shown-name.js';
import { clearError, showError } from './status.js';

const ends = new WeakMap<Node, () => void>();

/** Reports that a node cannot work as it is configured: in its status, in the log, and as not ready until the node is closed. */
export function reportInvalid(node: Node, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const { id, type } = node;
  if (!ends.has(node)) node.on('close', () => ends.get(node)?.());
  ends.set(node, beginNodeTrouble({ id, name: shownName(node), type, reason }));
  showError(node, error);
  log(node, 'error', reason);
}

/** The node works (again). */
export function reportValid(node: Node): void {
  ends.get(node)?.();
  clearError(node);
}

/** The settings that name config nodes. */
const CONFIG_NODES = ['endpoint', 'mapping', 'store'];

/**
 * Runs what needs a node's settings, and reports the node if they are invalid. If a config node is missing, it is tried again after
 * each deploy: one of only the modified nodes may bring the config node, and leaves this node as it is.
 */
export function whenValid(RED: NodeAPI, node: Node, start: () => void | Promise<void>): void {
  let reported: string | undefined;
  let isClosed = false;
  node.on('close', () => {
    isClosed = true;
  });
  const works = () => {
    if (reported !== undefined && !isClosed) reportValid(node);
  };
  const fails = (error: unknown): boolean => {
    const { message, field = '' } = error as Partial<SwitchboardError>;
    if (message !== reported && !isClosed) reportInvalid(node, error);
    reported = message;
    return !CONFIG_NODES.includes(field);
  };
  const attempt = (): boolean => {
    try {
      const started = start();
      if (!started) works();
      else {
        const checked = beginNodeCheck({ id: node.id, name: shownName(node) });
        node.on('close', checked);
        // What could not be found out now is told by the messages that need it.
        started
          .then(works, (error) => (error as Partial<SwitchboardError>).code === 'SWB_CONFIG' && fails(error))
          .finally(checked);
      }
      return true;
    } catch (error) {
      return fails(error);
    }
  };
  if (attempt()) return;
  const stop = deployedFlows(RED).onStarted(() => {
    if (!attempt()) return;
    stop();
  });
  node.on('close', stop);
}
