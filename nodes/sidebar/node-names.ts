import type { NodeAPI } from 'node-red';
import type { NameOf } from './broker-access.js';

/** The name of a node as set in the editor, otherwise its type. */
export function nodeNames(RED: NodeAPI): NameOf {
  return (id) => {
    const node = RED.nodes.getNode(id) as { label?: string; name?: string; type?: string } | null;
    return node?.name || node?.label || node?.type?.replace(/^switchboard-/, '').replaceAll('-', ' ') || id;
  };
}
