import type { IdGenerator, Plan, Webhook } from './flow.editor.js';
import { nodesOf, type RouteNode } from './flows-in-use.editor.js';
import { addToRouteFlow, type Wiring } from './route-flow.editor.js';

/** Vertical distance of the new nodes from the lowest ones of the flow, in pixels. */
const GAP = 60;

/** Adds a party to the flow of a route node in the editor: its nodes, its row in the route node, and the wires between them. */
export function addParty(
  route: RouteNode,
  plan: Plan,
  store: string,
  generator: IdGenerator,
): { webhooks: Webhook[]; unruled: string[] } {
  const { z: tab, parties, rules, otherwise } = route;
  const flow = { ...wiringOf(route), tab, parties, rules, y: lowest(tab) + GAP };
  const created = addToRouteFlow(plan, flow, store, generator);
  const before = { parties, rules, outputs: route.outputs };
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
      { t: 'edit', node: route, changes: before, changed: true, outputMap: ports, dirty: true },
      { t: 'add', nodes: created.nodes.map(({ id }) => id), links, dirty: true },
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

function lowest(tab: string): number {
  let y = 0;
  RED.nodes.eachNode((node) => {
    if (node.z === tab) y = Math.max(y, Number(node.y));
  });
  return y;
}
