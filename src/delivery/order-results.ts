import { cancellationComment, planAfterCancelling } from '../conversation/cancellation-results.js';
import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint } from '../conversation/fingerprint.js';
import { changedItem } from '../conversation/item-notes.js';
import { cancelledIn, planAfterRefusedCreate, planAfterRefusedUpdate, planAfterSkip } from '../conversation/leg-results.js';
import { firstLink } from '../conversation/parties.js';
import { dropUnreachable } from '../conversation/plan.js';
import { legOf, planWithLeg } from '../conversation/plan-legs.js';
import { wholeOrder } from '../conversation/roll-up.js';
import type { ItemsReader } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import { errorText } from '../http/error-text.js';
import type { GenericAttachment, GenericComment } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, DeliveryRecord, MessageRecord, Plan } from '../store/store.js';
import { withoutEnd } from '../text/hostile.js';
import { isRedirect } from './culprit.js';
import { FileError } from './file-error.js';
import { isFileNote } from './file-notes.js';
import { changedItems } from './item-changes.js';
import type { Legs } from './legs.js';
import type { ReceivedItem } from './received-item.js';

/** How a delivery ended that was not done. */
export interface Failure {
  error: unknown;
  state: DeliveryRecord['state'];
  request: Bodies;
  /** The message that led to it; undefined if it is no longer stored. */
  message: MessageRecord | undefined;
  /** Reads the items of a request, where its system distinguishes them. */
  itemsOf?: ItemsReader;
}

/** A conversation after a result, and what is committed with it. */
export interface OrderResult {
  conversation: ConversationRecord;
  also: Change[];
}

/** What the results of deliveries mean for fanned-out orders, beyond what their vendors report. */
export class OrderResults {
  constructor(
    private readonly legs: Pick<Legs, 'compensations' | 'notices'>,
    private readonly messageChange: (item: ReceivedItem) => Change,
    private readonly ids: () => string,
  ) {}

  /** The order after a delivery of one of its legs has ended without being done; undefined where it says nothing about the order. */
  afterFailure(before: ConversationRecord, delivery: DeliveryRecord, failure: Failure): OrderResult | undefined {
    const { plan } = before;
    const { leg } = delivery;
    const request = failure.request as unknown as EntityRequest;
    if (!plan || !legOf(plan, leg)) return undefined;
    const reason = reasonOf(failure.error);
    if (delivery.part !== 'entity')
      return failure.state === 'failed' ? this.notPassedOn(before, delivery, failure.request, failure.error) : undefined;
    if (failure.state === 'needsDecision') {
      const cancelled = cancelledIn(request);
      if (cancelled.length === 0) return undefined;
      const text = `${leg} has not confirmed the cancellation yet. It is being looked into.`;
      const comment: GenericComment = { id: `undecided|${delivery.id}|${fingerprint(reason)}`, text, visibility: 'public' };
      const next = { ...before, plan: planAfterCancelling(plan, leg, cancelled, 'withoutEffect') };
      return this.result(before, next, delivery, [comment]);
    }
    if (failure.state !== 'failed') return undefined;
    const link = linkAt(before, delivery.endpoint, delivery.entityType, leg);
    if (!link && !isRefusal(failure.error)) {
      const text = `${leg} could not be ordered yet. It is being looked into.`;
      const comment: GenericComment = { id: `notOrdered|${delivery.id}`, text, visibility: 'public' };
      return this.result(before, { ...before, plan: planWithLeg(plan, leg, { stuck: true }) }, delivery, [comment]);
    }
    if (!link) {
      const text = `${leg} did not accept the order: ${reason}`;
      const comment: GenericComment = { id: `refused|${delivery.id}|${fingerprint(reason)}`, text, visibility: 'public' };
      const refused = planAfterRefusedCreate(plan, leg, request, reason);
      return this.resultOf(before, refused, delivery, { comments: [comment], message: failure.message });
    }
    const refused = planAfterRefusedUpdate(plan, leg, request, reason, {
      key: delivery.id,
      again: true,
      differs: changedItems(request, link, failure.itemsOf),
    });
    return this.resultOf(before, refused, delivery, { comments: refused.comments, message: failure.message });
  }

  /** What follows from a refusal. `added`: items that need another leg, for which the order is read again. */
  private resultOf(
    before: ConversationRecord,
    { plan, added }: { plan: Plan; added: string[] },
    delivery: DeliveryRecord,
    { comments, message }: { comments: GenericComment[]; message: MessageRecord | undefined },
  ): OrderResult {
    const next = { ...before, plan };
    if (added.length === 0) return this.result(before, next, delivery, comments);
    return this.result(before, this.replanned(next), delivery, comments, this.reread(before, message, delivery.id));
  }

  /** The order after a user has skipped a delivery of one of its legs; undefined where that changes nothing of the order. */
  afterSkip(
    before: ConversationRecord,
    delivery: DeliveryRecord,
    skip: { request: Bodies; reason: string },
  ): OrderResult | undefined {
    const { plan } = before;
    const { leg } = delivery;
    if (!plan || !legOf(plan, leg)) return undefined;
    const reason = skip.reason || 'it was skipped';
    if (delivery.part !== 'entity')
      return delivery.state === 'failed' ? undefined : this.notPassedOn(before, delivery, skip.request, reason);
    if (!linkAt(before, delivery.endpoint, delivery.entityType, leg))
      return this.result(before, { ...before, plan: dropUnreachable(planAfterSkip(plan, leg, reason)) }, delivery);
    const request = skip.request as unknown as EntityRequest;
    const { plan: next, comments } = planAfterRefusedUpdate(plan, leg, request, reason, { key: delivery.id, again: false });
    return this.result(before, { ...before, plan: next }, delivery, comments);
  }

  /** What the customer is told where a vendor did not get a change of an item, or a file; undefined for anything else. */
  private notPassedOn(
    conversation: ConversationRecord,
    delivery: DeliveryRecord,
    request: Bodies,
    why: unknown,
  ): OrderResult | undefined {
    const { leg } = delivery;
    const reason = typeof why === 'string' ? why : reasonOf(why);
    const text = notPassedOnText(request, leg, why instanceof FileError ? why.what : reason);
    if (text === undefined) return undefined;
    const told: GenericComment = {
      id: `notPassedOn|${delivery.id}`,
      text: `${withoutEnd(text, /[.\s]/)}.`,
      visibility: 'public',
    };
    return this.result(conversation, conversation, delivery, [told]);
  }

  /** What follows from the answer to a cancellation: refused, confirmed without an effect (`ignored`), or done by a deletion. */
  afterCancelling(
    before: ConversationRecord,
    after: ConversationRecord,
    delivery: DeliveryRecord,
    { cancelled, refused }: { cancelled: readonly string[] | 'all'; refused?: string },
  ): Change[] {
    const comments = before.plan ? cancellationComment(before.plan, delivery.leg, cancelled, { id: delivery.id, refused }) : [];
    // Not every vendor reports that it was asked.
    const { also } = this.result(before, after, delivery, comments);
    const notice = also.length === 0 && isUntold(after) && this.legs.notices.change(after, delivery.leg, this.ids());
    return notice ? [notice] : also;
  }

  /** The messages that follow from a change of an order: to its customer, and to its fan-out node if a leg has failed by it. */
  result(
    before: ConversationRecord,
    conversation: ConversationRecord,
    { leg }: DeliveryRecord,
    comments: GenericComment[] = [],
    reread?: Change,
  ): OrderResult {
    const isChanged = comments.length > 0 || statesOf(before) !== statesOf(conversation);
    const notice = isChanged && this.legs.notices.change(conversation, leg, this.ids(), comments);
    const also = [...(notice ? [notice] : []), ...(reread ? [reread] : []), ...this.legs.compensations(before, conversation)];
    return { conversation, also };
  }

  /** The order whose items go through their fan-out node again with the next reading: some of them need another leg. */
  private replanned(conversation: ConversationRecord): ConversationRecord {
    const order = firstLink(conversation);
    const stamp = this.ids();
    const links = conversation.links.map((link) =>
      link === order ? { ...link, unsent: { ...link.unsent, items: stamp } } : link,
    );
    return { ...conversation, links };
  }

  /** A message that reads the customer's order again. */
  reread(conversation: ConversationRecord, message: MessageRecord | undefined, key: string): Change | undefined {
    const order = firstLink(conversation);
    if (!order || !message) return undefined;
    const { endpoint, entityType, id: entityId, number } = order;
    const source = { node: message.node, origin: 'poll' as const, endpoint, entityType, entityId, ...(number && { number }) };
    return this.messageChange({ ...source, key: `again|${key}`, payload: { again: key } });
  }
}

/** What the customer reads where a vendor did not get a comment that it has to know of, or a file; undefined for other parts. */
function notPassedOnText(request: Bodies, leg: string, reason: string): string | undefined {
  const { comment, attachment } = request as { comment?: GenericComment; attachment?: GenericAttachment };
  if (attachment) return `The file ${attachment.name} was not passed on to ${leg}: ${reason}`;
  if (comment && isFileNote(comment)) return `Not passed on to ${leg} (${reason}): ${comment.text}`;
  const item = comment && changedItem(comment.id);
  return item === undefined ? undefined : `The change of item ${item} was not passed on to ${leg}: ${reason}`;
}

/**
 * Whether a partner refused what was ordered. Anything else is ours to repair (the address, a permission, a mapping), and says nothing
 * about the order: no other leg is cancelled for it.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof PartnerError) || isRedirect(error)) return false;
  return error.code === 'SWB_PARTNER_REFUSED' || error.code === 'SWB_TOO_LARGE';
}

/** The states that the customer is to see, as text to compare. */
function statesOf(conversation: ConversationRecord): string {
  const { progress = [], stateReason } = wholeOrder(conversation, [], () => undefined) ?? {};
  return JSON.stringify([progress, stateReason]);
}

/** Whether the customer's lines show other states than those of the items. */
function isUntold(conversation: ConversationRecord): boolean {
  const { progress = [] } = wholeOrder(conversation, [], () => undefined) ?? {};
  const told = new Map(conversation.plan?.items.map(({ id, notified }) => [id, notified]));
  return progress.some(({ id, state }) => told.get(id) !== undefined && told.get(id) !== state);
}

/** Why a partner did not do it, in its own words where it has some. */
function reasonOf(error: unknown): string {
  const own = error instanceof PartnerError && error.answer !== undefined ? errorText(error.answer) : '';
  return own || (error instanceof PartnerError ? error.what : 'it could not be sent');
}
