import { isDeepStrictEqual } from 'node:util';
import type { CompetingWrite } from '../conversation/conflict.js';
import type { Draft } from '../conversation/conversations.js';
import { linkAt } from '../conversation/correlate.js';
import { deliveryThatSet, type EntityRequest } from '../conversation/entity-request.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import { planAfterQueued } from '../conversation/leg-messages.js';
import { planAfterWithdrawal } from '../conversation/leg-results.js';
import { mayAddParty } from '../conversation/parties.js';
import { dropUnreachable, unmetPredecessors, withPlan } from '../conversation/plan.js';
import { legOf } from '../conversation/plan-legs.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { type GenericAttachment, type GenericComment, type GenericFields, isCancellingState } from '../model/message.js';
import { fileLane } from '../store/file-lane.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { Counterparts } from './counterparts.js';
import { fileSource, withFileNotes } from './file-notes.js';
import type { FlowTransaction } from './flow-transaction.js';
import { itemNotice, withItemNotes } from './item-notes.js';
import type { CarriedEdit, Leg, LegOrigin } from './leg.js';
import { deliveriesOf, mergeIntoWaiting } from './merging.js';
import type { OrderNotices } from './order-notices.js';
import { inPlaceOfFailed, isFailedCreate } from './repeat.js';

/** Prefix of the part of a delivery that restores comments removed by another one. */
export const RECOVERY_PART = 'putBack:';

/** Attempt text of a comment that an earlier try had written without seeing the answer. */
export const FOUND_COMMENT = 'found the comment written by an earlier try';

type DeliveryChange = Extract<Change, { kind: 'delivery' }>;

export interface AcceptedLeg {
  /** Number of deliveries created; 0 = nothing to send. */
  deliveries: number;
  /** Why there was nothing to send, for people. */
  reason?: string;
  /** The endpoint is not a party of the conversation, and the message may not make it one. */
  outsider?: true;
}

/** Accepts legs: splits each into single writes, which are committed with their message. */
export class Outbox {
  private readonly counterparts: Counterparts;

  constructor(
    private readonly store: Store,
    private readonly ids: () => string,
    private readonly clock: () => number,
    private readonly client: (endpoint: string) => EndpointClient | undefined,
    private readonly notices: Pick<OrderNotices, 'change'>,
  ) {
    this.counterparts = new Counterparts(store, client);
  }

  /**
   * Stages a leg in the transaction of its message. A leg of a message is accepted once, however often it is handed in, and by
   * however many out nodes.
   */
  async accept(given: Leg, transaction: Pick<FlowTransaction, 'stage' | 'claim'>): Promise<AcceptedLeg> {
    const leg = await this.withoutTaken(await this.counterparts.resolve(given), transaction);
    let accepted: AcceptedLeg = { deliveries: 0 };
    await transaction.stage(async (draft) => {
      accepted = await this.add(leg, draft);
    });
    return accepted;
  }

  /** A leg without the comments and files that another out node has queued for the same party and message. */
  private async withoutTaken(leg: Leg, transaction: Pick<FlowTransaction, 'claim'>): Promise<Leg> {
    const { comments, appended = [], carriedEdits = [], attachments, node, message } = leg;
    if (comments.length + appended.length + carriedEdits.length + attachments.length === 0) return leg;
    const queued = await deliveriesOf(this.store, message);
    const others = new Set(queued.filter((d) => d.node !== node && isSameTarget(d, leg)).map(({ part }) => part));
    const isFree = (part: string) =>
      !others.has(part) && transaction.claim([leg.endpoint, leg.entityType, leg.leg, part].join('|'), node);
    return {
      ...leg,
      comments: comments.filter((comment) => isFree(commentPart(comment))),
      appended: appended.filter((comment) => isFree(commentPart(comment))),
      carriedEdits: carriedEdits.filter((edit) => isFree(editPart(edit))),
      attachments: attachments.filter((attachment) => isFree(attachmentPart(attachment))),
    };
  }

  /** Adds the deliveries of a leg to a draft of its conversation. */
  private async add(leg: Leg, draft: Draft): Promise<AcceptedLeg> {
    const { conversation } = draft;
    const client = this.client(leg.endpoint);
    const link = linkAt(conversation, leg.endpoint, leg.entityType, leg.leg);
    const waiting = draft.open.filter((delivery) => isSameTarget(delivery, leg));
    const open = waiting.filter((d) => d.part === 'entity');
    // An order that still waits for another leg need not be sent only to be cancelled.
    const neverSent = isCancellation(leg.request) && !link && open.some((d) => Array.isArray(d.waitsFor));
    draft.conversation = neverSent ? withDropped(conversation, leg.leg) : withPlannedValues(conversation, leg);
    const { from } = leg;
    const isSource = link && link.endpoint === from.endpoint && link.entityType === from.entityType && link.id === from.entityId;
    if (isSource) return { deliveries: 0, reason: say`The change came from this entity.` };
    if (neverSent || legOf(conversation.plan, leg.leg)?.dropped !== undefined)
      return { deliveries: 0, reason: say`The leg was dropped before anything was sent.` };
    if (!link && open.length === 0 && !mayAddParty(conversation, leg)) {
      const name = client?.name ?? leg.endpoint;
      return { deliveries: 0, outsider: true, reason: say`${name} is not a party of this conversation.` };
    }
    // Deliveries moved here from another conversation keep its lane; later ones have to queue behind them.
    const lane = waiting.findLast(({ part }) => !hasOwnLane(part))?.lane ?? laneOf(leg);
    const after = unmetPredecessors(conversation.plan, leg.leg, legOf(conversation.plan, leg.leg)?.after);
    const isTaken = draft.changes.some((change) => isSameWrite(change, leg));
    const failed = await this.failedOf(leg);
    const writing = open.length > 0 && !failed.some(isFailedCreate);
    const isOurs = link ? link.origin === 'ours' : writing;
    const source = this.client(from.endpoint)?.name ?? from.endpoint;
    const given = client ? withFileNotes(leg, client, fileSource(leg, conversation, source)) : leg;
    const noted = isOurs && client ? await withItemNotes(given, client, this.store) : { leg: given, notes: [] };
    const queued = this.split(noted.leg, link, lane, writing, isTaken, after.length ? { waitsFor: after } : {});
    const changes = queued.map((change) => inPlaceOfFailed(change, failed, change.record.updatedAt));
    const last = open.at(-1);
    const [first] = changes;
    if (last && first?.record.part === 'entity' && first.ifAbsent) await mergeIntoWaiting(this.store, last, first, link, draft);
    const told = noted.notes.length > 0 ? itemNotice(leg, noted.notes) : undefined;
    const notice = told && this.notices.change(conversation, leg.leg, told.id, [told]);
    draft.changes.push(...changes, ...(notice ? [notice] : []));
    draft.open.push(...changes.map(({ record }) => record).filter(({ state }) => state === 'pending' || state === 'inDoubt'));
    return changes.length > 0
      ? { deliveries: changes.length }
      : {
          deliveries: 0,
          reason: say`Nothing to write: the target is up to date, or the change does not concern it.`,
        };
  }

  /** What failed of a leg, where its message passes the flow again. */
  private async failedOf(leg: Leg): Promise<DeliveryRecord[]> {
    if (!leg.again) return [];
    const isOfLeg = (d: DeliveryRecord) => d.state === 'failed' && d.node === leg.node && isSameTarget(d, leg);
    return (await deliveriesOf(this.store, leg.message)).filter(isOfLeg);
  }

  /**
   * `writing`: an earlier write to the entity is still open. Whether this one changes anything is only known when it is sent.
   * `isTaken`: another out node writes the same fields.
   */
  private split(
    leg: Leg,
    link: Link | undefined,
    lane: string,
    writing: boolean,
    isTaken: boolean,
    waits: Pick<DeliveryRecord, 'waitsFor'>,
  ): DeliveryChange[] {
    const changes: DeliveryChange[] = [];
    const add = (part: string, body: unknown, extra: Partial<DeliveryRecord> = {}) =>
      changes.push({
        kind: 'delivery',
        record: { ...this.record(leg, part, lane), ...extra },
        bodies: { request: body },
        ifAbsent: true,
      });
    const creates = !link && !writing;
    const changed = link && !writing ? effectiveChanges(leg.request, link) : leg.request.changed;
    if (!isTaken && (creates || changed.length > 0)) add('entity', leg.request, creates ? { ...waits, creates } : {});
    const comments = [...(creates ? [] : (leg.appended ?? [])), ...leg.comments];
    for (const comment of comments) add(commentPart(comment), { comment });
    for (const edit of leg.carriedEdits ?? []) {
      const { kind, there, comment, note } = edit;
      add(editPart(edit), { kind, there, comment, note });
    }
    for (const attachment of leg.attachments) {
      const ownLane = fileLane(laneOf(leg), leg.from.endpoint);
      add(
        attachmentPart(attachment),
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

const commentPart = ({ id }: GenericComment) => `comment:${id}`;
const editPart = ({ note }: CarriedEdit) => `alike:${note.id}`;
const attachmentPart = ({ id }: GenericAttachment) => `attachment:${id}`;

type Target = Pick<LegOrigin, 'endpoint' | 'entityType' | 'leg'>;

function isSameTarget(a: Target, b: Target): boolean {
  return a.endpoint === b.endpoint && a.entityType === b.entityType && a.leg === b.leg;
}

/** Whether a change queues the same write of a message to the same entity, for another out node. */
function isSameWrite(change: Change, leg: Leg): boolean {
  if (change.kind !== 'delivery') return false;
  const { record, bodies } = change;
  const isOther = record.message === leg.message && record.node !== leg.node && record.part === 'entity';
  const { fields } = (bodies?.request ?? {}) as Partial<EntityRequest>;
  return isOther && isSameTarget(record, leg) && isDeepStrictEqual(fields, leg.request.fields);
}

/** Whether a write cancels its entity: no entity is created only to be cancelled. */
export function isCancellation(request: EntityRequest): boolean {
  return isCancellingState(request.generic.state);
}

/** The conversation whose plan remembers what is sent on a leg of a fanned-out order. */
function withPlannedValues(conversation: ConversationRecord, { leg, request }: Leg): ConversationRecord {
  const { plan } = conversation;
  if (!plan || !legOf(plan, leg)) return conversation;
  const changed = request.changed.flatMap((field) => genericSources(field, request));
  return { ...conversation, plan: planAfterQueued(plan, leg, request.generic as GenericFields, changed) };
}

function withDropped(conversation: ConversationRecord, leg: string): ConversationRecord {
  return withPlan(conversation, (plan) => dropUnreachable(planAfterWithdrawal(plan, leg)));
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
    if (deliveryId && newer && newer > deliveryThatSet(field, request, deliveryId)) return false;
    if (request.defaults.includes(field) && link.raw[field]) return false;
    const sources = genericSources(field, request);
    return !(
      sources.length > 0 && sources.every((s) => s in link.lastKnown && sameFingerprint(link.lastKnown[s], request.generic[s]))
    );
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
