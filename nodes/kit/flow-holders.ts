import type { NodeAPI } from 'node-red';
import { flowHolders } from '../../src/delivery/flow-place.js';
import type { Msg } from './handle.js';
import { shownName } from './shown-name.js';

interface HookedNode {
  id: string;
  type: string;
  name?: string;
  _expectedDoneCount?: number;
}

interface HookEvent {
  msg: Msg;
  node?: { node?: HookedNode };
  destination?: { node?: HookedNode };
}

const hooked = new WeakSet<object>();

/** Follows, with Node-RED's hooks, which node of a flow holds a message, so that views can say what it waits for. */
export function followHolders(RED: NodeAPI): void {
  const hooks = RED.hooks as unknown as { add(name: string, callback: (event: HookEvent) => void): void };
  if (hooked.has(hooks)) return;
  hooked.add(hooks);
  const finished = ({ msg }: HookEvent, node: HookedNode | undefined) => {
    const emission = msg?.switchboard?.emission;
    if (emission && node) flowHolders.finished(emission, node.id);
  };
  hooks.add('onReceive.switchboardHolders', ({ msg, destination }) => {
    const emission = msg?.switchboard?.emission;
    const node = destination?.node;
    if (!emission || !node) return;
    const { id, type } = node;
    flowHolders.received(emission, { node: id, name: shownName(node), ours: type.startsWith('switchboard-') });
  });
  // A handler that takes no `done` never reports completion: it is complete when it returns.
  hooks.add('postReceive.switchboardHolders', (event) => {
    const node = event.destination?.node;
    if (node?._expectedDoneCount === 0) finished(event, node);
  });
  hooks.add('onComplete.switchboardHolders', (event) => finished(event, event.node?.node));
}
