import type { RouteRule } from '../../../src/conversation/route-rules.js';
import {
  adaptToParty,
  endpointNode,
  type IdGenerator,
  type Party,
  type Plan,
  rank,
  rewire,
  storeNode,
  type Webhook,
} from './flow.editor.js';
import { type PartyRow, ROW_HEIGHT, rowBelow, spread } from './layout.editor.js';
import { type FlowNode, SCENARIOS } from './scenarios.editor.js';

/** The place of the first and of the last party in the example; in pixels. */
const FIRST_ROW = 100;
const LAST_ROW = 340;

/** Where the nodes of a party lead: ids of existing nodes. */
export interface Wiring {
  /** From the in node: the normalize node of all parties. */
  received: string[];
  /** From the second output of the map node. */
  invalid: string[];
  /** From the out node: where answers go. */
  answers: string[];
}

/** A flow with a route node, to which a party is added. */
export interface RouteFlow extends Wiring {
  tab: string;
  parties: string[];
  rules: RouteRule[];
  /** The y coordinate of the new nodes, and the nodes of the party above. */
  y: number;
  above: PartyRow;
}

/** What was created for one party. */
interface PartyNodes {
  nodes: FlowNode[];
  endpoint: string;
  /** Id of the map node, to which the route node's output leads. */
  map: string;
  webhook?: Webhook;
}

const side = ({ role }: Party) => (role.side === 'provider' ? 1 : 0);

/** Creates a flow on a new tab in which a route node connects all parties. Pure except for `generator`. */
export function createRouteFlow(
  plan: Plan,
  generator: IdGenerator,
): { nodes: FlowNode[]; webhooks: Webhook[]; unruled: string[] } {
  const { example } = SCENARIOS[plan.scenario];
  const tab = generator.id();
  const store = plan.store ?? generator.id();
  const glue = example.filter((node) => node.z && !('endpoint' in node));
  const ids = new Map(glue.map((node) => [node.id, generator.id()]));
  const template = example.find((node) => node.endpoint === plan.parties[0]?.role.endpoint && node.type.endsWith('-in'));
  const wiring: Wiring = {
    received: rewire(template ?? { id: '', type: '' }, ids)[0] ?? [],
    invalid: [ids.get('sb3-invalid') ?? ''],
    answers: [ids.get('sb3-answers-out') ?? ''],
  };
  const customersFirst = [...plan.parties].sort((a, b) => side(a) - side(b));
  const created = customersFirst.map((party, row) => ({
    party,
    ...partyNodes(plan, party, { ...wiring, tab, y: FIRST_ROW + row * ROW_HEIGHT }, store, generator),
  }));
  const providers = created
    .filter(({ party }) => party.role.side === 'provider')
    .sort((one, other) => rank(one.party) - rank(other.party));
  const rules: RouteRule[] = [];
  const unruled = providers.filter(({ party, endpoint }) => !addRule(rules, party, endpoint)).map(({ party }) => party.name);
  const lastRow = FIRST_ROW + (created.length - 1) * ROW_HEIGHT;
  const placed = glue.map((node): FlowNode => {
    const copy: FlowNode = { ...node, id: ids.get(node.id) ?? '', z: tab, wires: rewire(node, ids) };
    // The nodes below the rows move down with them; those beside the rows stay in the middle.
    if (Number(node.y) > LAST_ROW) copy.y = Number(node.y) + Math.max(0, lastRow - LAST_ROW);
    else if (node.type !== 'comment') copy.y = (FIRST_ROW + lastRow) / 2;
    if (node.type === 'comment') Object.assign(copy, { name: plan.comment, info: '' });
    if (Array.isArray(node.links)) copy.links = node.links.map((id) => ids.get(id));
    if (node.type !== 'switchboard-route') return copy;
    const last = (node.wires as string[][]).at(-1)?.map((id) => ids.get(id) ?? '') ?? [];
    const parties = created.map(({ endpoint }) => endpoint);
    return { ...copy, parties, rules, outputs: parties.length + 1, wires: [...created.map(({ map }) => [map]), last] };
  });
  const nodes = [
    { id: tab, type: 'tab', label: plan.label, disabled: false, info: '' },
    ...(plan.store ? [] : [storeNode(store)]),
    ...created.flatMap((party) => party.nodes),
    ...placed,
  ];
  return {
    nodes: spread(nodes, plan.width),
    webhooks: created.flatMap(({ webhook }) => webhook ?? []),
    unruled,
  };
}

/** The nodes of one more party of a flow, and what changes in its route node. Pure except for `generator`. */
export function addToRouteFlow(
  plan: Plan,
  flow: RouteFlow,
  store: string,
  generator: IdGenerator,
): PartyNodes & { parties: string[]; rules: RouteRule[]; unruled: string[] } {
  const party = plan.parties[0];
  if (!party) throw new Error('There is no party to add.');
  const created = partyNodes(plan, party, flow, store, generator);
  created.nodes = rowBelow(created.nodes, flow.above, plan.width);
  const rules = structuredClone(flow.rules);
  const isRuled = party.role.side !== 'provider' || addRule(rules, party, created.endpoint);
  return { ...created, parties: [...flow.parties, created.endpoint], rules, unruled: isRuled ? [] : [party.name] };
}

/**
 * Adds the rule for a provider before the one that takes all the rest. False: it has no categories, and another provider takes the
 * rest already.
 */
function addRule(rules: RouteRule[], { takes }: Party, endpoint: string): boolean {
  const rest = rules.findIndex(({ from, when }) => when.length === 0 && (from === '' || from === 'side:customer'));
  if (takes.length === 0 && rest >= 0) return false;
  const when = takes.length ? [{ field: 'category', operator: 'isOneOf' as const, value: takes.join(', ') }] : [];
  rules.splice(rest < 0 ? rules.length : rest, 0, { from: 'side:customer', when, to: [endpoint] });
  return true;
}

/** The in, map and out node of a party, and its endpoint if that does not exist yet. */
function partyNodes(
  { scenario, mapTo }: Plan,
  party: Party,
  { tab, y, received, invalid, answers }: Wiring & { tab: string; y: number },
  store: string,
  generator: IdGenerator,
): PartyNodes {
  const endpoint = party.endpoint ?? generator.id();
  const created: PartyNodes = { nodes: party.endpoint ? [] : [endpointNode(party, endpoint, store)], endpoint, map: '' };
  const templates = SCENARIOS[scenario].example.filter((node) => node.endpoint === party.role.endpoint);
  const ids = templates.map(() => generator.id());
  const idOf = (kind: string) => ids[templates.findIndex((node) => node.type.endsWith(kind))] ?? '';
  created.map = idOf('-map');
  templates.forEach((node, index) => {
    const id = ids[index] ?? '';
    const { type, settings, webhook } = adaptToParty(node, id, party, generator);
    if (webhook) created.webhook = webhook;
    if (type === 'switchboard-map') settings.name = mapTo(party.name);
    const wires = type === 'switchboard-map' ? [[idOf('-out')], invalid] : [type.endsWith('-in') ? received : answers];
    created.nodes.push({ id, type, z: tab, x: node.x, y, ...settings, endpoint, wires });
  });
  return created;
}
