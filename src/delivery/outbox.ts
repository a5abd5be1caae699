import type { CompetingWrite } from '../conversation/conflict.js';
import type { Conversations } from '../conversation/conversations.js';
import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { planAfterQueued } from '../conversation/fan-out.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import { dropUnreachable, legOf, unmetPredecessors } from '../conversation/plan.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { SwitchboardError } from '../errors.js';
import { CANCELLING_STATES, type GenericFields, type State } from '../model/message.js';
import { allOf, pagesOf } from '../store/pages.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { Counterparts } from './counterparts.js';
import type { Leg, LegOrigin } from './leg.js';

/** Prefix of the part of a delivery that restores comments removed by another one. */
export const RECOVERY_PART = 'putBack:';

/** Attempt text of a comment that an earlier try had written without seeing the answer. */
export const FOUND_COMMENT = 'found the comment written by an earlier try';

/** Deliveries read per page. */
const PAGE = 200;

export interface AcceptedLeg {
  /** Number of deliveries created; 0 = nothing to send. */
  deliveries: number;
  /** Why there was nothing to send, for people. */
  reason?: string;
}

/** Accepts legs: splits each into single writes and stores them. From then on nothing of a leg can be lost. */
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

  /** Resolves when the leg is on disk. A leg of a message is accepted once, however often it is handed in. */
  async accept(given: Leg): Promise<AcceptedLeg> {
    const leg = await this.withoutAccepted(await this.counterparts.resolve(given));
    let accepted: AcceptedLeg = { deliveries: 0 };
    const conversation = await this.store.conversation(leg.conversation);
    if (!conversation) {
      throw new SwitchboardError('SWB_PAYLOAD', say`The conversation ${leg.conversation} does not exist in this store.`, {
        hint: say`Put a "conversation correlate" node that uses the same store before the out node.`,
      });
    }
    const waits = (latest: ConversationRecord) => unmetPredecessors(latest.plan, legOf(latest.plan, leg.leg)?.after);
    const waiting = (await this.store.openDeliveries(leg.conversation)).filter(
      (d) => d.endpoint === leg.endpoint && d.entityType === leg.entityType && d.leg === leg.leg,
    );
    const open = waiting.filter((d) => d.part === 'entity');
    // Deliveries moved here from another conversation keep its lane; later ones have to queue behind them.
    const lane = waiting.findLast(({ part }) => !hasOwnLane(part))?.lane ?? laneOf(leg);
    // An order that still waits for another leg need not be sent only to be cancelled.
    const neverSent = (latest: ConversationRecord) =>
      isCancellation(leg.request) &&
      !linkAt(latest, leg.endpoint, leg.entityType, leg.leg) &&
      open.some((d) => Array.isArray(d.waitsFor));
    const changesFor = (latest: ConversationRecord): Change[] => {
      const link = linkAt(latest, leg.endpoint, leg.entityType, leg.leg);
      const isSource =
        link && link.endpoint === leg.from.endpoint && link.entityType === leg.from.entityType && link.id === leg.from.entityId;
      if (isSource) {
        accepted = { deliveries: 0, reason: say`The change came from this entity.` };
        return [];
      }
      if (legOf(latest.plan, leg.leg)?.dropped !== undefined || neverSent(latest)) {
        accepted = { deliveries: 0, reason: say`The leg was dropped before anything was sent.` };
        return [];
      }
      const after = waits(latest);
      const changes = this.split(leg, link, lane, open.length > 0, after.length ? { waitsFor: after } : {});
      accepted = {
        deliveries: changes.length,
        ...(changes.length === 0 && {
          reason: say`Nothing to write: the target is up to date, or the change does not concern it.`,
        }),
      };
      return changes;
    };
    await this.conversations.update(
      leg.conversation,
      (latest) => (neverSent(latest) ? withDropped(latest, leg.leg) : withPlannedValues(latest, leg)),
      changesFor,
    );
    return accepted;
  }

  /**
   * The leg without the comments and attachments that were accepted before: for this message, if it was emitted before, and for
   * other messages with the same ones. Correlation only knows of those once they are settled, and a crash can change the order of
   * messages.
   */
  private async withoutAccepted(leg: Leg): Promise<Leg> {
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

  /** The newest deliveries of a conversation, back to the page whose messages are all settled. */
  private async unsettled(conversation: string): Promise<DeliveryRecord[]> {
    const found: DeliveryRecord[] = [];
    for await (const page of pagesOf((next) => this.store.listDeliveries({ conversation, ...next }), PAGE)) {
      found.push(...page);
      const messages = await Promise.all([...new Set(page.map((d) => d.message))].map((id) => this.store.message(id)));
      if (messages.every((message) => message?.state !== 'received')) break;
    }
    return found;
  }

  /** Whether another message is about the same entity: comment ids are unique per entity only. */
  private async isFrom({ message, from }: Leg, other: string): Promise<boolean> {
    if (other === message) return true;
    const record = await this.store.message(other);
    return record?.endpoint === from.endpoint && record.entityType === from.entityType && record.entityId === from.entityId;
  }

  /** `writing`: an earlier write to the entity is still open. Whether this one changes anything is only known when it is sent. */
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
    const changed = link && !writing ? effectiveChanges(leg.request, link) : leg.request.changed;
    if (creates || changed.length > 0) add('entity', leg.request, creates ? { ...waits, creates } : {});
    const comments = [...(creates ? [] : (leg.appended ?? [])), ...leg.comments];
    for (const comment of comments) add(`comment:${comment.id}`, { comment });
    for (const { kind, there, comment, note } of leg.carriedEdits ?? []) add(`alike:${note.id}`, { kind, there, comment, note });
    for (const attachment of leg.attachments) {
      const ownLane = `${laneOf(leg)}|attachments`;
      add(
        `attachment:${attachment.id}`,
        { attachment, from: leg.from },
        { lane: ownLane, ...(!link && { waitsFor: 'link' as const }) },
      );
    }
    return changes;
  }

  private record(leg: LegOrigin & Pick<Leg, 'answers'>, part: string, lane: string): DeliveryRecord {
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

  /** A delivery that restores comments removed by another one; in its own lane, as the lane of that one is blocked. */
  recovery(message: string, { node, endpoint, entityType, leg, lane, conversation }: DeliveryRecord): DeliveryRecord {
    const origin = { message, conversation, node, endpoint, entityType, leg };
    return this.record({ ...origin, answers: false }, `${RECOVERY_PART}${message}`, `${lane}|${RECOVERY_PART}`);
  }

  /** A delivery that rewrites the winning values over an older write of ours: same out node, same lane. */
  rewrite(message: string, { delivery }: CompetingWrite): DeliveryRecord {
    const { node, endpoint, entityType, leg, lane, conversation } = delivery;
    const origin = { message, conversation, node, endpoint, entityType, leg };
    return this.record({ ...origin, answers: false }, 'entity', lane);
  }
}

/** Whether a write cancels its entity: no entity is created only to be cancelled. */
export function isCancellation(request: EntityRequest): boolean {
  return CANCELLING_STATES.includes(request.generic.state as State);
}

/** The conversation whose plan remembers what is sent on a leg of a fanned-out order. */
function withPlannedValues(conversation: ConversationRecord, { leg, request }: Leg): ConversationRecord {
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

/** Whether a part has its own lane. */
function hasOwnLane(part: string): boolean {
  return part.startsWith('attachment:') || part.startsWith(RECOVERY_PART);
}

function laneOf(leg: Leg): string {
  return `${leg.conversation}|${leg.endpoint}|${leg.entityType}|${leg.leg}`;
}

/**
 * The fields of a request that would change the entity. Left out are fields whose value it already has, defaults for fields that
 * have a value, and fields made from generic values that it already represents: a party with coarser states must not overwrite a
 * finer one ("on hold awaiting vendor"). Fields made from the same generic value are written together.
 */
export function effectiveChanges(request: EntityRequest, link: Link, deliveryId?: string): string[] {
  const wanted = request.changed.filter((field) => {
    if (request.fields[field] === undefined) return false;
    const newer = link.writtenBy[field];
    if (request.edited?.includes(field)) return true;
    if (deliveryId && newer && newer > deliveryId) return false;
    if (request.defaults.includes(field) && link.raw[field]) return false;
    const sources = genericSources(field, request);
    return !(sources.length > 0 && sources.every((s) => s in link.shadow && sameFingerprint(link.shadow[s], request.generic[s])));
  });
  const differing = wanted.filter((field) => !(field in link.raw && sameFingerprint(link.raw[field], request.fields[field])));
  // One generic value may span several fields, and the other side may be changing any of them.
  const values = new Set(differing.flatMap((field) => genericSources(field, request)));
  return wanted.filter(
    (field) => differing.includes(field) || genericSources(field, request).some((source) => values.has(source)),
  );
}

/** The generic fields that a field of a request was made from. */
export function genericSources(field: string, request: EntityRequest): string[] {
  return (request.sources[field] ?? []).filter((source) => source in request.generic);
}
