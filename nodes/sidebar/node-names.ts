import type { NodeAPI } from 'node-red';
import type { NameOf } from './view-model.js';

/** Names nodes as people named them, else by what they are. */
export function nodeNames(RED: NodeAPI): NameOf {
  return (id) => {
    const node = RED.nodes.getNode(id) as { label?: string; name?: string; type?: string } | null;
    return node?.name || node?.label || node?.type?.replace(/^switchboard-/, '').replaceAll('-', ' ') || id;
  };
}
