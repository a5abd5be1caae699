import type { Settings, SystemForm } from '../../../src/endpoints/form.js';
import { systemOfNode } from '../../kit/editor/endpoints.js';
import type { Party } from './flow.editor.js';
import { flowOf, nodesOf, type RouteNode } from './flows-in-use.editor.js';

/** Sentences for the user: the label of each, and its values. */
export type Sentences = [key: string, values?: Record<string, unknown>][];

/** Whose records are received: two endpoints with one address give the same records twice. */
type Source = Pick<Party, 'name' | 'endpoint' | 'entityType'> & {
  system: string;
  /** Undefined for systems without a URL. */
  address?: string;
};

/** Why these parties cannot be in a flow of their own; undefined if they can. */
export function conflictBetween(parties: Party[]): Sentences | undefined {
  const conflict = conflictOfPairs(parties.map(sourceOf));
  if (conflict) return conflict;
  if (storesOf(parties).length > 1) return [['invalid.stores']];
  const [use] = usesOf(parties);
  return use && [...use.same, ['invalid.inUse', { name: use.name, flow: use.flow }]];
}

/** Why these parties cannot be in a flow with a route node; undefined if they can. */
export function conflictInRoute(parties: Party[], route: RouteNode | undefined, routes: 'create' | 'add'): Sentences | undefined {
  const sources = parties.map(sourceOf);
  const existing = parties.flatMap(({ endpoint }) => endpoint ?? []);
  if (new Set(existing).size < existing.length) return [['invalid.sameParty']];
  const conflict = conflictOfPairs(sources);
  if (conflict) return conflict;
  const known = routes === 'add' && route ? partiesOf(route) : [];
  for (const source of sources) {
    const twice = known.find((party) => party.endpoint === source.endpoint || areSame(party, source));
    if (twice) return [...sameAddress(source, twice), ['invalid.inFlow', { name: twice.name }]];
    if (!source.endpoint && known.some((party) => haveSameName(party, source)))
      return [['invalid.sameName', { name: source.name }]];
  }
  return storesOf([...parties, ...known]).length > 1 ? [['invalid.stores']] : undefined;
}

/** Says of each flow that receives messages of these parties already whose they are. */
export function sharedFlows(parties: Party[]): Sentences[] {
  const flows = new Map<string, { names: string[]; same: Sentences }>();
  for (const { flow, name, same } of usesOf(parties)) {
    const known = flows.get(flow) ?? { names: [], same: [] };
    flows.set(flow, { names: [...known.names, name], same: [...known.same, ...same] });
  }
  return [...flows].map(([flow, { names, same }]) => [...same, ['wizard.inUse', { names: names.join(', '), flow }]]);
}

/** The parties whose messages a flow receives already: the endpoint's name, the flow, and why it is taken for the party's. */
function usesOf(parties: Party[]): { name: string; flow: string; same: Sentences }[] {
  return parties.flatMap((party) => {
    const source = sourceOf(party);
    const uses = sameEndpoints(source).flatMap((other) => {
      const flow = flowOf(other.endpoint, party.entityType);
      return flow === undefined ? [] : [{ name: other.name, flow, same: sameAddress(source, other) }];
    });
    return uses.slice(0, 1);
  });
}

/** Ids of the stores of existing endpoints. */
export function storesOf(parties: { endpoint?: string }[]): string[] {
  const stores = parties.map(({ endpoint }) => endpoint && RED.nodes.node(endpoint)?.store);
  return [...new Set(stores.filter((store): store is string => typeof store === 'string' && store !== ''))];
}

/** An address for comparison: without the differences in spelling that lead to the same place. */
export function normalizedAddress(baseUrl: string): string {
  const text = baseUrl.trim();
  // Not a URL if it refers to an environment variable.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url ? url.origin + url.pathname.replace(/\/+$/, '') + url.search : text.replace(/\/+$/, '');
}

/** The first two parties that receive the same records, or that people could not tell apart. */
function conflictOfPairs(sources: Source[]): Sentences | undefined {
  for (const [index, one] of sources.entries())
    for (const other of sources.slice(index + 1)) {
      if (areSame(one, other)) return [['invalid.same', { name: one.name, other: other.name }]];
      // Existing endpoints are not renamed here.
      if (haveSameName(one, other) && !(one.endpoint && other.endpoint)) return [['invalid.sameName', { name: one.name }]];
    }
  return undefined;
}

function areSame(one: Source, other: Source): boolean {
  if (one.entityType !== other.entityType) return false;
  if (one.endpoint && one.endpoint === other.endpoint) return true;
  return one.address !== undefined && one.system === other.system && one.address === other.address;
}

function haveSameName(one: Source, other: Source): boolean {
  return one.name.toLowerCase() === other.name.toLowerCase();
}

/** Why a party is taken for an endpoint that the user has not selected. */
function sameAddress(source: Source, { endpoint, name }: Source): Sentences {
  return source.endpoint === endpoint ? [] : [['invalid.sameAddress', { name: source.name, endpoint: name }]];
}

function sourceOf({ name, system, endpoint, entityType, settings }: Party): Source {
  const existing = endpoint ? endpointSource(endpoint, entityType) : undefined;
  return existing ?? { name, system: system.id, entityType, ...addressOf(system, settings) };
}

/** An existing endpoint as the source of records of a type; without one, of the only type of its system. */
function endpointSource(id: string, entityType?: string): (Source & { endpoint: string }) | undefined {
  const node = RED.nodes.node(id);
  const system = node && systemOfNode(node);
  if (!system) return undefined;
  const type = entityType || (system.entityTypes[0] ?? '');
  return { name: String(node.name || id), system: system.id, endpoint: id, entityType: type, ...addressOf(system, node) };
}

function addressOf({ endpoint }: SystemForm, { baseUrl }: Settings): { address?: string } {
  return endpoint.address && typeof baseUrl === 'string' && baseUrl ? { address: normalizedAddress(baseUrl) } : {};
}

/** The existing endpoints that give the same records as a party, the selected one first. */
function sameEndpoints(source: Source): (Source & { endpoint: string })[] {
  const ids: string[] = [];
  RED.nodes.eachConfig((node) => {
    ids.push(node.id);
  });
  const found = ids.flatMap((id) => endpointSource(id, source.entityType) ?? []).filter((one) => areSame(one, source));
  return found.sort((a, b) => Number(b.endpoint === source.endpoint) - Number(a.endpoint === source.endpoint));
}

/** The parties of a route node, with the record types that its flow receives. */
function partiesOf({ z, parties }: RouteNode): (Source & { endpoint: string })[] {
  return parties.flatMap((id) => endpointSource(id, nodesOf(z, id).in?.entityType as string | undefined) ?? []);
}
