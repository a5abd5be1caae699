import type { Settings, SystemForm } from '../../../src/endpoints/form.js';
import { endpointDefaults, endpointType } from '../../kit/endpoint.config.js';
import { hasTypes, inDefaults } from '../../kit/in.config.js';
import { versionSetting } from '../../kit/migrate.js';
import { storeDefaults } from '../../switchboard-store/switchboard-store.config.js';
import { type FlowNode, type Role, SCENARIOS, type Scenario } from './scenarios.editor.js';

/** How we learn what changed at a party. */
export type Receive = 'both' | 'events' | 'polling';

/** A party as it was chosen in the wizard. */
export interface Party {
  role: Role;
  name: string;
  system: SystemForm;
  /** Id of an endpoint that is there already; else one is made of `settings` and `credentials`. */
  endpoint?: string;
  settings: Settings;
  credentials: Record<string, string>;
  entityType: string;
  receive: Receive;
  /** Where the party reaches this Node-RED; empty = this machine only. */
  publicUrl: string;
  /** Categories of order items that are this vendor's; none = all that no other vendor takes. */
  takes: string[];
}

export interface Plan {
  scenario: Scenario;
  parties: Party[];
  /** Id of a store that is there already. */
  store?: string;
  /** Texts that people see: of the tab, of the comment, and of the map node to a party. */
  label: string;
  comment: string;
  mapTo: (name: string) => string;
}

/** What has to be entered at the partner, so that it sends its changes. */
export interface Webhook {
  name: string;
  path: string;
  secret: string;
}

/** New ids and secrets; the editor's, or a test's. */
export interface Maker {
  id(): string;
  secret(): string;
}

/** Pixels between the nodes of one vendor and the next. */
const ROW = 60;
/** Vendors for which the example has room above its lower half, which begins at this height. */
const ROOM = 4;
const LOWER_HALF = 300;

/** What a new endpoint of a system has, unless told otherwise; where people choose record types, only the one that is needed. */
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

/** A working flow on a tab of its own: the scenario's example with these parties in it. Pure but for what `maker` makes. */
export function createFlow(plan: Plan, maker: Maker): { nodes: FlowNode[]; webhooks: Webhook[] } {
  const { example } = SCENARIOS[plan.scenario];
  // A vendor without categories takes what is left, so it comes last.
  const vendors = plan.parties.filter((party) => party.role.several).sort((a, b) => rank(a) - rank(b));
  const parties = [...plan.parties.filter((party) => !party.role.several), ...vendors];
  const tab = maker.id();
  const store = plan.store ?? maker.id();
  const nodes: FlowNode[] = [{ id: tab, type: 'tab', label: plan.label, disabled: false, info: '' }];
  if (!plan.store)
    nodes.push({ id: store, type: 'switchboard-store', ...storeDefaults, path: `switchboard-${store.slice(0, 6)}` });

  const own = ({ role }: Party) => example.filter((node) => belongs(node, role));
  const named = (some: FlowNode[]) => some.map((node) => [node.id, maker.id()] as const);
  const glue = example.filter((node) => node.z && !('endpoint' in node));
  const shared = new Map(named([...glue, ...parties.filter((party) => !party.role.several).flatMap(own)]));
  const webhooks: Webhook[] = [];
  const maps: string[] = [];
  for (const party of parties) {
    const endpoint = party.endpoint ?? maker.id();
    if (!party.endpoint) {
      const { system, credentials } = party;
      nodes.push({ id: endpoint, type: endpointType(system), ...endpointSettings(party), store, credentials });
    }
    const ids = party.role.several ? new Map([...shared, ...named(own(party))]) : shared;
    for (const node of own(party)) {
      const id = ids.get(node.id) ?? '';
      const { type, settings, webhook } = asParty(node, id, party, maker);
      if (webhook) webhooks.push(webhook);
      if (node.type === 'switchboard-map') {
        settings.name = plan.mapTo(party.name);
        if (party.role.several) maps.push(id);
      }
      const row = Math.max(0, vendors.indexOf(party));
      nodes.push({ id, type, z: tab, ...placed(node, row, vendors.length), ...settings, endpoint, wires: rewired(node, ids) });
    }
  }
  for (const node of glue) {
    const made: FlowNode = { ...node, id: shared.get(node.id) ?? '', z: tab, ...placed(node, 0, vendors.length) };
    if (node.type === 'comment') Object.assign(made, { name: plan.comment, info: '' });
    else if (node.type === 'switchboard-fan-out') Object.assign(made, legs(vendors), { wires: [...maps.map((id) => [id]), []] });
    else made.wires = rewired(node, shared);
    if (Array.isArray(node.links)) made.links = node.links.map((id) => shared.get(id));
    nodes.push(made);
  }
  return { nodes, webhooks };
}

function belongs(node: FlowNode, { endpoint, only }: Role): boolean {
  return node.endpoint === endpoint && (only === undefined || node.entityType === only);
}

/** A node of the example for the system that the party has. */
function asParty(
  node: FlowNode,
  id: string,
  party: Party,
  maker: Maker,
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
  const secret = maker.secret();
  const webhook = receive !== 'polling';
  return {
    type: `switchboard-${system.id}-in`,
    settings: { ...settings, webhook, path, credentials: { secret } },
    ...(webhook && { webhook: { name, path, secret } }),
  };
}

/** Where a node stands: vendors below each other, and what is below them further down when they need the room. */
function placed({ x, y, type }: FlowNode, row: number, vendors: number): { x: number; y: number } {
  const height = Number(y);
  if (height < LOWER_HALF) return { x: Number(x), y: height + row * ROW };
  const upper = Math.max(0, vendors - ROOM) * ROW;
  // In nodes stand at the left of the lower half, and below them where answers come in and what catches errors.
  const lower =
    /^(catch|debug|link in)$/.test(type) && height > LOWER_HALF + ROOM * ROW - ROW ? Math.max(0, vendors - ROOM + 1) * ROW : 0;
  return { x: Number(x), y: height + upper + lower + row * ROW };
}

/** Wires to nodes that are not created are left out. */
function rewired(node: FlowNode, ids: Map<string, string>): string[][] {
  return ((node.wires as string[][] | undefined) ?? []).map((port) => port.flatMap((id) => ids.get(id) ?? []));
}

const rank = (vendor: Party) => (vendor.takes.length ? 0 : 1);

/** Who gets which items. */
function legs(vendors: Party[]): Settings {
  const taken = new Set<string>();
  const made = vendors.map(({ name, takes }) => {
    const base = slug(name, 20) || 'vendor';
    let leg = base;
    for (let number = 2; taken.has(leg); number++) leg = `${base}-${number}`;
    taken.add(leg);
    return { name: leg, takes: takes.length ? [{ field: 'category', is: takes }] : [{ field: 'id', is: ['*'] }] };
  });
  return { by: 'item', onFailure: 'keep', outputs: made.length + 1, legs: made };
}

/** What leg names and paths may hold. */
function slug(name: string, most: number): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return plain.replace(/^-+/, '').slice(0, most).replace(/-+$/, '');
}
