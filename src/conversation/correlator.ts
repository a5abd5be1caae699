import type { EndpointClient, ItemsReader } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import type { AppliedMapping } from '../mapping/mapping.js';
import type { GenericMessage, Json, RemovedPart } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Link, MessageRecord, Store } from '../store/store.js';
import { isMoved, otherBearer } from './bearer.js';
import { type Conflict, conflictsIn, decided, type Rival } from './conflict.js';
import type { Conversations } from './conversations.js';
import { type Incoming, type InFlight, linkAt, linkOf, type News, newLink, whatIsNew, withLink } from './correlate.js';
import { isSent } from './field-news.js';
import { imprint, sameImprint, shadowOf } from './fingerprint.js';
import { sentItems, withSent } from './item-entries.js';
import { inOurTerms } from './item-terms.js';
import { DEFAULT_RULES, type PartyRules, type Said, saidBy } from './ownership.js';
import { editedAs, type PartInDoubt } from './part-news.js';
import { carriedApart, conversationReference, createReference, freeReference, referenceFor } from './reference.js';
import { type Unlinked, unlinkedKey } from './unlinked.js';

/** What an out node keeps of an entity it is going to write; the `request` body of a delivery. */
export interface EntityRequest {
  fields: Record<string, Json>;
  /** Names of the fields to write when the entity exists already. */
  changed: string[];
  /** Names of fields that are only defaults. */
  defaults: string[];
  /** For each field the generic fields it was made from. */
  sources: Record<string, string[]>;
  /** The generic values it was made from. */
  generic: Record<string, Json>;
  /** Which rules of which mapping made the fields, and, of the message it came from, the generic values. */
  made?: AppliedMapping;
  read?: AppliedMapping;
  /** Fields that a person wrote by hand, or that were found to stand against another's: they are written whatever has been sent since. */
  edited?: string[];
  /** The endpoint whose news it is, and when that changed by our own clock, epoch milliseconds. */
  said?: { endpoint: string; at?: number };
}

export interface Correlated extends News {
  conversation: ConversationRecord;
  /** The entity's link; absent where it was set aside. */
  link?: Link;
  /** Fields that both sides changed at once. */
  conflicts?: Conflict[];
}

/** What was found new in a message, kept so that its replay tells the legs that failed the same. */
export interface Finding {
  output: News['output'];
  changed?: string[];
  comments: string[];
  attachments: string[];
  asMade?: string[];
  removed?: RemovedPart[];
}

export function findingOf({ output, message, asMade }: News): Finding {
  return {
    output,
    changed: message.changed,
    comments: message.comments.map((c) => c.id),
    attachments: message.attachments.map((a) => a.id),
    asMade,
    removed: message.removed,
  };
}

/** Finds the conversation a message belongs to, or begins one, and says what is new for it. */
export class Correlator {
  constructor(
    private readonly store: Store,
    private readonly conversations: Conversations,
    private readonly endpoint: (id: string) => EndpointClient | undefined,
    private readonly clock: () => number,
    /** The try of a delivery that is under way. */
    private readonly underWay: (endpoint: string, delivery: string) => Promise<void> | undefined = () => undefined,
    private readonly rules: (endpoint: string) => PartyRules = () => DEFAULT_RULES,
  ) {}

  /** The conversation's id as far as it can be known before it exists: messages with the same key must not overtake each other. */
  async keyOf(source: GenericMessage['source']): Promise<string> {
    const known =
      (await this.store.conversationByLink(source.endpoint, source.entityType, source.id)) ?? (await this.referred(source));
    return known?.id ?? referenceFor(source.endpoint, source.entityType, source.id);
  }

  /** `waited`: what was being written when it came is answered. */
  async correlate(given: Incoming, before?: Finding, waited = false): Promise<Correlated> {
    const { source } = given.message;
    const linked = await this.store.conversationByLink(source.endpoint, source.entityType, source.id);
    const aside = linked ? undefined : await this.setAside(source);
    if (aside) return { ...aside, message: given.message };
    const known = linked ?? (await this.referred(source));
    const id = known?.id ?? (await this.begin(given.message));
    // A create that waits for a person may have reached the partner: an event of what it created answers the question.
    const there = await this.writesTo(source, id, !linked || hasNewParts(linked, given.message));
    const open = there.filter((d) => d.part === 'entity' && (!linked || d.state !== 'needsDecision'));
    const requests = await this.requests(open);
    // Read after the writes under way: one that is recorded meanwhile is then known by either.
    let conversation = await this.conversation(id);
    let link = linkOf(conversation, source.endpoint, source.entityType, source.id);
    if (!link) {
      const creating = open.find((d) => createReference(conversation, d) === source.reference);
      const answer = creating && this.underWay(creating.endpoint, creating.id);
      if (answer) {
        // Our own create is being answered right now, and its answer outranks an event of whatever carries our reference.
        await answer;
        return this.correlate(given, before);
      }
      link = await this.adopted(conversation, given.message, open, requests);
      const adopted = link;
      await this.conversations.update(conversation.id, (latest) => withLink(latest, adopted), [], { durable: false });
      if (creating) await this.wake(creating);
      conversation = await this.conversation(id);
    }
    const client = this.endpoint(source.endpoint);
    const isOlder = (a?: string, b?: string) => client?.isOlder(a, b) ?? false;
    // A deletion tells of the version that was deleted.
    const outdated = !given.deleted && isOlder(source.version, link.entityVersion);
    const incoming = outdated && !before ? given : itemsInOurTerms(given, link, requests, client);
    if (before) return { ...replayed(incoming.message, link, before), conversation, link };
    if (outdated) {
      const reason = `It is older than what was seen of ${source.number ?? source.id} already.`;
      return { output: 'ignored', reason, message: incoming.message, advance: (c) => c, conversation, link };
    }
    const tried = triedAt(there, link);
    const news = whatIsNew(conversation, link, incoming, {
      integrationUser: client?.integrationUser,
      inFlight: requests,
      inDoubt: await this.partsOf(tried.filter(isPart)),
      isOlder,
    });
    // What is being written right now is answered in a moment: then it is known what is whose, and what is newer.
    const isOpen = (d: DeliveryRecord) => news.output !== 'ignored' || isOtherThan(requests[open.indexOf(d)], incoming);
    const answers = waited ? [] : tried.filter(isOpen).flatMap((d) => this.underWay(d.endpoint, d.id) ?? []);
    if (answers.length > 0) {
      await Promise.all(answers);
      return this.correlate(given, before, true);
    }
    for (const delivery of there) if (news.found?.includes(delivery.id)) await this.wake(delivery);
    const rivals = await this.rivals(link, news, open, requests);
    const said = this.said(given);
    const sideOf = ({ request }: Rival): Said => {
      const { endpoint = '', at } = request.said ?? {};
      return { side: this.rules(endpoint).side, at };
    };
    const conflicts = conflictsIn(news, incoming, rivals, this.rules(source.endpoint), said, sideOf);
    return { ...decided(news, conflicts, incoming), conversation, link, conflicts };
  }

  /** Is it still not known of a comment or a file of ours whether an entity has it? */
  async isInDoubt({ endpoint, entityType, entityId }: MessageRecord): Promise<boolean> {
    const conversation = await this.store.conversationByLink(endpoint, entityType, entityId);
    const link = conversation && linkOf(conversation, endpoint, entityType, entityId);
    if (!link) return false;
    return triedAt(await this.writesTo(link, conversation.id, true), link).some(isPart);
  }

  /** What is being written to entities of a type at an endpoint; `undecided`: also what waits for a person. */
  private async writesTo(
    { endpoint, entityType }: Pick<Link, 'endpoint' | 'entityType'>,
    conversation: string,
    undecided: boolean,
  ): Promise<DeliveryRecord[]> {
    const asked = undecided ? await this.store.listDeliveries({ conversation, states: ['needsDecision'], limit: 1_000 }) : [];
    const all = [...(await this.store.openDeliveries(conversation)), ...asked];
    return all.filter((d) => d.endpoint === endpoint && d.entityType === entityType);
  }

  /** Who says what a message tells, and when it was changed, by our own clock. */
  said({ message: { source } }: Pick<Incoming, 'message'>): Said {
    return saidBy(this.rules(source.endpoint).side, source.changedAt, this.endpoint(source.endpoint)?.clockAhead);
  }

  /** The writes that what a message tells may be in conflict with: those to come, and those that were answered after it was read. */
  private async rivals(
    link: Link,
    { overtaken = [] }: News,
    open: DeliveryRecord[],
    requests: EntityRequest[],
  ): Promise<Rival[]> {
    const answered = new Set(overtaken.flatMap(({ field }) => link.writtenBy[field] ?? []));
    const done = (await Promise.all([...answered].map((id) => this.store.delivery(id)))).filter((d) => d !== undefined);
    const said = await this.requests(done);
    const to = (deliveries: DeliveryRecord[], of: EntityRequest[]) =>
      deliveries.flatMap((delivery, i): Rival[] => {
        const request = of[i];
        return request && delivery.leg === link.leg ? [{ delivery, request }] : [];
      });
    // What the entity was made by is no rival of what it was made of.
    return [...to(done, said), ...to(open, requests).slice(link.made === 'told' ? 1 : 0)];
  }

  /** The comments and files of deliveries. */
  private async partsOf(deliveries: DeliveryRecord[]): Promise<PartInDoubt[]> {
    const bodies = await Promise.all(deliveries.map((d) => this.store.bodies('delivery', d.id)));
    return deliveries.map(({ id }, i) => ({
      ...(bodies[i]?.request as Omit<PartInDoubt, 'delivery'> | undefined),
      delivery: id,
    }));
  }

  private async conversation(id: string): Promise<ConversationRecord> {
    const found = await this.store.conversation(id);
    if (found) return found;
    throw new SwitchboardError('SWB_STORE', `The conversation ${id} is not in the store any more.`);
  }

  /** An entity that a person unlinked is heard, and nothing comes of it; the message is shown where it was linked. */
  private async setAside(source: GenericMessage['source']): Promise<Omit<Correlated, 'message'> | undefined> {
    const unlinked = (await this.store.setting(unlinkedKey(source))) as Unlinked | undefined;
    const conversation = unlinked && (await this.store.conversationByReference(unlinked.reference));
    if (!conversation) return undefined;
    const reason = `It was unlinked${unlinked.by ? ` by ${unlinked.by}` : ''}. Link it to a conversation to hear of it again.`;
    return { output: 'ignored', reason, advance: (c) => c, conversation };
  }

  /** The conversation whose reference the entity carries. */
  private async referred(source: GenericMessage['source']): Promise<ConversationRecord | undefined> {
    if (!source.reference) return undefined;
    const referred = await this.store.conversationByReference(conversationReference(source.reference));
    if (referred) return referred;
    throw new SwitchboardError(
      'SWB_WRONG_ENTITY',
      `${source.number ?? source.id} carries our reference ${source.reference}, of which this store knows nothing.`,
      {
        where: this.endpoint(source.endpoint)?.name,
        field: 'reference',
        hint: 'It may have been created by another Switchboard or before the store was lost: clear the reference there, or restore the store, then replay this message.',
      },
    );
  }

  /** Begins a conversation with the entity it came from; gives its id. */
  private async begin(message: GenericMessage): Promise<string> {
    const { source } = message;
    const now = new Date(this.clock()).toISOString();
    const reference = await freeReference(this.store, source.endpoint, source.entityType, source.id);
    const record: ConversationRecord = {
      id: reference,
      version: 0,
      reference,
      entity: message.entity,
      title: message.fields.title?.slice(0, 160),
      state: 'open',
      links: [newLink(source, '', 'theirs', now)],
      written: [],
      createdAt: now,
      updatedAt: now,
    };
    await this.store.commit([{ kind: 'conversation', record }], { durable: false });
    return record.id;
  }

  /** An entity that carries our reference before we know its id: the event about our create came, and its answer was lost. */
  private async adopted(
    conversation: ConversationRecord,
    message: GenericMessage,
    open: DeliveryRecord[],
    requests: EntityRequest[],
  ): Promise<Link> {
    const { source } = message;
    const index = open.findIndex((d) => createReference(conversation, d) === source.reference);
    const leg = open[index]?.leg ?? source.reference?.split('/')[1] ?? '';
    const standing = linkAt(conversation, source.endpoint, source.entityType, leg);
    const client = this.endpoint(source.endpoint);
    if (client && standing && (await isMoved(client, conversation, standing, source)))
      return { ...standing, id: source.id, number: source.number, url: source.url };
    if (standing || index < 0) {
      throw this.copy(
        source,
        standing ? `${standing.number ?? standing.id} is the one linked there` : 'nothing was sent there in this conversation',
      );
    }
    const other = client && (await otherBearer(client, source));
    if (other) throw this.copy(source, `so does ${other}`);
    const now = new Date(this.clock()).toISOString();
    const itemsOf = reader(client);
    return linkAfterCreate(source, leg, requests[index], now, carriedApart(conversation, leg, source.reference), itemsOf);
  }

  private copy(source: GenericMessage['source'], but: string): SwitchboardError {
    const what = `${source.number ?? source.id} carries the reference ${source.reference}, but ${but}.`;
    return new SwitchboardError('SWB_WRONG_ENTITY', what, {
      where: this.endpoint(source.endpoint)?.name,
      field: 'reference',
      hint: 'It may be a copy of a ticket of ours: clear the reference in the copy, then skip this message.',
    });
  }

  /** What was in doubt is known: its delivery need not wait for its next look, or for a person. */
  private async wake({ id }: DeliveryRecord): Promise<void> {
    const delivery = await this.store.delivery(id);
    if (delivery?.state !== 'inDoubt' && delivery?.state !== 'needsDecision') return;
    const known = {
      state: 'inDoubt',
      decision: undefined,
      blocking: undefined,
      notBefore: undefined,
      doubtAt: undefined,
      // What a person is asked about is not written again because something looks like it.
      ...(delivery.state === 'needsDecision' && { onlyLook: delivery.onlyLook ?? true }),
    } as const;
    try {
      await this.store.commit([{ kind: 'delivery', record: { ...delivery, ...known } }], { durable: false });
    } catch (error) {
      // It is being looked at already.
      if (!(error instanceof SwitchboardError && error.code === 'SWB_CONFLICT')) throw error;
    }
  }

  private async requests(deliveries: DeliveryRecord[]): Promise<(EntityRequest & InFlight)[]> {
    const bodies = await Promise.all(deliveries.map((d) => this.store.bodies('delivery', d.id)));
    return bodies.map((b) => (b.request ?? { fields: {}, changed: [], defaults: [], sources: {}, generic: {} }) as EntityRequest);
  }
}

/** The partner may have it: its first try was begun, and did not surely fail. */
function isTried({ state, decision }: DeliveryRecord): boolean {
  return state === 'sending' || state === 'inDoubt' || decision === 'unresolved';
}

/** What the entity of a link may have of ours, though that is not known. */
function triedAt(deliveries: DeliveryRecord[], { leg }: Link): DeliveryRecord[] {
  return deliveries.filter((d) => d.leg === leg && isTried(d));
}

/** Does a reading show something else than what is being written there? */
function isOtherThan(request: EntityRequest | undefined, { record }: Incoming): boolean {
  const { changed = [], fields = {} } = request ?? {};
  return changed.some((field) => field in record && field in fields && !isSent(record[field], fields[field]));
}

function isPart({ part }: DeliveryRecord): boolean {
  return /^(comment|attachment):/.test(part);
}

function hasNewParts(conversation: ConversationRecord, { source, comments, attachments }: GenericMessage): boolean {
  const seen = new Set(linkOf(conversation, source.endpoint, source.entityType, source.id)?.seen);
  return [...comments, ...attachments].some(({ id }) => !seen.has(id));
}

function reader(client: EndpointClient | undefined): ItemsReader | undefined {
  return client?.itemsOf?.bind(client);
}

/**
 * What a partner says of an order of ours, with its items under our ids: from here on nobody need know what the partner calls them. An item that
 * is on its way there may be shown before the answer to it is heard.
 */
function itemsInOurTerms(
  incoming: Incoming,
  link: Link,
  requests: EntityRequest[],
  client: EndpointClient | undefined,
): Incoming {
  const { items } = link;
  const got = items && client?.itemsOf?.(incoming.record);
  if (!items || !got) return incoming;
  const known = new Set(items.sent.map((item) => item.ours));
  const coming = requests.flatMap((request) => sentItems(request, reader(client)) ?? []).filter((item) => !known.has(item.ours));
  return { ...incoming, ...inOurTerms(incoming.message, withSent(items, coming), got, client?.name) };
}

/** The same news as before, less the fields of which something newer has been told since. */
function replayed(message: GenericMessage, link: Link, before: Finding): News {
  const fields = message.fields as Record<string, Json | undefined>;
  const changed = before.changed?.filter((name) => !(name in link.shadow) || sameImprint(link.shadow[name], fields[name]));
  const comments = [
    ...message.comments.filter((c) => before.comments.includes(c.id)),
    ...editedAs(message.comments, before.comments),
  ];
  const attachments = message.attachments.filter((a) => before.attachments.includes(a.id));
  return {
    output: before.output,
    message: { ...message, comments, attachments, ...(changed && { changed }), removed: before.removed },
    asMade: before.asMade,
    advance: (c) => c,
  };
}

/** The link of an entity we created, as long as what we sent is all that is known of it. */
export function linkAfterCreate(
  source: GenericMessage['source'],
  leg: string,
  request: EntityRequest | undefined,
  now: string,
  carries?: string,
  itemsOf?: ItemsReader,
): Link {
  const link: Link = { ...newLink(source, leg, 'ours', now), made: 'told', ...(carries && { carries }) };
  if (!request) return link;
  for (const [name, value] of Object.entries(request.fields)) link.raw[name] = imprint(value);
  for (const [name, value] of Object.entries(request.generic)) Object.assign(link.shadow, shadowOf(name, value));
  const sent = sentItems(request, itemsOf);
  return sent ? { ...link, items: { sent, ids: {}, theirs: [] } } : link;
}
