import type { Node } from 'node-red';
import { beginNodeTrouble } from '../../src/delivery/node-troubles.js';
import { shownName } from './shown-name.js';
import { showError } from './status.js';

const ends = new WeakMap<Node, () => void>();

/** Reports that a node cannot work as it is configured: in its status, in the log, and as not ready until the node is closed. */
export function reportInvalid(node: Node, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const { id, type } = node;
  if (!ends.has(node)) node.on('close', () => reportValid(node));
  ends.set(node, beginNodeTrouble({ id, name: shownName(node), type, reason }));
  showError(node, error);
  node.error(reason);
}

/** The node works (again). */
export function reportValid(node: Node): void {
  ends.get(node)?.();
}

/** Runs what needs a node's settings, and reports the node if they are invalid. */
export function whenValid(node: Node, start: () => void): void {
  try {
    start();
  } catch (error) {
    reportInvalid(node, error);
  }
}
