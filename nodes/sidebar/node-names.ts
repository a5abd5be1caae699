import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { shownName } from '../kit/shown-name.js';
import type { NameOf } from './broker-access.js';

interface NamedNode {
  label?: string;
  name?: string;
  type?: string;
}

/** The name of a node as set in the editor, otherwise its type; of a deleted endpoint the last known name. */
export function nodeNames(RED: NodeAPI): NameOf {
  return (id) => {
    const node = (RED.nodes.getNode(id) as NamedNode | null) ?? disabledNode(RED, id);
    if (node?.type) return shownName({ name: node.name || node.label, type: node.type });
    for (const broker of brokers()) {
      const name = broker.nameOf(id);
      if (name !== undefined) return name;
    }
    return id;
  };
}

/** A node that is in the flows and does not run. */
function disabledNode(RED: NodeAPI, id: string): NamedNode | undefined {
  let found: NamedNode | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id) found = node as NamedNode;
  });
  return found;
}
