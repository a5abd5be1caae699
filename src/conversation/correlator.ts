import type { EndpointClient, ItemsReader } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericMessage, Json, RemovedPart } from '../model/message.js';
import { sameReference } from '../model/reference.js';
import type { ConversationRecord, DeliveryRecord, Link, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { type CompetingWrite, type Conflict, findConflicts, resolveConflicts } from './conflict.js';
import type { Draft } from './conversations.js';
import { type DetectedChanges, detectChanges, linkAt, linkOf, newLink, withLink } from './correlate.js';
import { requireDistinctItems } from './distinct-items.js';
import { findDuplicate, hasMoved } from './duplicate-reference.js';
import type { InFlightWrite, PartInDoubt } from './echo-guard.js';
import { emptiedPaths, withEmptied } from './emptied.js';
import { type EntityRequest, originOfValue } from './entity-request.js';
import { erasedError } from './erased-entity.js';
import { showsSentValue } from './field-changes.js';
import { fingerprint, lastKnownEntries, sameFingerprint } from './fingerprint.js';
import { furtherOrder, furtherOrders } from './further-order.js';
import type { InboundMessage } from './inbound-message.js';
import { sentItems, withSent } from './item-entries.js';
import { translateItemIds } from './item-id-translation.js';
import { type ChangeOrigin, changeOrigin, DEFAULT_RULES, type PartyRules } from './ownership.js';
import { editedComments } from './part-changes.js';
import { legOf } from './plan-legs.js';
import {
  conversationReference,
  createReference,
  differingReference,
  expectedReference,
  freeReference,
  referenceFor,
} from './reference.js';
import { mayBeForgotten, notBegunAt } from './store-memory.js';
import { type UnlinkedEntity, unlinkedKey } from './unlinked-entity.js';

export interface CorrelationResult extends DetectedChanges {
  conversation: ConversationRecord;
  /** The entity's link; absent if a user has unlinked it. */
  link?: Link;
  /** Fields that both sides changed at the same time. */
  conflicts?: Conflict[];
}

/** The changes detected in a message, saved so that a replay sends the same to the legs that failed. */
export interface SavedChanges {
  output: DetectedChanges['output'];
  changed?: string[];
  /** Paths of the fields that were emptied. */
  emptied?: string[];
  comments: string[];
  attachments: string[];
  asMade?: string[];
  removed?: RemovedPart[];
}

export function savedChanges({ output, message, asMade }: DetectedChanges): SavedChanges {
  return {
    output,
    changed: message.changed,
    emptied: emptiedPaths(message.fields),
    comments: message.comments.map((c) => c.id),
    attachments: message.attachments.map((a) => a.id),
    asMade,
    removed: message.removed,
  };
}

/** Where correlation stages what it changes (flow-transaction.ts). */
export interface CorrelationTransaction {
  /** Id of the conversation, once known. */
  conversation: string | undefined;
  /** Starts a conversation. */
  start(record: ConversationRecord): void;
  /** The conversation with what is staged; undefined if it does not exist. */
  view(): Promise<Draft | undefined>;
  stage(step: (draft: Draft) => void): Promise<void>;
  /** Has a delivery in doubt looked up at once. */
  wake(delivery: string): void;
}

/** Finds or starts the conversation of a message, and detects what changed. */
export class Correlator {
  constructor(
    private readonly store: Store,
    private readonly endpoint: (id: string) => EndpointClient | undefined,
    private readonly clock: () => number,
    /** The current attempt of a delivery. */
    private readonly runningAttempt: (endpoint: string, delivery: string) => Promise<void> | undefined = () => undefined,
    private readonly rules: (endpoint: string) => PartyRules = () => DEFAULT_RULES,
  ) {}

  /** The conversation's id, or the expected one before it exists. Messages with the same key must be processed in order. */
  async keyOf(source: GenericMessage['source']): Promise<string> {
    const known =
      (await this.store.conversationByLink(source.endpoint, source.entityType, source.id)) ??
      (await this.conversationByCarriedReference(source));
    return known?.id ?? referenceFor(source.endpoint, source.entityType, source.id);
  }

  /**
   * Stages a new conversation or link in the transaction; the rest is for `advance`.
   * @param waited the writes in progress when the message arrived have been answered
   */
  async correlate(
    inbound: InboundMessage,
    transaction: CorrelationTransaction,
    before?: SavedChanges,
    waited = false,
  ): Promise<CorrelationResult> {
    const { source } = inbound.message;
    const linked = await this.store.conversationByLink(source.endpoint, source.entityType, source.id);
    const unlinked = linked ? undefined : await this.ignoredAsUnlinked(source);
    if (unlinked) return { ...unlinked, message: inbound.message };
    const known = linked ?? (await this.conversationByCarriedReference(source));
    if (known?.erasedAt) throw erasedError(source, known.erasedAt, this.endpoint(source.endpoint)?.name, undefined);
    if (known) transaction.conversation = known.id;
    else transaction.start(await this.newConversation(inbound.message));
    const id = transaction.conversation ?? '';
    // A create that needs a decision may have reached the partner: an event of the created entity answers the question.
    const writes = await this.writesTo(source, id, !linked || hasNewParts(linked, inbound.message));
    const open = writes.filter((d) => d.part === 'entity' && (!linked || d.state !== 'needsDecision'));
    const requests = await this.requests(open);
    // Read after the writes in progress, so that a write recorded in between is in one of the two.
    let conversation = await this.conversation(transaction);
    let link = linkOf(conversation, source.endpoint, source.entityType, source.id);
    if (!link) {
      const creating = open.find((d) => createReference(conversation, d) === source.reference);
      const answer = creating && this.runningAttempt(creating.endpoint, creating.id);
      if (answer) {
        // Our create is about to be answered, and its answer outranks an event of any entity with our reference.
        await answer;
        return this.correlate(inbound, transaction, before);
      }
      const placed = placedOrder(conversation, inbound.message);
      if (placed && !(await this.hasMoved(conversation, placed, source))) {
        const vendor = this.endpoint(source.endpoint);
        const order = { plan: conversation.plan, got: vendor?.itemsOf?.(inbound.record) };
        const further = furtherOrder(inbound.message, placed, vendor?.name ?? source.endpoint, order);
        return { ...further, conversation, link: placed };
      }
      const original = creating && legOf(conversation.plan, creating.leg) && (await this.originalOf(inbound.message));
      link = await this.adoptLink(conversation, original ?? source, open, requests);
      const adopted = link;
      await transaction.stage((draft) => {
        draft.conversation = withAdopted(draft.conversation, adopted);
      });
      if (creating) transaction.wake(creating.id);
      // The order that we have placed is linked now.
      if (original) return this.correlate(inbound, transaction, before, waited);
      conversation = await this.conversation(transaction);
    }
    const client = this.endpoint(source.endpoint);
    const isOlder = (a?: string, b?: string) => client?.isOlder(a, b) ?? false;
    // A deletion reports the version that was deleted.
    const outdated = !inbound.deleted && isOlder(source.version, link.entityVersion);
    const shown = withEmptied(inbound, link, before?.emptied ?? before?.changed);
    const incoming = outdated && !before ? shown : withOurItemIds(shown, link, requests, client);
    if (!outdated && incoming === shown && !inbound.deleted) requireDistinctItems(inbound.message, client?.name);
    if (before) return { ...replayedChanges(incoming.message, link, before), conversation, link };
    if (outdated) {
      const reason = say`The message is older than the last known version of ${source.number ?? source.id}.`;
      return { output: 'ignored', reason, message: incoming.message, advance: (c) => c, conversation, link };
    }
    const triedWrites = this.mayBeThere(conversation, writes, link);
    const changes = detectChanges(conversation, link, incoming, {
      integrationUser: client?.integrationUser,
      inFlight: requests,
      inDoubt: await this.partsOf(triedWrites.filter(isPart)),
      isOlder,
    });
    // Writes in progress are answered soon; then it is known which values are ours, and which are newer.
    const isOpen = (d: DeliveryRecord) => changes.output !== 'ignored' || differsFrom(requests[open.indexOf(d)], incoming);
    const answers = waited ? [] : triedWrites.filter(isOpen).flatMap((d) => this.runningAttempt(d.endpoint, d.id) ?? []);
    if (answers.length > 0) {
      await Promise.all(answers);
      return this.correlate(inbound, transaction, before, true);
    }
    for (const { id } of writes) if (changes.foundDeliveries?.includes(id)) transaction.wake(id);
    const competingWrites = await this.competingWrites(link, changes, open, requests);
    const origin = this.originOf(inbound);
    const originOf = ({ request }: CompetingWrite, name: string): ChangeOrigin => {
      const { endpoint = '', at } = originOfValue(name, request) ?? {};
      return { side: this.rules(endpoint).side, at };
    };
    const conflicts = findConflicts(changes, incoming, competingWrites, this.rules(source.endpoint), origin, originOf);
    return { ...resolveConflicts(changes, conflicts, incoming), conversation, link, conflicts };
  }

  /** Is a comment or file of ours still in doubt at the entity of a message? */
  async isInDoubt({ endpoint, entityType, entityId }: MessageRecord): Promise<boolean> {
    const conversation = await this.store.conversationByLink(endpoint, entityType, entityId);
    const link = conversation && linkOf(conversation, endpoint, entityType, entityId);
    if (!link) return false;
    return this.mayBeThere(conversation, await this.writesTo(link, conversation.id, true), link).some(isPart);
  }

  /** Deliveries that the entity of a link may have received: tried ones, and parts that a former store may have sent. */
  private mayBeThere(conversation: ConversationRecord, deliveries: DeliveryRecord[], { leg }: Link): DeliveryRecord[] {
    const forgotten = mayBeForgotten(conversation, this.store.memory);
    return deliveries.filter((d) => d.leg === leg && (isTried(d) || (forgotten && isPart(d))));
  }

  /** The open writes to entities of a type at an endpoint; `undecided`: also those that need a decision. */
  private async writesTo(
    { endpoint, entityType }: Pick<Link, 'endpoint' | 'entityType'>,
    conversation: string,
    undecided: boolean,
  ): Promise<DeliveryRecord[]> {
    const undecidedDeliveries = undecided
      ? await this.store.listDeliveries({ conversation, states: ['needsDecision'], limit: 1_000 })
      : [];
    const all = [...(await this.store.openDeliveries(conversation)), ...undecidedDeliveries];
    return all.filter((d) => d.endpoint === endpoint && d.entityType === entityType);
  }

  /** Which side made the change in a message, and when, by our own clock. */
  originOf({ message: { source } }: Pick<InboundMessage, 'message'>): ChangeOrigin {
    return changeOrigin(this.rules(source.endpoint).side, source.changedAt, this.endpoint(source.endpoint)?.clockAhead);
  }

  /** The writes that may conflict with a message: open ones, and those answered after the message was read. */
  private async competingWrites(
    link: Link,
    { overtaken = [] }: DetectedChanges,
    open: DeliveryRecord[],
    requests: EntityRequest[],
  ): Promise<CompetingWrite[]> {
    const answered = new Set(overtaken.flatMap(({ field }) => link.writtenBy[field] ?? []));
    const done = (await Promise.all([...answered].map((id) => this.store.delivery(id)))).filter((d) => d !== undefined);
    const doneRequests = await this.requests(done);
    const to = (deliveries: DeliveryRecord[], of: EntityRequest[]) =>
      deliveries.flatMap((delivery, i): CompetingWrite[] => {
        const request = of[i];
        return request && delivery.leg === link.leg ? [{ delivery, request }] : [];
      });
    // The create of the entity does not compete with the values it was created from.
    return [...to(done, doneRequests), ...to(open, requests).slice(link.made === 'sent' ? 1 : 0)];
  }

  /** The comments and files of deliveries. */
  private async partsOf(deliveries: DeliveryRecord[]): Promise<PartInDoubt[]> {
    const bodies = await Promise.all(deliveries.map((d) => this.store.bodies('delivery', d.id)));
    return deliveries.map(({ id }, i) => ({
      ...(bodies[i]?.request as Omit<PartInDoubt, 'delivery'> | undefined),
      delivery: id,
    }));
  }

  private async conversation(transaction: CorrelationTransaction): Promise<ConversationRecord> {
    const found = await transaction.view();
    if (found) return found.conversation;
    throw new SwitchboardError('SWB_STORE', say`The conversation ${transaction.conversation} is no longer in the store.`);
  }

  /** Messages of an entity that a user unlinked are ignored, and shown in its former conversation. */
  private async ignoredAsUnlinked(source: GenericMessage['source']): Promise<Omit<CorrelationResult, 'message'> | undefined> {
    const unlinked = (await this.store.setting(unlinkedKey(source))) as UnlinkedEntity | undefined;
    const conversation = unlinked && (await this.store.conversationByReference(unlinked.reference));
    if (!conversation) return undefined;
    const reason = unlinked.by
      ? say`The ticket was unlinked by ${unlinked.by}. Link it to a conversation to pass its updates on again.`
      : say`The ticket was unlinked. Link it to a conversation to pass its updates on again.`;
    return { output: 'ignored', reason, advance: (c) => c, conversation };
  }

  /** The conversation whose reference the entity has. */
  private async conversationByCarriedReference(source: GenericMessage['source']): Promise<ConversationRecord | undefined> {
    if (!source.reference) return undefined;
    const conversation = await this.store.conversationByReference(conversationReference(source.reference));
    if (conversation) return conversation;
    throw new SwitchboardError(
      'SWB_WRONG_ENTITY',
      say`${source.number ?? source.id} has our reference ${source.reference}, which is unknown in this store.`,
      {
        where: this.endpoint(source.endpoint)?.name,
        field: 'reference',
        hint: say`This store knows nothing from before ${this.store.memory.since}. If a ticket from that time is meant, change it at the party that opened it: then this message continues by itself. If another Switchboard created it, clear the reference there, then replay this message.`,
      },
    );
  }

  /** A conversation that starts with the entity of the message. */
  private async newConversation(message: GenericMessage): Promise<ConversationRecord> {
    const { source } = message;
    const now = new Date(this.clock()).toISOString();
    const reference = await freeReference(this.store, source.endpoint, source.entityType, source.id);
    return {
      id: reference,
      version: 0,
      reference,
      entity: message.entity,
      title: message.fields.title?.slice(0, 160),
      state: 'open',
      links: [newLink(source, '', 'theirs', now)],
      written: [],
      began: notBegunAt(message.fields.createdAt, this.endpoint(source.endpoint)?.clockAhead),
      createdAt: now,
      updatedAt: now,
    };
  }

  /** The order with our reference that a message's order is related to: a further order of it is not the one that we have placed. */
  private async originalOf({ source, relations }: GenericMessage): Promise<GenericMessage['source'] | undefined> {
    const client = this.endpoint(source.endpoint);
    if (!client) return undefined;
    for (const { id } of relations.filter((relation) => relation.id !== source.id)) {
      const raw = await client.read(source.entityType, id).catch((error: unknown) => {
        if (error instanceof PartnerError) return undefined;
        throw error;
      });
      const related = raw && client.parse(raw).source;
      if (related && sameReference(related.reference, source.reference)) return { ...source, ...related };
    }
    return undefined;
  }

  /** Links an entity that has our reference before we know its id: the event of our create arrived, but its answer was lost. */
  private async adoptLink(
    conversation: ConversationRecord,
    source: GenericMessage['source'],
    open: DeliveryRecord[],
    requests: EntityRequest[],
  ): Promise<Link> {
    const { reference, number: name = source.id } = source;
    const index = open.findIndex((d) => createReference(conversation, d) === source.reference);
    const leg = open[index]?.leg ?? source.reference?.split('/')[1] ?? '';
    const existing = linkAt(conversation, source.endpoint, source.entityType, leg);
    const client = this.endpoint(source.endpoint);
    if (existing && (await this.hasMoved(conversation, existing, source)))
      return { ...existing, id: source.id, number: source.number, url: source.url };
    if (existing || index < 0) {
      const linked = existing?.number ?? existing?.id;
      throw this.copyError(
        source,
        existing
          ? say`${name} has the reference ${reference}, but ${linked} is already linked.`
          : say`${name} has the reference ${reference}, but this conversation has sent nothing to that endpoint.`,
      );
    }
    const duplicate = client && (await findDuplicate(client, source));
    if (duplicate) throw this.copyError(source, say`${name} has the reference ${reference}, but so does ${duplicate}.`);
    const now = new Date(this.clock()).toISOString();
    const itemsOf = itemsReader(client);
    return linkAfterCreate(source, leg, requests[index], now, differingReference(conversation, leg, source.reference), itemsOf);
  }

  private async hasMoved(conversation: ConversationRecord, link: Link, source: GenericMessage['source']): Promise<boolean> {
    const client = this.endpoint(source.endpoint);
    return client !== undefined && hasMoved(client, conversation, link, source);
  }

  private copyError(source: GenericMessage['source'], what: string): SwitchboardError {
    return new SwitchboardError('SWB_WRONG_ENTITY', what, {
      where: this.endpoint(source.endpoint)?.name,
      field: 'reference',
      hint: say`It may be a copy of a ticket that we created: clear the reference in the copy, then skip this message.`,
    });
  }

  private async requests(deliveries: DeliveryRecord[]): Promise<(EntityRequest & InFlightWrite)[]> {
    const bodies = await Promise.all(deliveries.map((d) => this.store.bodies('delivery', d.id)));
    return bodies.map((b) => (b.request ?? { fields: {}, changed: [], defaults: [], sources: {}, generic: {} }) as EntityRequest);
  }
}

/** The order of a leg that we have placed, where an entity with its reference is another one. */
function placedOrder(conversation: ConversationRecord, { source }: GenericMessage): Link | undefined {
  const { endpoint, entityType, reference } = source;
  const isPlaced = (link: Link) => link.origin === 'ours' && legOf(conversation.plan, link.leg) !== undefined;
  return conversation.links.find(
    (link) =>
      link.endpoint === endpoint &&
      link.entityType === entityType &&
      isPlaced(link) &&
      sameReference(expectedReference(conversation, link), reference),
  );
}

/** With the link of an entity that has our reference, unless the answer to our create has linked it meanwhile. */
function withAdopted(conversation: ConversationRecord, link: Link): ConversationRecord {
  const now = linkAt(conversation, link.endpoint, link.entityType, link.leg);
  return now?.id === link.id ? conversation : withLink(conversation, link);
}

/** The partner may have received it: an attempt was started and did not certainly fail. */
function isTried({ state, decision }: DeliveryRecord): boolean {
  return state === 'sending' || state === 'inDoubt' || decision === 'unresolved';
}

/** Does a reading differ from what is being written there? */
function differsFrom(request: EntityRequest | undefined, { record }: InboundMessage): boolean {
  const { changed = [], fields = {} } = request ?? {};
  return changed.some((field) => field in record && field in fields && !showsSentValue(record[field], fields[field]));
}

function isPart({ part }: DeliveryRecord): boolean {
  return /^(comment|attachment):/.test(part);
}

function hasNewParts(conversation: ConversationRecord, { source, comments, attachments }: GenericMessage): boolean {
  const seen = new Set(linkOf(conversation, source.endpoint, source.entityType, source.id)?.seen);
  return [...comments, ...attachments].some(({ id }) => !seen.has(id));
}

function itemsReader(client: EndpointClient | undefined): ItemsReader | undefined {
  return client?.itemsOf?.bind(client);
}

/**
 * A partner's message about our order, with its items under our ids, so that nothing later needs the partner's ids. Items that
 * are being sent are included, since the partner may show them before it answers.
 */
function withOurItemIds(
  incoming: InboundMessage,
  link: Link,
  requests: EntityRequest[],
  client: EndpointClient | undefined,
): InboundMessage {
  const { items } = link;
  const got = items && client?.itemsOf?.(incoming.record);
  if (!items || !got) return incoming;
  const known = new Set(items.sent.map((item) => item.ours));
  const inFlight = requests
    .flatMap((request) => sentItems(request, itemsReader(client)) ?? [])
    .filter((item) => !known.has(item.ours));
  const partner = { name: client?.name, further: furtherOrders(link) };
  return { ...incoming, ...translateItemIds(incoming.message, withSent(items, inFlight), got, partner) };
}

/** The saved changes, without fields for which something newer has been sent since. */
function replayedChanges(message: GenericMessage, link: Link, before: SavedChanges): DetectedChanges {
  const fields = message.fields as Record<string, Json | undefined>;
  const isCurrent = (name: string) => !(name in link.lastKnown) || sameFingerprint(link.lastKnown[name], fields[name]);
  const names = before.changed ?? Object.keys(fields);
  const changed = before.changed || !names.every(isCurrent) ? names.filter(isCurrent) : undefined;
  const comments = [
    ...message.comments.filter((c) => before.comments.includes(c.id)),
    ...editedComments(message.comments, before.comments),
  ];
  const attachments = message.attachments.filter((a) => before.attachments.includes(a.id));
  return {
    output: before.output,
    message: { ...message, comments, attachments, ...(changed && { changed }), removed: before.removed },
    asMade: before.asMade,
    advance: (c) => c,
  };
}

/** The link of an entity we just created; only the values we sent are known. */
export function linkAfterCreate(
  source: GenericMessage['source'],
  leg: string,
  request: EntityRequest | undefined,
  now: string,
  carries?: string,
  itemsOf?: ItemsReader,
): Link {
  const link: Link = { ...newLink(source, leg, 'ours', now), made: 'sent', ...(carries && { carries }) };
  if (!request) return link;
  for (const [name, value] of Object.entries(request.fields)) link.raw[name] = fingerprint(value);
  for (const [name, value] of Object.entries(request.generic)) Object.assign(link.lastKnown, lastKnownEntries(name, value));
  const sent = sentItems(request, itemsOf);
  return sent ? { ...link, items: { sent, ids: {}, theirs: [] } } : link;
}
