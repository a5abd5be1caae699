import type { NodeAPI } from 'node-red';
import { flowsStarted, flowsStopping } from '../../src/delivery/brokers.js';

/**
 * Has messages enter flows only while these run. A deploy stops nodes without a word about the messages in them, and a node that
 * is not there yet gets none: so all messages leave their flows when a deploy begins, and enter them again once the flows have
 * started. To be called before any node is made.
 */
export function followDeploys(RED: NodeAPI): void {
  RED.events.on('flows:stopping', flowsStopping);
  RED.events.on('flows:starting', flowsStopping);
  RED.events.on('flows:started', flowsStarted);
}
