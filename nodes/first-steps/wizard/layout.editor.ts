import type { FlowNode } from './scenarios.editor.js';

/** The width of a node as the editor draws it, in pixels. */
export type WidthOf = (node: FlowNode) => number;

/** The three nodes of one party. */
export type PartyRow = Partial<Record<'in' | 'map' | 'out', FlowNode>>;

/** Vertical distance between the nodes of two parties, in pixels. */
export const ROW_HEIGHT = 60;
/** Free space between two nodes beside each other, and left of the first ones; in pixels. */
const GAP = 40;
const MARGIN = 30;
/** Nodes whose centres are closer than this in height are in one row. */
const ROW = 40;

/**
 * Makes room for the names of the nodes of a flow: moves a column, and all right of it, to the right until its nodes have space to
 * the nodes before them in their row, and to the nodes that lead to them. Nodes with one x are a column. Pure.
 */
export function spread<Node extends FlowNode>(nodes: readonly Node[], width: WidthOf): Node[] {
  const placed = nodes.filter((node) => typeof node.x === 'number' && node.type !== 'comment');
  const columns = [...new Set(placed.map(xOf))].sort((one, other) => one - other);
  const moved = new Map<Node, number>();
  const right = (node: Node) => xOf(node) + (moved.get(node) ?? 0) + width(node) / 2;
  let shift = 0;
  for (const column of columns) {
    const own = placed.filter((node) => xOf(node) === column);
    for (const node of own) {
      const before = placed.filter((other) => xOf(other) < column && (isBeside(other, node) || leadsTo(other, node)));
      const free = Math.max(MARGIN, ...before.map((other) => right(other) + GAP));
      shift = Math.max(shift, Math.ceil(free - (column - width(node) / 2)));
    }
    for (const node of own) moved.set(node, shift);
  }
  return nodes.map((node) => {
    if (node.type === 'comment') return { ...node, x: Math.max(xOf(node), MARGIN + width(node) / 2) };
    const by = moved.get(node);
    return by ? { ...node, x: xOf(node) + by } : node;
  });
}

/**
 * The places of the nodes of one more party: each begins where the one of the party above begins, or after the one before it.
 * What is not on the tab stays as it is. Pure.
 */
export function rowBelow(nodes: readonly FlowNode[], above: PartyRow, width: WidthOf): FlowNode[] {
  let free = 0;
  return nodes.map((node) => {
    const kind = kindOf(node);
    if (!node.z || !kind) return node;
    const half = width(node) / 2;
    const model = above[kind];
    const left = model ? xOf(model) - width(model) / 2 : xOf(node) - half;
    const x = Math.max(left, free) + half;
    free = x + half + GAP;
    return { ...node, x };
  });
}

/** Which of a party's three nodes this is; undefined: none of them. */
export function kindOf({ type }: { type: string }): keyof PartyRow | undefined {
  const kind = type.replace(/^.*-/, '');
  return kind === 'in' || kind === 'map' || kind === 'out' ? kind : undefined;
}

const xOf = ({ x }: FlowNode) => Number(x);
const isBeside = (one: FlowNode, other: FlowNode) => Math.abs(Number(one.y) - Number(other.y)) < ROW;
const leadsTo = ({ wires }: FlowNode, { id }: FlowNode) => ((wires ?? []) as string[][]).some((port) => port.includes(id));
