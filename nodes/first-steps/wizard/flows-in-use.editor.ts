import type { RouteRule } from '../../../src/conversation/route-rules.js';

/** The flow that receives messages of an endpoint: the label of its tab. `entityType`: only of that record type. */
export function flowOf(endpoint: string, entityType?: string): string | undefined {
  let found: string | undefined;
  RED.nodes.eachNode((node) => {
    if (!/^switchboard-.*-in$/.test(node.type) || node.endpoint !== endpoint || node.d === true) return;
    // In nodes of systems with a single record type have no such setting.
    if (entityType && node.entityType && node.entityType !== entityType) return;
    const tab = RED.nodes.workspace(String(node.z));
    if (tab && !tab.disabled) found ??= tab.label;
  });
  return found;
}

/** A route node in the editor. */
export interface RouteNode {
  id: string;
  type: string;
  z: string;
  name?: string;
  parties: string[];
  rules: RouteRule[];
  otherwise: string;
  outputs: number;
  changed?: boolean;
}

/** All route nodes with a party whose nodes the new one's can be wired like, each with a label for people. */
export function routeNodes(): { node: RouteNode; label: string }[] {
  const found: { node: RouteNode; label: string }[] = [];
  RED.nodes.eachNode((one) => {
    const node = one as unknown as RouteNode;
    if (node.type !== 'switchboard-route' || !node.parties?.some((endpoint) => nodesOf(node.z, endpoint).in)) return;
    const tab = RED.nodes.workspace(node.z)?.label ?? node.z;
    found.push({ node, label: node.name ? `${tab}: ${node.name}` : tab });
  });
  return found;
}

type EditorNodeOf = Record<string, unknown> & { id: string; type: string };

/** The in, map and out node of an endpoint on a tab. */
export function nodesOf(tab: string, endpoint: string): Partial<Record<'in' | 'map' | 'out', EditorNodeOf>> {
  const found: ReturnType<typeof nodesOf> = {};
  RED.nodes.eachNode((node) => {
    const kind = node.type.replace(/^.*-/, '');
    if (node.z !== tab || node.endpoint !== endpoint) return;
    if (kind === 'in' || kind === 'map' || kind === 'out') found[kind] ??= node;
  });
  return found;
}
