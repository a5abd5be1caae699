import { cancellationComment, deliveredComment } from '../conversation/cancellation-results.js';
import { askedAfter, recipientsOf } from '../conversation/comment-recipients.js';
import type { Draft } from '../conversation/conversations.js';
import { linkOf } from '../conversation/correlate.js';
import {
  isCancelledWithOrder,
  isCustomersWord,
  newlyDelivered,
  newlyRefused,
  newlyWithdrawn,
} from '../conversation/customers-word.js';
import { planFor } from '../conversation/fan-out.js';
import type { FanOutRules } from '../conversation/fan-out-rules.js';
import { lateChanges, lateComment, withLateChange } from '../conversation/late-changes.js';
import { type LegMessage, legMessages } from '../conversation/leg-messages.js';
import { type MissingItem, missingComment, newlyMissing } from '../conversation/missing-items.js';
import { completionDate, latestDate, prices } from '../conversation/order-fields.js';
import { firstLink } from '../conversation/parties.js';
import { hasFailed, isOver, linkOfLeg, withPlan } from '../conversation/plan.js';
import { itemsOfLeg, legOf, rowOf } from '../conversation/plan-legs.js';
import { EXPLAINED_STATES, type RollUpRule, type WholeOrder, wholeOrder } from '../conversation/roll-up.js';
import { legInState } from '../conversation/state-words.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { GenericComment, GenericFields, GenericMessage } from '../model/message.js';
import type { Change, ConversationRecord, Plan, PlannedLeg } from '../store/store.js';
import { say } from '../text/say.js';
import { type FannedOut, type FanOutOutputs, orderedElsewhere } from './fan-out-outputs.js';
import type { Inbox } from './inbox.js';
import type { FlowReference, MessageInFlow } from './message-in-flow.js';
import type { OrderNotice, OrderNotices } from './order-notices.js';
import { requireQuantities, unassignedError } from './order-problems.js';

/** Payload of the message that a fan-out node gets when a leg has failed and the others are to be cancelled. */
export interface Compensation {
  failed: string;
  reason: string;
  /** Legs to cancel. */
  cancel: string[];
}

/** Fans an entity out to several parties, and rolls their states up for the customer. */
export class Legs {
  constructor(
    private readonly inbox: Inbox,
    /** The name of an endpoint. */
    private readonly name: (endpoint: string) => string | undefined,
    private readonly client: (endpoint: string) => EndpointClient | undefined,
    private readonly clock: () => number,
    /** An id greater than all earlier ones. */
    private readonly ids: () => string,
    readonly notices: OrderNotices,
  ) {}

  /**
   * Plans which leg gets what, and returns the message for each leg. The plan is committed with the message, before anything is
   * sent. Undefined when the message has left its flow.
   */
  async fanOut(
    reference: FlowReference,
    node: string,
    rules: FanOutRules,
    message: GenericMessage,
    { fits, leads, spare }: FanOutOutputs,
  ): Promise<FannedOut | undefined> {
    const flow = this.inbox.flows.inFlow(reference);
    if (!flow) return undefined;
    requireQuantities(message);
    const since = this.ids();
    let withdrawn: string[] = [];
    let missing: MissingItem[] = [];
    let planned: ReturnType<typeof planFor> | undefined;
    await flow.transaction.stage((draft) => {
      const { conversation } = draft;
      const situation = { isFixed: ({ leg }: PlannedLeg) => this.isFixed(draft, leg), elsewhere: orderedElsewhere(draft) };
      planned = planFor(conversation.plan, node, rules, message, since, fits, situation);
      if (planned.unassigned.length && !spare) throw unassignedError(planned.unassigned);
      withdrawn = newlyWithdrawn(planned.plan, since);
      missing = newlyMissing(planned.plan, conversation.plan);
      if (planned.plan !== conversation.plan) draft.conversation = { ...conversation, plan: planned.plan };
    });
    const conversation = (await flow.transaction.view())?.conversation;
    const plan = conversation?.plan;
    if (!planned || !conversation || !plan) return { legs: [], unreached: [], unassigned: [] };
    const { unassigned } = planned;
    const recipients = recipientsOf(
      plan,
      message,
      (leg) => this.namesOf(conversation, leg),
      (leg) => thingsOf(plan, leg, message),
    );
    const all = legMessages(plan, message, recipients);
    const legs = all.filter(({ row }) => leads(row));
    const unreached = all.filter((one) => !legs.includes(one));
    const late = lateChanges(plan, message);
    if (all.length === 0 && unassigned.length === 0) flow.ignored ??= say`It contains nothing for any leg.`;
    updatePlan(flow, (latest) => {
      const asked = askedAfter(latest, recipients, new Set(legs.map(({ leg }) => leg)));
      const { asked: _asked, ...rest } = late.reduce(withLateChange, latest);
      const left = message.fields.items && { spare: unassigned.length > 0 ? unassigned.map(({ id }) => id) : undefined };
      return { ...rest, ...left, ...(asked.length > 0 && { asked }) };
    });
    const comments = [
      ...late.map(lateComment),
      ...missing.map((item) => missingComment(item, flow.record.id)),
      ...recipients.unclear.map((comment) => this.unclear(comment, plan, recipients.asking)),
    ];
    const [about] = [
      ...[...late, ...missing].map(({ leg }) => leg),
      ...withdrawn,
      ...(recipients.unclear.length > 0 ? recipients.asking : []),
    ];
    const notice = about !== undefined && this.notices.change(conversation, about, flow.record.id, comments);
    if (notice) flow.also.push(notice);
    return { legs, unreached: [...new Set(unreached.map(({ row }) => row))], unassigned };
  }

  /** Whether what a leg has ordered, or is about to, takes no further items. */
  private isFixed({ conversation, open }: Draft, leg: string): boolean {
    const at = linkOfLeg(conversation, leg) ?? open.find((delivery) => delivery.leg === leg && delivery.part === 'entity');
    return at !== undefined && this.client(at.endpoint)?.takesItemChanges?.(at.entityType) === false;
  }

  /** The names by which a customer may mean a leg: its own, its vendor's, its order's there, and its items. */
  private namesOf(conversation: ConversationRecord, { leg }: PlannedLeg): string[] {
    const link = linkOfLeg(conversation, leg);
    const items = itemsOfLeg(conversation.plan!, leg).flatMap(({ id }) => [`item ${id}`, `line ${id}`]);
    return [leg, (link && this.name(link.endpoint)) ?? '', link?.number ?? '', ...items];
  }

  /** Asks the customer whose question a comment answers. */
  private unclear({ id, text }: GenericComment, plan: Plan, asking: readonly string[]): GenericComment {
    const who = asking.join(', ');
    const areWaiting = asking.every((leg) => legOf(plan, leg)?.state === 'pending');
    const what = areWaiting ? 'Several vendors are waiting for an answer' : 'Several vendors have written';
    return {
      id: `unclear|${id}`,
      text: `${what}: ${who}. Your comment was not passed on, because it does not say whom it is for. Write it again with the name, for example "${asking[0]}: ${text.slice(0, 40)}".`,
      visibility: 'public',
    };
  }

  /** The message about the whole order for a notice that no vendor's message brought (order-notices.ts). */
  async notify(
    reference: FlowReference,
    node: string,
    rules: readonly RollUpRule[],
    { leg, comments }: OrderNotice,
  ): Promise<GenericMessage | undefined> {
    const flow = this.inbox.flows.inFlow(reference);
    const now = (await flow?.transaction.view())?.conversation;
    if (!flow || !now?.plan) return undefined;
    const { endpoint, entityType, entityId: id } = flow.record;
    // The customer's order has a number of its own: it is not the one that the vendor has.
    const number = linkOfLeg(now, leg)?.number;
    const message: GenericMessage = {
      entity: now.entity,
      event: 'updated',
      source: { endpoint, entityType, id, ...(number && { number }) },
      fields: {},
      comments,
      attachments: [],
      relations: [],
    };
    return this.whole(flow, node, now, now, rules, message, leg);
  }

  /**
   * Turns a message about one leg into one about the whole order, for the customer. Unchanged where nothing was fanned out; undefined
   * for an order that a vendor has of somebody else.
   */
  async rollUp(
    reference: FlowReference,
    node: string,
    rules: readonly RollUpRule[],
    message: GenericMessage,
  ): Promise<GenericMessage | undefined> {
    const flow = this.inbox.flows.inFlow(reference);
    const now = (await flow?.transaction.view())?.conversation;
    const next = now && (flow?.advance?.(now) ?? now);
    if (flow && next && isForeign(next, message)) {
      flow.ignored ??= say`No leg has ordered ${message.source.number ?? message.source.id}: it is not ours.`;
      return undefined;
    }
    if (!flow || !now || !next?.plan) return message;
    // A vendor deleted its own order, or made it as it is, not the customer's.
    if (flow.source) flow.source = { ...flow.source, deleted: false, asMade: [] };
    const { source } = message;
    const leg = linkOf(now, source.endpoint, source.entityType, source.id)?.leg ?? '';
    flow.also.push(...this.compensations(flow.before ?? now, next));
    const who = this.name(source.endpoint);
    const comments = message.comments.map((c) => ({
      ...c,
      author: [who, c.author && `(${c.author})`].filter(Boolean).join(' '),
    }));
    // What the vendor says by its state alone is put into words.
    const refused = comments.length > 0 ? [] : newlyRefused(now.plan, next.plan, leg);
    const more = [
      ...cancellationComment(next.plan, leg, refused, { id: flow.record.id, refused: '' }),
      ...deliveredComment(leg, newlyDelivered(now.plan, next.plan, leg), flow.record.id),
    ];
    return this.whole(flow, node, now, next, rules, { ...message, comments: [...comments, ...more] }, leg);
  }

  /** The message about the whole order. `now`: as the flow sees the conversation; `next`: with what the message says. */
  private whole(
    flow: MessageInFlow,
    node: string,
    now: ConversationRecord,
    next: ConversationRecord,
    rules: readonly RollUpRule[],
    message: GenericMessage,
    leg: string,
  ): GenericMessage {
    const whole = wholeOrder(next, rules, this.name);
    const plan = next.plan;
    if (!whole || !plan) return message;
    const failed = failureComments(flow.before?.plan ?? now.plan, plan, whole);
    updatePlan(flow, (latest) => withNotified({ ...latest, rollUp: node }, whole));
    const own = new Set(plan.items.filter((item) => isCustomersWord(plan, item)).map(({ id }) => id));
    const progress = whole.progress.filter(({ id }) => !own.has(id));
    const fields: GenericFields = {
      ...(next.title && { title: next.title }),
      ...(!plan.items.some((item) => isCancelledWithOrder(plan, item)) && { state: whole.state }),
      ...(whole.stateReason && { stateReason: whole.stateReason }),
      ...(progress.length > 0 && { progress }),
      ...prices(message, itemsOfLeg(plan, leg)),
      ...latestDate(whole.progress),
      ...completionDate(plan, whole.state),
    };
    const comments = [...message.comments, ...failed];
    return { ...message, comments, entity: now.entity, fields, changed: Object.keys(fields).filter((name) => name !== 'title') };
  }

  /** The cancellations for the other legs when one has failed. */
  async cancelRest(reference: FlowReference, { failed, reason, cancel }: Compensation): Promise<LegMessage[]> {
    const flow = this.inbox.flows.inFlow(reference);
    const conversation = (await flow?.transaction.view())?.conversation;
    const order = conversation && firstLink(conversation);
    if (!flow || !conversation?.plan || !order) return [];
    const { endpoint, entityType, id, number } = order;
    const title = conversation.title ?? number ?? id;
    const message: GenericMessage = {
      entity: conversation.entity,
      event: 'cancelled',
      source: { endpoint, entityType, id, ...(number && { number }) },
      fields: { title, description: title, state: 'cancelled', stateReason: reason },
      changed: ['state', 'stateReason'],
      comments: [],
      attachments: [],
      relations: [],
    };
    const legs = stillOpen(conversation.plan).filter((l) => cancel.includes(l.leg));
    if (legs.length === 0) flow.ignored ??= say`No leg is left to cancel.`;
    const text = `${reason}. Cancelled because of that: ${legs.map((leg) => leg.leg).join(', ')}.`;
    const comments: GenericComment[] = legs.length > 0 ? [{ id: `rest|${failed}`, text, visibility: 'public' }] : [];
    const notice = comments.length > 0 && this.notices.change(conversation, failed, flow.record.id, comments);
    if (notice) flow.also.push(notice);
    return legs.map((leg) => ({ leg: leg.leg, row: rowOf(leg), message }));
  }

  /**
   * For each leg that has failed by a change of the plan, the message to its fan-out node that cancels the others; its key makes it
   * unique per leg.
   */
  compensations(before: ConversationRecord, { plan, ...after }: ConversationRecord): Change[] {
    const order = firstLink(before);
    if (!plan || !order || plan.onFailure === 'keep') return [];
    const failed = plan.legs.filter((leg) => hasFailed(plan, leg) && !hasFailedIn(before.plan, leg.leg));
    return failed.flatMap((leg): Change[] => {
      const cancel = stillOpen(plan)
        .map((l) => l.leg)
        .filter((l) => l !== leg.leg);
      if (cancel.length === 0) return [];
      const why = leg.refused ?? leg.stateReason;
      const reason = `${legInState(leg.leg, leg.refused === undefined ? (leg.state ?? 'failed') : 'rejected')}${why ? `: ${why}` : ''}`;
      const at = new Date(this.clock()).toISOString();
      return [
        this.inbox.messageChange({
          node: plan.node,
          origin: 'plan',
          endpoint: order.endpoint,
          entityType: order.entityType,
          entityId: order.id,
          number: order.number,
          key: `failed|${after.id}|${leg.leg}`,
          payload: { failed: leg.leg, reason, cancel },
          conversation: after.id,
          ...(plan.onFailure === 'ask' && { error: { code: 'SWB_DECISION', message: question(reason, cancel), at } }),
        }),
      ];
    });
  }
}

function hasFailedIn(plan: Plan | undefined, name: string): boolean {
  const leg = legOf(plan, name);
  return plan !== undefined && leg !== undefined && hasFailed(plan, leg);
}

/**
 * What the customer reads of legs that have just failed while the order goes on: its state does not show it. A refused order, and the
 * cancellation of the other legs, have comments of their own.
 */
function failureComments(before: Plan | undefined, plan: Plan, { state, reasons }: WholeOrder): GenericComment[] {
  if (EXPLAINED_STATES.includes(state) || plan.onFailure === 'cancelRest') return [];
  const failed = plan.legs.filter((leg) => leg.refused === undefined && hasFailed(plan, leg) && !hasFailedIn(before, leg.leg));
  return failed.flatMap(({ leg }) => {
    const text = reasons.get(leg);
    return text === undefined ? [] : [{ id: `failed|${leg}`, text, visibility: 'public' as const }];
  });
}

/** Whether a conversation is about an order that began at the vendor that reports it, and of which nothing was ordered elsewhere. */
function isForeign({ plan, links, entity }: ConversationRecord, { source }: GenericMessage): boolean {
  if (entity !== 'order' || plan) return false;
  return links.every(
    ({ endpoint, entityType, id }) => endpoint === source.endpoint && entityType === source.entityType && id === source.id,
  );
}

/** The plan after its state was sent to the customer. */
function withNotified(plan: Plan, { state, progress }: WholeOrder): Plan {
  const states = new Map(progress.map((item) => [item.id, item.state]));
  const items = plan.items.map((item) => ({ ...item, notified: states.get(item.id) ?? item.notified }));
  return { ...plan, notified: state, items };
}

/** What a leg delivers, by name. */
function thingsOf(plan: Plan, { leg }: PlannedLeg, { fields }: GenericMessage): string[] {
  const own = itemsOfLeg(plan, leg).map(({ id }) => id);
  return fields.items?.flatMap(({ id, offering }) => (own.includes(id) && offering?.name ? [offering.name] : [])) ?? [];
}

/** Updates the plan when the message is settled. */
function updatePlan(flow: MessageInFlow, change: (plan: Plan) => Plan): void {
  const before = flow.advance ?? ((c: ConversationRecord) => c);
  flow.advance = (latest) => {
    return withPlan(before(latest), change);
  };
}

/** The legs that can be cancelled: a vendor that has refused its order has none. */
function stillOpen(plan: Plan): PlannedLeg[] {
  return plan.legs.filter((l) => !isOver(l) && !l.cancelled && l.refused === undefined);
}

function question(reason: string, cancel: string[]): string {
  return say`${reason}. Still open: ${cancel.join(', ')}. Cancel them, or let them continue?`;
}
