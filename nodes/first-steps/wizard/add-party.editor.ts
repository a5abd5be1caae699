import type { IdGenerator, Plan, Webhook } from './flow.editor.js';
import { nodesOf, type RouteNode } from './flows-in-use.editor.js';
import { type PartyRow, ROW_HEIGHT } from './layout.editor.js';
import { addToRouteFlow, type Wiring } from './route-flow.editor.js';

/** The texts that name the parties of a flow. */
type FlowTexts = Pick<Plan, 'label' | 'comment'>;

/**
 * Adds a party to the flow of a route node in the editor: its nodes, its row in the route node, and the wires between them.
 * @param before the wizard's texts for the flow without the party: what still has them is renamed
 */
export function addParty(
  route: RouteNode,
  plan: Plan,
  before: FlowTexts,
  store: string,
  generator: IdGenerator,
): { webhooks: Webhook[]; unruled: string[] } {
  const { z: tab, parties, rules, otherwise } = route;
  const { row, y: lowest } = lastRow(route);
  const y = lowest + ROW_HEIGHT;
  const created = addToRouteFlow(plan, { ...wiringOf(route), tab, parties, rules, y, above: row }, store, generator);
  const settings = { parties, rules, outputs: route.outputs };
  const moved = makeRoom(tab, lowest, y + ROW_HEIGHT);
  // The editor imports nodes into the tab that is shown, whatever their own tab is.
  RED.workspaces.show(tab);
  RED.nodes.import(created.nodes, { generateIds: false });
  const links: EditorLink[] = [];
  for (const { id, wires = [] } of created.nodes)
    (wires as string[][]).forEach((targets, port) => {
      for (const target of targets) links.push(...missingLink(id, port, target));
    });
  // The output for what no rule matches stays the last one.
  const ports: Record<number, number> = otherwise ? {} : { [parties.length]: parties.length + 1 };
  Object.assign(route, {
    parties: created.parties,
    rules: created.rules,
    outputs: created.parties.length + (otherwise ? 0 : 1),
    changed: true,
  });
  RED.editor.updateNodeProperties(route, ports);
  links.push(...missingLink(route.id, parties.length, created.map));
  RED.history.push({
    t: 'multi',
    dirty: true,
    events: [
      { t: 'edit', node: route, changes: settings, changed: true, outputMap: ports, dirty: true },
      { t: 'move', nodes: moved, dirty: true },
      { t: 'add', nodes: created.nodes.map(({ id }) => id), links, dirty: true },
      ...rename(tab, before, plan),
    ],
  });
  RED.editor.validateNode(route);
  RED.nodes.dirty(true);
  RED.view.redraw(true);
  return { webhooks: created.webhook ? [created.webhook] : [], unruled: created.unruled };
}

/** The new nodes lead where those of an existing party lead. */
function wiringOf({ z: tab, parties }: RouteNode): Wiring {
  const siblings = parties.map((endpoint) => nodesOf(tab, endpoint));
  const targets = (kind: 'in' | 'map' | 'out', port: number) => {
    const node = siblings.find((one) => one[kind])?.[kind];
    return node ? RED.nodes.filterLinks({ source: node, sourcePort: port }).map(({ target }) => target.id) : [];
  };
  return { received: targets('in', 0), invalid: targets('map', 1), answers: targets('out', 0) };
}

/** The nodes of the lowest party of a flow, and how far down they are. */
function lastRow({ z: tab, parties }: RouteNode): { row: PartyRow; y: number } {
  return parties
    .map((endpoint) => nodesOf(tab, endpoint))
    .map((row) => ({ row, y: Math.max(0, ...Object.values(row).map((node) => Number(node.y))) }))
    .reduce((one, other) => (other.y > one.y ? other : one));
}

/** Moves what is below a height down, until it is not above `free`. Returns where it was, as the editor's undo needs it. */
function makeRoom(tab: string, below: number, free: number): object[] {
  const nodes: { y: number }[] = [];
  RED.nodes.eachNode((node) => {
    if (node.z === tab && Number(node.y) > below + ROW_HEIGHT / 4) nodes.push(node as unknown as { y: number });
  });
  const by = free - Math.min(...nodes.map(({ y }) => y));
  if (by <= 0 || nodes.length === 0) return [];
  return nodes.map((node) => {
    const { x, y, moved } = node as { x?: number; y: number; moved?: boolean };
    Object.assign(node, { y: y + by, moved: true, dirty: true });
    return { n: node, ox: x, oy: y, moved };
  });
}

/** Names the tab and its comment after all parties, unless the user has named them otherwise. Returns the events for undo. */
function rename(tab: string, before: FlowTexts, { label, comment }: FlowTexts): object[] {
  const events: object[] = [];
  const set = (node: object, changes: object, texts: object) => {
    events.push({ t: 'edit', node, changes, changed: (node as RouteNode).changed, dirty: true });
    Object.assign(node, texts, { changed: true, dirty: true, resize: true });
  };
  const workspace = RED.nodes.workspace(tab);
  if (workspace?.label === before.label) {
    set(workspace, { label: before.label }, { label });
    RED.events.emit('flows:change', workspace);
  }
  RED.nodes.eachNode((node) => {
    if (node.z === tab && node.type === 'comment' && node.name === before.comment)
      set(node, { name: before.comment }, { name: comment });
  });
  RED.workspaces.refresh();
  return events;
}

/** Adds the link between two nodes, unless the import has added it. */
function missingLink(from: string, sourcePort: number, to: string): EditorLink[] {
  const [source, target] = [RED.nodes.node(from), RED.nodes.node(to)];
  if (!source || !target) return [];
  const known = RED.nodes.filterLinks({ source, sourcePort });
  if (known.some((link) => link.target.id === to)) return [];
  const link = { source, sourcePort, target };
  RED.nodes.addLink(link);
  return [link];
}
