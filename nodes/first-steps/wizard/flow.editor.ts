import type { Settings, SystemForm } from '../../../src/endpoints/form.js';
import { endpointDefaults, endpointType } from '../../kit/endpoint.config.js';
import { hasTypes, inDefaults } from '../../kit/in.config.js';
import { versionSetting } from '../../kit/migrate.js';
import { storeDefaults } from '../../switchboard-store/switchboard-store.config.js';
import { ROW_HEIGHT, spread, type WidthOf } from './layout.editor.js';
import { type FlowNode, type Role, SCENARIOS, type Scenario } from './scenarios.editor.js';

/** How changes at a party are received. */
export type Receive = 'both' | 'events' | 'polling';

/** A party as entered in the wizard. */
export interface Party {
  role: Role;
  name: string;
  system: SystemForm;
  /** Id of an existing endpoint; without it, one is created from `settings` and `credentials`. */
  endpoint?: string;
  settings: Settings;
  credentials: Record<string, string>;
  entityType: string;
  receive: Receive;
  /** The URL at which the party reaches this Node-RED; empty = from this machine only. */
  publicUrl: string;
  /** Categories of what goes to this party; none = everything that goes to no other party. */
  takes: string[];
}

export interface Plan {
  scenario: Scenario;
  parties: Party[];
  /** Id of an existing store. */
  store?: string;
  /** Labels of the tab, of the comment, and of the map node for a party. */
  label: string;
  comment: string;
  mapTo: (name: string) => string;
  /** How wide the editor draws a node, so that names of any length have room. */
  width: WidthOf;
}

/** The webhook settings to enter in the partner's system, so that it sends its changes. */
export interface Webhook {
  name: string;
  path: string;
  secret: string;
}

/** Generates ids and secrets; tests replace it. */
export interface IdGenerator {
  id(): string;
  secret(): string;
}

/** The example has room for this many vendors above its lower half, which starts at this y coordinate. */
const VENDOR_ROWS = 4;
const LOWER_HALF = 300;

/** The settings of a new endpoint; if record types can be configured, only the one that is needed. */
export function endpointSettings({ system, entityType, name, settings }: Party): Settings {
  const { endpoint } = system;
  const defaults: Settings = endpointDefaults(endpoint);
  const { entityTypes } = defaults;
  return {
    ...defaults,
    ...Object.fromEntries(Object.entries(versionSetting(endpoint.migrations)).map(([key, { value }]) => [key, value])),
    ...(endpoint.systemSetting && { [endpoint.systemSetting]: system.id }),
    ...(Array.isArray(entityTypes) && { entityTypes: entityTypes.filter((type) => type.name === entityType) }),
    name,
    ...settings,
  };
}

/** A new endpoint for a party. */
export function endpointNode(party: Party, id: string, store: string): FlowNode {
  const { system, credentials } = party;
  return { id, type: endpointType(system), ...endpointSettings(party), store, credentials };
}

/** A new store with a folder of its own. */
export function storeNode(id: string): FlowNode {
  return { id, type: 'switchboard-store', ...storeDefaults, path: `switchboard-${id.slice(0, 6)}` };
}

/** Creates a working flow on a new tab: the scenario's example with these parties. Pure except for `generator`. */
export function createFlow(plan: Plan, generator: IdGenerator): { nodes: FlowNode[]; webhooks: Webhook[] } {
  const { example } = SCENARIOS[plan.scenario];
  // A vendor without categories gets the remaining items, so it comes last.
  const vendors = plan.parties.filter((party) => party.role.several).sort((a, b) => rank(a) - rank(b));
  const parties = [...plan.parties.filter((party) => !party.role.several), ...vendors];
  const tab = generator.id();
  const store = plan.store ?? generator.id();
  const nodes: FlowNode[] = [{ id: tab, type: 'tab', label: plan.label, disabled: false, info: '' }];
  if (!plan.store) nodes.push(storeNode(store));

  const own = ({ role }: Party) => example.filter((node) => belongs(node, role));
  const withNewIds = (some: FlowNode[]) => some.map((node) => [node.id, generator.id()] as const);
  const glue = example.filter((node) => node.z && !('endpoint' in node));
  const shared = new Map(withNewIds([...glue, ...parties.filter((party) => !party.role.several).flatMap(own)]));
  const webhooks: Webhook[] = [];
  const maps: string[] = [];
  for (const party of parties) {
    const endpoint = party.endpoint ?? generator.id();
    if (!party.endpoint) nodes.push(endpointNode(party, endpoint, store));
    const ids = party.role.several ? new Map([...shared, ...withNewIds(own(party))]) : shared;
    for (const node of own(party)) {
      const id = ids.get(node.id) ?? '';
      const { type, settings, webhook } = adaptToParty(node, id, party, generator);
      if (webhook) webhooks.push(webhook);
      if (node.type === 'switchboard-map') {
        settings.name = plan.mapTo(party.name);
        if (party.role.several) maps.push(id);
      }
      const row = Math.max(0, vendors.indexOf(party));
      nodes.push({ id, type, z: tab, ...positionOf(node, row, vendors.length), ...settings, endpoint, wires: rewire(node, ids) });
    }
  }
  for (const node of glue) {
    const copy: FlowNode = { ...node, id: shared.get(node.id) ?? '', z: tab, ...positionOf(node, 0, vendors.length) };
    if (node.type === 'comment') Object.assign(copy, { name: plan.comment, info: '' });
    else if (node.type === 'switchboard-fan-out') Object.assign(copy, legs(vendors), { wires: [...maps.map((id) => [id]), []] });
    else copy.wires = rewire(node, shared);
    if (Array.isArray(node.links)) copy.links = node.links.map((id) => shared.get(id));
    nodes.push(copy);
  }
  return { nodes: spread(nodes, plan.width), webhooks };
}

function belongs(node: FlowNode, { endpoint, only }: Role): boolean {
  return node.endpoint === endpoint && (only === undefined || node.entityType === only);
}

/** Adapts a node of the example to the system of the party. */
export function adaptToParty(
  node: FlowNode,
  id: string,
  party: Party,
  generator: IdGenerator,
): { type: string; settings: Settings; webhook?: Webhook } {
  const { system, name, receive } = party;
  const type = system.entityTypes.length === 1 ? (system.entityTypes[0] ?? '') : party.entityType;
  const kind = node.type.replace(/^.*-/, '');
  if (kind === 'map') return { type: node.type, settings: { name: '', entityType: type, mapping: '' } as Settings };
  const settings: Settings = { name, ...(hasTypes(system) && { entityType: type }) };
  if (kind === 'out') return { type: `switchboard-${system.id}-out`, settings };
  const { webhook: canPost, hub, poll } = system.receive;
  Object.assign(settings, { ...inDefaults(system), ...settings });
  if (poll) settings.poll = receive !== 'events' || (!canPost && !hub);
  if (hub) Object.assign(settings, { hub: receive !== 'polling', publicUrl: party.publicUrl });
  if (!canPost) return { type: `switchboard-${system.id}-in`, settings };
  const path = `switchboard/${slug(name, 24) || system.id}-${id.slice(0, 6)}`;
  const secret = generator.secret();
  const webhook = receive !== 'polling';
  return {
    type: `switchboard-${system.id}-in`,
    settings: { ...settings, webhook, path, credentials: { secret } },
    ...(webhook && { webhook: { name, path, secret } }),
  };
}

/** The position of a node: vendors below each other; the nodes below them move down if there are more vendors than rows. */
function positionOf({ x, y, type }: FlowNode, row: number, vendors: number): { x: number; y: number } {
  const height = Number(y);
  if (height < LOWER_HALF) return { x: Number(x), y: height + row * ROW_HEIGHT };
  const upper = Math.max(0, vendors - VENDOR_ROWS) * ROW_HEIGHT;
  // In the lower half, the nodes for answers and errors are below the in nodes of the vendors.
  const lower =
    /^(catch|debug|link in)$/.test(type) && height > LOWER_HALF + VENDOR_ROWS * ROW_HEIGHT - ROW_HEIGHT
      ? Math.max(0, vendors - VENDOR_ROWS + 1) * ROW_HEIGHT
      : 0;
  return { x: Number(x), y: height + upper + lower + row * ROW_HEIGHT };
}

/** The wires of a copied node; wires to nodes that are not created are left out. */
export function rewire(node: FlowNode, ids: Map<string, string>): string[][] {
  return ((node.wires as string[][] | undefined) ?? []).map((port) => port.flatMap((id) => ids.get(id) ?? []));
}

/** Parties without categories come after those with categories. */
export const rank = (vendor: Party) => (vendor.takes.length ? 0 : 1);

/** The settings of the fan-out node: one leg per vendor. */
function legs(vendors: Party[]): Settings {
  const taken = new Set<string>();
  const created = vendors.map(({ name, takes }) => {
    const base = slug(name, 20) || 'vendor';
    let leg = base;
    for (let number = 2; taken.has(leg); number++) leg = `${base}-${number}`;
    taken.add(leg);
    return { name: leg, takes: takes.length ? [{ field: 'category', is: takes }] : [{ field: 'id', is: ['*'] }] };
  });
  return { by: 'item', onFailure: 'keep', outputs: created.length + 1, legs: created };
}

/** Reduces a name to the characters allowed in leg names and paths. */
function slug(name: string, maxLength: number): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+/, '').slice(0, maxLength).replace(/-+$/, '');
}
