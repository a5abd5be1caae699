import type { CompetingWrite } from '../conversation/conflict.js';
import type { Conversations } from '../conversation/conversations.js';
import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { planAfterQueued } from '../conversation/fan-out.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import { dropUnreachable, legOf, unmetPredecessors } from '../conversation/plan.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import {
  CANCELLING_STATES,
  type GenericAttachment,
  type GenericComment,
  type GenericFields,
  type State,
} from '../model/message.js';
import { allOf, pagesOf } from '../store/pages.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';
import type { Alike } from './carry.js';
import { Counterparts } from './counterparts.js';

/** Begins the part of a delivery that puts back what another one took away. */
export const PUTS_BACK = 'putBack:';

/** What is noted of a comment that an earlier try wrote, without having seen it. */
export const FOUND = 'found the comment written by an earlier try';

/** Deliveries looked through at a time. */
const PAGE = 200;

/** Whose a delivery is. */
interface Origin {
  message: string;
  conversation: string;
  /** The out node. */
  node: string;
  endpoint: string;
  entityType: string;
  leg: string;
}

/** What an out node hands over. */
export interface Leg extends Origin {
  /** Where the message came from: an entity is never told its own news. */
  from: { endpoint: string; entityType: string; entityId: string };
  request: EntityRequest;
  comments: GenericComment[];
  attachments: GenericAttachment[];
  /** The partner's answer shall come back as a message. */
  answers: boolean;
  /** What is to be changed or taken away there as it was elsewhere. */
  alike?: Alike[];
  /** What the party's own text is not overwritten with, but added to it. */
  appended?: GenericComment[];
  /** The message was emitted before (crash, deploy, replay): parts of it may have been taken already. */
  again?: boolean;
}

export interface Taken {
  /** How many deliveries this leg made; 0 = there was nothing to tell. */
  deliveries: number;
  /** Why there was nothing to do, in words. */
  reason?: string;
}

/** Takes over legs: splits them in single writes and stores them, so that from here on nothing of them can be lost. */
export class Outbox {
  private readonly counterparts: Counterparts;

  constructor(
    private readonly store: Store,
    private readonly conversations: Conversations,
    private readonly ids: () => string,
    private readonly clock: () => number,
    client: (endpoint: string) => EndpointClient | undefined,
  ) {
    this.counterparts = new Counterparts(store, client);
  }

  /** Resolves when the leg is on disk. The same leg of the same message is taken once, however often it comes. */
  async take(given: Leg): Promise<Taken> {
    const leg = await this.remainder(await this.counterparts.resolve(given));
    let taken: Taken = { deliveries: 0 };
    const conversation = await this.store.conversation(leg.conversation);
    if (!conversation) {
      throw new SwitchboardError('SWB_PAYLOAD', `There is no conversation ${leg.conversation}.`, {
        hint: 'Put a «conversation correlate» node before the out node, with the same store.',
      });
    }
    const waits = (latest: ConversationRecord) => unmetPredecessors(latest.plan, legOf(latest.plan, leg.leg)?.after);
    const waiting = (await this.store.openDeliveries(leg.conversation)).filter(
      (d) => d.endpoint === leg.endpoint && d.entityType === leg.entityType && d.leg === leg.leg,
    );
    const open = waiting.filter((d) => d.part === 'entity');
    // What came along from another conversation has a lane of that one: whoever follows queues behind it.
    const lane = waiting.findLast(({ part }) => !isApart(part))?.lane ?? laneOf(leg);
    // Who cancels what still waits for another leg need not order it first.
    const neverSent = (latest: ConversationRecord) =>
      isCancellation(leg.request) &&
      !linkAt(latest, leg.endpoint, leg.entityType, leg.leg) &&
      open.some((d) => Array.isArray(d.waitsFor));
    const changesFor = (latest: ConversationRecord): Change[] => {
      const link = linkAt(latest, leg.endpoint, leg.entityType, leg.leg);
      const own =
        link && link.endpoint === leg.from.endpoint && link.entityType === leg.from.entityType && link.id === leg.from.entityId;
      if (own) {
        taken = { deliveries: 0, reason: 'It came from there.' };
        return [];
      }
      if (legOf(latest.plan, leg.leg)?.dropped !== undefined || neverSent(latest)) {
        taken = { deliveries: 0, reason: 'It had not been sent yet, and will not be.' };
        return [];
      }
      const after = waits(latest);
      const changes = this.split(leg, link, lane, open.length > 0, after.length ? { waitsFor: after } : {});
      taken = {
        deliveries: changes.length,
        ...(changes.length === 0 && { reason: 'Nothing to write: the target knows it already, or it is not meant for it.' }),
      };
      return changes;
    };
    await this.conversations.update(
      leg.conversation,
      (latest) => (neverSent(latest) ? withDropped(latest, leg.leg) : withTold(latest, leg)),
      changesFor,
    );
    return taken;
  }

  /**
   * The leg without the comments and attachments that were taken before: of this message, where it was emitted before, and of others that bring
   * the same. Those know it only when they are settled, and a crash may put the other one first.
   */
  private async remainder(leg: Leg): Promise<Leg> {
    if (leg.comments.length + leg.attachments.length === 0) return leg;
    const recent = await this.unsettled(leg.conversation);
    const ofMessage = () => allOf((next) => this.store.listDeliveries({ message: leg.message, ...next }), PAGE);
    const own = leg.again ? await ofMessage() : [];
    const given = new Set([...leg.comments.map((c) => `comment:${c.id}`), ...leg.attachments.map((a) => `attachment:${a.id}`)]);
    const parts = new Set<string>();
    for (const { node, leg: name, part, message } of [...own, ...recent])
      if (node === leg.node && name === leg.leg && given.has(part) && !parts.has(part) && (await this.isFrom(leg, message)))
        parts.add(part);
    return {
      ...leg,
      comments: leg.comments.filter((c) => !parts.has(`comment:${c.id}`)),
      attachments: leg.attachments.filter((a) => !parts.has(`attachment:${a.id}`)),
    };
  }

  /** The newest deliveries of a conversation, as far back as their messages may not be settled. */
  private async unsettled(conversation: string): Promise<DeliveryRecord[]> {
    const found: DeliveryRecord[] = [];
    for await (const page of pagesOf((next) => this.store.listDeliveries({ conversation, ...next }), PAGE)) {
      found.push(...page);
      const messages = await Promise.all([...new Set(page.map((d) => d.message))].map((id) => this.store.message(id)));
      if (messages.every((message) => message?.state !== 'received')) break;
    }
    return found;
  }

  /** Whether a message is about the same entity: others may give their comments the same ids. */
  private async isFrom({ message, from }: Leg, other: string): Promise<boolean> {
    if (other === message) return true;
    const record = await this.store.message(other);
    return record?.endpoint === from.endpoint && record.entityType === from.entityType && record.entityId === from.entityId;
  }

  /** `writing`: an earlier write to the entity is not over. What the entity has then, and whether this one changes it, shows when it is sent. */
  private split(
    leg: Leg,
    link: Link | undefined,
    lane: string,
    writing: boolean,
    waits: Pick<DeliveryRecord, 'waitsFor'>,
  ): Change[] {
    const changes: Change[] = [];
    const add = (part: string, body: unknown, extra: Partial<DeliveryRecord> = {}) =>
      changes.push({
        kind: 'delivery',
        record: { ...this.record(leg, part, lane), ...extra },
        bodies: { request: body },
        ifAbsent: true,
      });
    const creates = !link && !writing;
    const changed = link && !writing ? realChanges(leg.request, link) : leg.request.changed;
    if (creates || changed.length > 0) add('entity', leg.request, creates ? { ...waits, creates } : {});
    const comments = [...(creates ? [] : (leg.appended ?? [])), ...leg.comments];
    for (const comment of comments) add(`comment:${comment.id}`, { comment });
    for (const { kind, there, comment, note } of leg.alike ?? []) add(`alike:${note.id}`, { kind, there, comment, note });
    for (const attachment of leg.attachments) {
      const apart = `${laneOf(leg)}|attachments`;
      add(
        `attachment:${attachment.id}`,
        { attachment, from: leg.from },
        { lane: apart, ...(!link && { waitsFor: 'link' as const }) },
      );
    }
    return changes;
  }

  private record(leg: Origin & Pick<Leg, 'answers'>, part: string, lane: string): DeliveryRecord {
    const now = new Date(this.clock()).toISOString();
    return {
      id: this.ids(),
      version: 0,
      message: leg.message,
      conversation: leg.conversation,
      node: leg.node,
      endpoint: leg.endpoint,
      entityType: leg.entityType,
      leg: leg.leg,
      part,
      lane,
      state: 'pending',
      tries: 0,
      attempts: [],
      answers: leg.answers && part === 'entity',
      createdAt: now,
      updatedAt: now,
    };
  }

  /** A delivery that puts back what another one took away, beside all that waits for that. */
  putBack(message: string, { node, endpoint, entityType, leg, lane, conversation }: DeliveryRecord): DeliveryRecord {
    const of = { message, conversation, node, endpoint, entityType, leg };
    return this.record({ ...of, answers: false }, `${PUTS_BACK}${message}`, `${lane}|${PUTS_BACK}`);
  }

  /** A delivery that writes what stands against an older write of ours, by the same out node and after it. */
  restore(message: string, { delivery }: CompetingWrite): DeliveryRecord {
    const { node, endpoint, entityType, leg, lane, conversation } = delivery;
    const of = { message, conversation, node, endpoint, entityType, leg };
    return this.record({ ...of, answers: false }, 'entity', lane);
  }
}

/** A write that cancels: nothing is ever created only to be cancelled. */
export function isCancellation(request: EntityRequest): boolean {
  return CANCELLING_STATES.includes(request.generic.state as State);
}

/** What a leg of a shared order is told is remembered with its taking over. */
function withTold(conversation: ConversationRecord, { leg, request }: Leg): ConversationRecord {
  const { plan } = conversation;
  return plan && legOf(plan, leg)
    ? { ...conversation, plan: planAfterQueued(plan, leg, request.generic as GenericFields) }
    : conversation;
}

function withDropped(conversation: ConversationRecord, leg: string): ConversationRecord {
  const { plan } = conversation;
  if (!plan) return conversation;
  const legs = plan.legs.map((l) => (l.leg === leg ? { ...l, dropped: 'it was cancelled before it was ordered' } : l));
  return { ...conversation, plan: dropUnreachable({ ...plan, legs }) };
}

/** Does it go beside the others, in a lane of its own? */
function isApart(part: string): boolean {
  return part.startsWith('attachment:') || part.startsWith(PUTS_BACK);
}

function laneOf(leg: Leg): string {
  return `${leg.conversation}|${leg.endpoint}|${leg.entityType}|${leg.leg}`;
}

/**
 * The fields of a request whose writing would change something: those named as changed, less those whose value the entity has already,
 * defaults for what it has a value for, and those made from generic values it stands at already (a coarser party must not overwrite a finer one: on hold
 * awaiting vendor stays so). Fields that are made of one generic value are written together.
 */
export function realChanges(request: EntityRequest, link: Link, deliveryId?: string): string[] {
  const wanted = request.changed.filter((field) => {
    if (request.fields[field] === undefined) return false;
    const newer = link.writtenBy[field];
    if (request.edited?.includes(field)) return true;
    if (deliveryId && newer && newer > deliveryId) return false;
    if (request.defaults.includes(field) && link.raw[field]) return false;
    const sources = genericsOf(field, request);
    return !(sources.length > 0 && sources.every((s) => s in link.shadow && sameFingerprint(link.shadow[s], request.generic[s])));
  });
  const differing = wanted.filter((field) => !(field in link.raw && sameFingerprint(link.raw[field], request.fields[field])));
  // What one value is written to is one thing: the other side may be changing any of it.
  const values = new Set(differing.flatMap((field) => genericsOf(field, request)));
  return wanted.filter((field) => differing.includes(field) || genericsOf(field, request).some((source) => values.has(source)));
}

/** The generic fields that a field of a request was made from. */
export function genericsOf(field: string, request: EntityRequest): string[] {
  return (request.sources[field] ?? []).filter((source) => source in request.generic);
}
