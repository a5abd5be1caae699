import type { NodeAPI } from 'node-red';
import { shownName } from '../kit/shown-name.js';
import type { NameOf } from './broker-access.js';

/** The name of a node as set in the editor, otherwise its type. */
export function nodeNames(RED: NodeAPI): NameOf {
  return (id) => {
    const node = RED.nodes.getNode(id) as { label?: string; name?: string; type?: string } | null;
    return node?.type ? shownName({ name: node.name || node.label, type: node.type }) : id;
  };
}
