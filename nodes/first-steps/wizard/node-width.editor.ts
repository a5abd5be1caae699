import type { FlowNode } from './scenarios.editor.js';

/** Width of a node without its label, and of one that shows no label; in pixels. */
const FRAME = 57;
const SMALLEST = 100;
const ICON_ONLY = 30;

/** How wide the editor draws a node, in pixels: by its label, in steps of 20, as its view does it. */
export function nodeWidth(node: FlowNode): number {
  if (typeof node.w === 'number' && node.w > 0) return node.w;
  // Link nodes show no label unless the user wants it.
  if (node.type.startsWith('link ') && node.l !== true) return ICON_ONLY;
  const text = RED.view.calculateTextWidth(labelOf(node), 'red-ui-flow-node-label');
  return Math.max(SMALLEST, 20 * Math.ceil((text + FRAME) / 20));
}

function labelOf(node: FlowNode): string {
  const definition = RED.nodes.getType(node.type);
  const { label } = definition ?? {};
  try {
    const text = typeof label === 'function' ? label.call({ ...node, _def: definition, _: definition?._ }) : label;
    return String(text || node.type);
  } catch {
    return String(node.name || node.type);
  }
}
