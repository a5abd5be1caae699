import type { NodeAPI } from 'node-red';
import { genericMessage } from '../../src/conversation/generic-message.js';
import type { Broker } from '../../src/delivery/broker.js';
import { brokers } from '../../src/delivery/brokers.js';
import type { ParsedEntity, RawEntity } from '../../src/endpoints/endpoint.js';
import { compileMapping, type MappingSubject, preset, sameSubject, subjectOf } from '../../src/endpoints/registry.js';
import type { CompiledMapping } from '../../src/mapping/compile.js';
import type { Direction } from '../../src/mapping/mapping.js';
import { previewProcesses } from '../../src/mapping/preview-expressions.js';
import type { Json } from '../../src/model/message.js';
import type { ViewMask } from '../../src/privacy/view-mask.js';
import type { MessageRecord } from '../../src/store/store.js';
import type { MappingNode } from '../kit/mapping-node.js';
import type { EndpointNode } from '../kit/parties.js';

/** A stored message, masked for who may not see people's data, to which a mapping would be applied. */
export interface KeptMessage {
  id: string;
  direction: Direction;
  receivedAt: string;
  /** Name of the endpoint that sent it. */
  endpoint: string;
  entityType: string;
  number: string;
  title?: string;
  /** The partner's record (`in`) or the generic message (`out`). */
  sample: Record<string, Json>;
}

/** Records searched for one list, because hints, echoes and other entity types among them are skipped. */
const MAX_SCANNED = 400;

interface Lead {
  broker: Broker;
  record: MessageRecord;
}

/** A stored message that can be read; for generic messages, with the mapping that makes one of it. */
interface Readable {
  node: EndpointNode;
  record: MessageRecord;
  parsed: ParsedEntity;
  mapping?: CompiledMapping;
}

/**
 * The newest stored messages to which a mapping would be applied, one for each record of a partner. They, and all that is computed of
 * them, are masked by `mask`: see `maskFor`.
 */
export async function keptMessages(
  RED: NodeAPI,
  mask: ViewMask | undefined,
  subject: MappingSubject,
  direction: Direction,
  limit: number,
): Promise<KeptMessage[]> {
  return newestKept(RED, mask, await (direction === 'in' ? leadsIn(RED, subject) : leadsOut(RED, subject)), direction, limit);
}

/** The newest stored messages of all partners as generic messages, one for each record of a partner, masked in the same way. */
export async function keptGeneric(RED: NodeAPI, mask: ViewMask | undefined, limit: number): Promise<KeptMessage[]> {
  return newestKept(RED, mask, await messagesOf(), 'out', limit);
}

async function newestKept(
  RED: NodeAPI,
  mask: ViewMask | undefined,
  all: Lead[],
  direction: Direction,
  limit: number,
): Promise<KeptMessage[]> {
  const leads = all.sort((a, b) => (a.record.id < b.record.id ? 1 : -1));
  const found: Readable[] = [];
  const known = new Set<string>();
  for (const lead of leads) {
    if (found.length >= limit) break;
    const { endpoint, entityType, entityId } = lead.record;
    const key = JSON.stringify([endpoint, entityType, entityId]);
    if (known.has(key)) continue;
    const one = await readable(RED, lead, direction);
    if (one) found.push(one);
    if (one) known.add(key);
  }
  // Only now: the names that one message has in its fields are masked in the texts of all.
  const kept: KeptMessage[] = [];
  for (const one of found) kept.push(await keptMessage(one, direction, mask));
  return kept;
}

/** Messages received from partners of that kind. */
async function leadsIn(RED: NodeAPI, subject: MappingSubject): Promise<Lead[]> {
  const lists = endpointsOf(RED, subject).map(async (endpoint) => messagesOf(endpoint.id, subject.entityType));
  return (await Promise.all(lists)).flat();
}

const isOrder = ({ entityType }: { entityType: string }) => /order/i.test(entityType);

/** Messages that were sent to partners of that kind; if there are none yet, all messages from other partners that might be sent to them. */
async function leadsOut(RED: NodeAPI, subject: MappingSubject): Promise<Lead[]> {
  const leads: Lead[] = [];
  for (const broker of brokers()) {
    const { store } = broker;
    for (const endpoint of endpointsOf(RED, subject)) {
      const deliveries = await store.listDeliveries({ endpoint: endpoint.id, limit: MAX_SCANNED });
      const ids = deliveries.filter((d) => d.entityType === subject.entityType && d.part === 'entity').map((d) => d.message);
      for (const id of new Set(ids)) {
        const record = await store.message(id);
        if (record) leads.push({ broker, record });
      }
    }
  }
  if (leads.length) return leads;
  const own = new Set(endpointsOf(RED, subject).map(({ id }) => id));
  return (await messagesOf()).filter(
    ({ record }) =>
      isOrder(record) === isOrder(subject) && !(own.has(record.endpoint) && record.entityType === subject.entityType),
  );
}

async function messagesOf(endpoint?: string, entityType?: string): Promise<Lead[]> {
  const lists = brokers().map(async (broker) => {
    const records = await broker.store.listMessages({ ...(endpoint && { endpoint }), limit: MAX_SCANNED });
    return records.map((record) => ({ broker, record }));
  });
  return (await Promise.all(lists)).flat().filter(({ record }) => !entityType || record.entityType === entityType);
}

async function readable(RED: NodeAPI, { broker, record }: Lead, direction: Direction): Promise<Readable | undefined> {
  const node = RED.nodes.getNode(record.endpoint) as EndpointNode | null;
  if (!node?.client) return undefined;
  const bodies = await broker.store.bodies('message', record.id);
  broker.people.learn(bodies);
  const raw = (bodies.read ?? bodies.received) as RawEntity | undefined;
  const parsed = raw && parse(node, raw);
  if (!parsed || Object.keys(parsed.record).length === 0) return undefined;
  if (direction === 'in') return { node, record, parsed };
  const mapping = mappingIn(RED, subjectOf(node.client, record.entityType));
  return mapping && { node, record, parsed, mapping };
}

async function keptMessage(
  { node, record, parsed: stored, mapping }: Readable,
  direction: Direction,
  mask: ViewMask | undefined,
): Promise<KeptMessage> {
  // The rules of the flows could change the form of what is masked, too.
  const parsed = mask ? { ...stored, record: mask.record(stored.record) } : stored;
  const sample = mapping ? await generic(node, record, parsed, mapping) : parsed.record;
  const title = parsed.record.short_description ?? parsed.record.name ?? parsed.record.description;
  return {
    id: record.id,
    direction,
    receivedAt: record.receivedAt,
    endpoint: node.label,
    entityType: record.entityType,
    number: record.number ?? parsed.source.number ?? record.entityId,
    ...(typeof title === 'string' && title && { title: title.slice(0, 120) }),
    sample: mask && mapping ? mask.answer(sample) : sample,
  };
}

/** The stored body may be only a hint of a change, or invalid: then the message is no sample. */
function parse({ client }: EndpointNode, raw: RawEntity): ParsedEntity | undefined {
  try {
    return client.parse(raw);
  } catch {
    return undefined;
  }
}

async function generic(
  { client }: EndpointNode,
  record: MessageRecord,
  parsed: ParsedEntity,
  mapping: CompiledMapping,
): Promise<Record<string, Json>> {
  const { fields } = await mapping.toGeneric(parsed.record);
  return genericMessage(client.system, parsed, fields, record) as unknown as Record<string, Json>;
}

/** The mapping that normalize nodes use for such records: a mapping of the flows, or the preset. */
function mappingIn(RED: NodeAPI, subject: MappingSubject): CompiledMapping | undefined {
  for (const config of configs(RED)) {
    if (config.type !== 'switchboard-normalize' || !config.mapping) continue;
    const node = RED.nodes.getNode(String(config.mapping)) as MappingNode | null;
    try {
      const compiled = node?.compiled();
      if (compiled && sameSubject(compiled.mapping, subject)) return forPreviews(compiled);
    } catch {
      // The mapping's own node reports the error.
    }
  }
  try {
    return compileMapping(preset(subject.system, subject.entityType, subject.version));
  } catch {
    return undefined;
  }
}

const previewed = new WeakMap<CompiledMapping, CompiledMapping>();

/** The same mapping; its expressions are evaluated beside those of messages. */
function forPreviews(deployed: CompiledMapping): CompiledMapping {
  const mapping = previewed.get(deployed) ?? compileMapping(deployed.mapping, { expressions: previewProcesses() });
  previewed.set(deployed, mapping);
  return mapping;
}

function endpointsOf(RED: NodeAPI, subject: MappingSubject): EndpointNode[] {
  return configs(RED)
    .filter(({ type }) => /^switchboard-.*-endpoint$/.test(type))
    .map(({ id }) => RED.nodes.getNode(id) as EndpointNode | null)
    .filter((node): node is EndpointNode => {
      if (!node?.client) return false;
      return sameSubject(subjectOf(node.client, subject.entityType), subject);
    });
}

type Config = { id: string; type: string; [setting: string]: unknown };

function configs(RED: NodeAPI): Config[] {
  const found: Config[] = [];
  RED.nodes.eachNode((config) => void found.push(config as unknown as Config));
  return found;
}
