import type { RouteRule } from '../../../src/conversation/route-rules.js';
import { sideOfEndpoint } from '../../kit/editor/endpoints.js';
import { kindOf, type PartyRow } from './layout.editor.js';

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

interface KnownRoute {
  node: RouteNode;
  /** For people: the tab and the name. */
  label: string;
  /** The tab or the node is disabled. */
  disabled: boolean;
}

/** All route nodes with a party whose nodes the new one's can be wired like, those that run first. */
export function routeNodes(): KnownRoute[] {
  const found: KnownRoute[] = [];
  RED.nodes.eachNode((one) => {
    const node = one as unknown as RouteNode;
    if (node.type !== 'switchboard-route' || !node.parties?.some((endpoint) => nodesOf(node.z, endpoint).in)) return;
    const tab = RED.nodes.workspace(node.z);
    const label = tab?.label ?? node.z;
    found.push({ node, label: node.name ? `${label}: ${node.name}` : label, disabled: Boolean(tab?.disabled || one.d) });
  });
  return found.sort((one, other) => Number(one.disabled) - Number(other.disabled));
}

/** The in, map and out node of an endpoint on a tab. */
export function nodesOf(tab: string, endpoint: string): PartyRow {
  const found: PartyRow = {};
  RED.nodes.eachNode((node) => {
    const kind = kindOf(node);
    if (kind && node.z === tab && node.endpoint === endpoint) found[kind] ??= node;
  });
  return found;
}

/** The parties of a route node as the names of its flow list them. */
export function namesOf({ parties }: RouteNode): { name: string; isCustomer: boolean }[] {
  return parties.map((id) => {
    const name = RED.nodes.node(id)?.name;
    return { name: String(name || id), isCustomer: sideOfEndpoint(id) === 'customer' };
  });
}
