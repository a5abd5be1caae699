import type { EntityRequest } from '../../src/conversation/entity-request.js';
import type { Edit } from '../../src/delivery/edits.js';
import { attemptText } from '../../src/delivery/send-result.js';
import { lookUntil, type WaitKind } from '../../src/delivery/wait-reason.js';
import type { RawEntity } from '../../src/endpoints/endpoint.js';
import type { Exchange } from '../../src/http/exchange.js';
import type { Json } from '../../src/model/message.js';
import { emitterOf } from '../../src/store/message-queue.js';
import type { Attempt, Bodies, ConversationRecord, DeliveryRecord, MessageRecord, Store } from '../../src/store/store.js';
import { warningOf } from '../../src/store/warning.js';
import { say } from '../../src/text/say.js';
import type { BrokerAccess, NameOf } from './broker-access.js';
import { readCursor, writeCursor } from './cursor.js';
import { fieldLines, leaves } from './lineage.js';
import { type MessageRef, type MessageSource, messageSources } from './message-sources.js';
import { isFoundByShown, learnPeople } from './people-reader.js';
import { deliveryActions, messageActions, shownDelivery, shownMessage, shownWarning } from './shown-state.js';
import type {
  ConversationView,
  Counts,
  DeliveryRow,
  DeliveryView,
  Editable,
  FieldValue,
  MessageList,
  MessageRow,
  MessageView,
  Query,
} from './views.js';
import { WaitReader } from './wait-state.js';

/** Maximum number of deliveries shown for one message; more partners are not expected. */
const DELIVERIES = 200;
/** Maximum number of records scanned for one page; the next page continues from there. */
const MAX_SCANNED = 2000;

/** A page of messages of all stores, newest first. */
export async function listMessages(brokers: BrokerAccess[], query: Query, nameOf: NameOf): Promise<MessageList> {
  const places = readCursor(query.before);
  const sources = brokers.flatMap((broker) => {
    const context = { broker, waits: new WaitReader(broker, nameOf), nameOf };
    return messageSources(broker.id, broker.store, query, (key) => places[key]).map((source) => ({ ...source, context }));
  });
  const heads = await Promise.all(sources.map(async (source) => ({ source, lead: await next(source) })));
  const rows = new Map<string, MessageRow>();
  for (let scanned = 0; rows.size < query.limit && scanned < MAX_SCANNED; scanned++) {
    const head = newest(heads);
    if (!head?.lead) break;
    const { source, lead } = head;
    places[source.key] = lead.id;
    head.lead = await next(source);
    if (rows.has(lead.message)) continue;
    const record = lead.record ?? (await source.store.message(lead.message));
    if (!record) continue;
    const row = await messageRow(source.context, record, query.clear ? '' : query.search);
    if (!row) continue;
    // A message with several deliveries counts as delivered only if all of them are.
    const fits = query.state !== 'delivered' || row.state === 'delivered';
    if (fits && (!query.reason || waitKinds(row).includes(query.reason))) rows.set(record.id, row);
  }
  const more = heads.some((head) => head.lead);
  return { messages: [...rows.values()], ...(more && { next: writeCursor(places) }) };
}

/** One message with its content, deliveries and conversation. */
export async function messageView(brokers: BrokerAccess[], id: string, nameOf: NameOf): Promise<MessageView | undefined> {
  for (const broker of brokers) {
    const { store } = broker;
    const record = await store.message(id);
    if (!record) continue;
    const context = { broker, waits: new WaitReader(broker, nameOf), nameOf };
    const bodies = await store.bodies('message', id);
    const payload = (bodies.read ?? bodies.received) as Json | undefined;
    const fields = recordOf(broker, record.endpoint, payload);
    const conversation = record.conversation ? await store.conversation(record.conversation) : undefined;
    await learnPeople(broker, conversation ?? record);
    const deliveries = await deliveriesOf(store, id);
    return {
      ...(await row(context, record, deliveries, conversation)),
      entityId: record.entityId,
      node: nameOf(emitterOf(record)),
      emissions: record.emissions,
      error: record.error,
      decision: record.decision,
      warning: record.warning,
      bodies: definedBodies({ received: bodies.received, read: bodies.read }),
      ...editable(bodies, payload),
      fields: leaves(fields),
      actions: messageActions(record, deliveries),
      conversation: conversation && conversationView(conversation, nameOf),
      routes: (record.routes ?? []).map((route) => ({ ...route, node: nameOf(route.node), to: route.to.map(nameOf) })),
      sent: await Promise.all(deliveries.map((delivery) => deliveryView(context, delivery, fields))),
    };
  }
  return undefined;
}

export async function countAll(brokers: BrokerAccess[]): Promise<Counts> {
  const total = { problems: 0, needsDecision: 0, waiting: 0, unrouted: 0, warned: 0, conversations: 0, unmapped: 0 };
  for (const { messages, deliveries, conversations, unrouted, warned } of await Promise.all(
    brokers.map((broker) => broker.store.counts()),
  )) {
    total.problems += messages.failed + deliveries.failed;
    total.needsDecision += messages.needsDecision + deliveries.needsDecision;
    total.waiting += messages.received + deliveries.pending + deliveries.sending + deliveries.inDoubt;
    total.unrouted += unrouted;
    total.warned += warned.messages + warned.deliveries;
    total.conversations += conversations.open;
  }
  for (const { unmapped } of brokers) total.unmapped += (await unmapped?.list())?.length ?? 0;
  return total;
}

/** What rows of one store are made with, for one request. */
interface RowContext {
  broker: BrokerAccess;
  waits: WaitReader;
  nameOf: NameOf;
}

/** The reasons for which a message or its deliveries wait. */
function waitKinds({ wait, deliveries }: MessageRow): WaitKind[] {
  return [wait, ...deliveries.map((one) => one.wait)].flatMap((one) => one?.kind ?? []);
}

/** Undefined if the search finds it only by what is masked. */
async function messageRow(context: RowContext, record: MessageRecord, search: string): Promise<MessageRow | undefined> {
  const { store } = context.broker;
  const conversation = record.conversation ? await store.conversation(record.conversation) : undefined;
  await learnPeople(context.broker, conversation ?? record);
  const deliveries = await deliveriesOf(store, record.id);
  if (!isFoundByShown(search, conversation, [record, ...deliveries])) return undefined;
  return row(context, record, deliveries, conversation);
}

async function row(
  context: RowContext,
  record: MessageRecord,
  deliveries: DeliveryRecord[],
  conversation: ConversationRecord | undefined,
): Promise<MessageRow> {
  const { waits, nameOf } = context;
  const wait = await waits.message(record);
  const failed = deliveries.find((delivery) => delivery.error && delivery.state !== 'delivered');
  const state = shownMessage(record, deliveries, wait);
  return {
    id: record.id,
    receivedAt: record.receivedAt,
    origin: record.origin,
    endpoint: nameOf(record.endpoint),
    entityType: record.entityType,
    number: record.number ?? numberIn(conversation, record) ?? (record.entityId || say`unknown`),
    title: conversation?.title,
    state,
    unmapped: [record.error, record.warning, failed?.error].some((error) => error?.code === 'SWB_UNMAPPED'),
    reason:
      record.state === 'skipped'
        ? record.reason
        : (record.error?.message ?? (state === record.outcome ? record.reason : failed?.error?.message)),
    warning: shownWarning([record, ...deliveries]),
    wait,
    deliveries: await Promise.all(deliveries.map((delivery) => deliveryRow(context, delivery))),
  };
}

/** Notifications about comments and attachments often lack the record's number; its conversation has it. */
function numberIn(conversation: ConversationRecord | undefined, record: MessageRecord): string | undefined {
  const { endpoint, entityType, entityId } = record;
  return conversation?.links.find((link) => link.endpoint === endpoint && link.entityType === entityType && link.id === entityId)
    ?.number;
}

/** The partner's fields as its mapping reads them; if they cannot be parsed, the payload as received. */
function recordOf(broker: BrokerAccess, endpoint: string, payload: Json | undefined): Record<string, Json> | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined;
  try {
    return broker.client(endpoint)?.parse(payload as RawEntity).record ?? payload;
  } catch {
    return payload;
  }
}

function definedBodies(bodies: Bodies): Bodies {
  return Object.fromEntries(Object.entries(bodies).filter(([, body]) => body !== undefined));
}

function editable(bodies: Bodies, payload: Json | undefined): Editable {
  return { payload, edits: (bodies.edits ?? []) as Edit[], original: bodies.original as Json | undefined };
}

async function deliveryRow({ broker, waits, nameOf }: RowContext, record: DeliveryRecord): Promise<DeliveryRow> {
  const { id, entityType, endpoint, number, entityId, mergedInto } = record;
  const into = mergedInto === undefined ? undefined : await broker.store.delivery(mergedInto);
  return {
    id,
    entityType,
    endpoint: nameOf(endpoint),
    number: number ?? entityId,
    state: shownDelivery(record),
    ...(into && { mergedInto: { id: into.id, message: into.message, state: shownDelivery(into), at: into.createdAt } }),
    wait: await waits.delivery(record),
  };
}

async function deliveryView(
  context: RowContext,
  record: DeliveryRecord,
  received: Record<string, Json> | undefined,
): Promise<DeliveryView> {
  const { request, response, ours, theirs, unmerged, ...bodies } = await context.broker.store.bodies('delivery', record.id);
  const newest = record.newestMerged === undefined ? undefined : await context.broker.store.delivery(record.newestMerged);
  const { fields, comment, ...made } = (request ?? {}) as Partial<EntityRequest> & { comment?: Json };
  const entity = fields && (request as EntityRequest);
  const payload = (fields ?? comment ?? request) as Json | undefined;
  return {
    ...(await deliveryRow(context, record)),
    part: record.part,
    createdAt: record.createdAt,
    newestMerged: newest?.message,
    lookUntil: lookUntil(record, Date.now()),
    error: record.error,
    warning: warningOf(record),
    decision: record.decision,
    lines: entity ? fieldLines(withGeneric(entity), received) : otherLines(payload),
    attempts: record.attempts.map((attempt) => ({
      ...attempt,
      what: attemptText(attempt.what),
      exchanges: exchangesOf(attempt, record, bodies),
    })),
    bodies: definedBodies({
      request: payload,
      unmerged: (unmerged as EntityRequest | undefined)?.fields,
      response,
      ours,
      theirs,
      made: entity && Object.keys(made).length > 0 ? made : undefined,
    }),
    ...editable(bodies, payload),
    actions: deliveryActions(record),
  };
}

/** The HTTP exchanges of an attempt, unless a later attempt has replaced them. */
function exchangesOf(attempt: Attempt, { attempts }: DeliveryRecord, bodies: Bodies): Exchange[] | undefined {
  const { http } = attempt;
  if (http === undefined || attempts.findLast((one) => one.http === http) !== attempt) return undefined;
  return bodies[`http${http}`] as Exchange[] | undefined;
}

/** Requests stored by other versions may lack `generic`. */
function withGeneric(request: EntityRequest): EntityRequest {
  return { ...request, generic: request.generic ?? {} };
}

function otherLines(payload: Json | undefined): (FieldValue & { from: [] })[] {
  return leaves(payload).map((leaf) => ({ ...leaf, from: [] }));
}

function conversationView(record: ConversationRecord, nameOf: NameOf): ConversationView {
  const { id, reference, title, state } = record;
  const links = record.links.map(({ endpoint, entityType, id, number, url, origin }) => {
    return { endpoint: nameOf(endpoint), entityType, id, number, url, origin };
  });
  return { id, reference, title, state, links };
}

/** Oldest first, in the order of sending. */
async function deliveriesOf(store: Store, message: string): Promise<DeliveryRecord[]> {
  return (await store.listDeliveries({ message, limit: DELIVERIES })).reverse();
}

async function next(source: MessageSource): Promise<MessageRef | undefined> {
  const { value, done } = await source.refs.next();
  return done ? undefined : value;
}

function newest<Head extends { lead?: MessageRef }>(heads: Head[]): Head | undefined {
  return heads.reduce<Head | undefined>(
    (best, head) => (head.lead && (!best?.lead || head.lead.at > best.lead.at) ? head : best),
    undefined,
  );
}
