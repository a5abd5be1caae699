import { linkOf } from '../conversation/correlate.js';
import { type LegMessage, legMessages, planFor } from '../conversation/fan-out.js';
import type { FanOutLeg, FanOutRules } from '../conversation/fan-out-rules.js';
import { firstLink } from '../conversation/parties.js';
import { hasFailed, isOver, legOf } from '../conversation/plan.js';
import { type RollUpRule, wholeOrder } from '../conversation/roll-up.js';
import { legInState } from '../conversation/state-words.js';
import { SwitchboardError } from '../errors.js';
import type { GenericFields, GenericMessage, OrderItem } from '../model/message.js';
import type { ConversationRecord, Plan, PlannedLeg } from '../store/store.js';
import { say } from '../text/say.js';
import type { Inbox } from './inbox.js';
import type { FlowReference, MessageInFlow } from './message-in-flow.js';

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
    private readonly clock: () => number,
  ) {}

  /**
   * Plans which leg gets what, and returns the message for each leg. The plan is committed with the message, before anything is
   * sent. Undefined when the message has left its flow.
   * @param fits whether a leg's condition holds (static targets)
   * @param spare allows items that match no leg; otherwise they cause SWB_UNASSIGNED, and nothing is planned
   */
  async fanOut(
    reference: FlowReference,
    node: string,
    rules: FanOutRules,
    message: GenericMessage,
    fits: (leg: FanOutLeg) => boolean,
    spare: boolean,
  ): Promise<{ legs: LegMessage[]; unassigned: OrderItem[] } | undefined> {
    const flow = this.inbox.flows.inFlow(reference);
    if (!flow) return undefined;
    let planned: ReturnType<typeof planFor> | undefined;
    await flow.transaction.stage((draft) => {
      const { conversation } = draft;
      planned = planFor(conversation.plan, node, rules, message, fits);
      if (planned.unassigned.length && !spare) throw unassignedError(planned.unassigned);
      if (planned.plan !== conversation.plan) draft.conversation = { ...conversation, plan: planned.plan };
    });
    const { plan, unassigned } = planned ?? { plan: { node, onFailure: rules.onFailure, legs: [] }, unassigned: [] };
    const legs = legMessages(plan, message);
    if (legs.length === 0 && unassigned.length === 0) flow.ignored ??= say`It contains nothing for any leg.`;
    // A public comment from the customer answers the leg that asked; later comments do not.
    if (message.comments.some((c) => c.visibility === 'public')) updatePlan(flow, (plan) => ({ ...plan, asked: undefined }));
    return { legs, unassigned };
  }

  /** Turns a message about one leg into one about the whole order, for the customer. Unchanged where nothing was fanned out. */
  async rollUp(reference: FlowReference, rules: readonly RollUpRule[], message: GenericMessage): Promise<GenericMessage> {
    const flow = this.inbox.flows.inFlow(reference);
    const now = (await flow?.transaction.view())?.conversation;
    const next = now && (flow?.advance?.(now) ?? now);
    const whole = next && wholeOrder(next, rules, this.name);
    if (!flow || !now || !next?.plan || !whole) return message;
    // A vendor deleted its own order, not the customer's.
    if (flow.source) flow.source = { ...flow.source, deleted: false };
    const { source } = message;
    const leg = linkOf(now, source.endpoint, source.entityType, source.id)?.leg ?? '';
    this.compensate(flow, flow.before ?? now, next.plan, leg);
    const who = this.name(source.endpoint);
    const fields: GenericFields = {
      ...(next.title && { title: next.title }),
      state: whole.state,
      ...(whole.stateReason && { stateReason: whole.stateReason }),
      progress: whole.progress,
      ...prices(message),
      ...latestDate(whole.progress),
    };
    return {
      ...message,
      entity: now.entity,
      fields,
      changed: Object.keys(fields).filter((name) => name !== 'title'),
      comments: message.comments.map((c) => ({ ...c, author: [who, c.author && `(${c.author})`].filter(Boolean).join(' ') })),
    };
  }

  /** The cancellations for the other legs when one has failed. */
  async cancelRest(reference: FlowReference, { reason, cancel }: Compensation): Promise<LegMessage[]> {
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
    return legs.map(({ leg }) => ({ leg, message }));
  }

  /** If a leg has just failed, adds a message to the fan-out node that cancels the others; its key makes it unique per leg. */
  private compensate(flow: MessageInFlow, conversation: ConversationRecord, plan: Plan, name: string): void {
    const leg = legOf(plan, name);
    const before = legOf(conversation.plan, name);
    const order = firstLink(conversation);
    if (!leg || !hasFailed(leg) || (before && hasFailed(before)) || plan.onFailure === 'keep' || !order) return;
    const cancel = stillOpen(plan)
      .map((l) => l.leg)
      .filter((l) => l !== name);
    if (cancel.length === 0) return;
    const reason = `${legInState(name, leg.state ?? 'failed')}${leg.stateReason ? `: ${leg.stateReason}` : ''}`;
    const at = new Date(this.clock()).toISOString();
    flow.also.push(
      this.inbox.messageChange({
        node: plan.node,
        origin: 'plan',
        endpoint: order.endpoint,
        entityType: order.entityType,
        entityId: order.id,
        number: order.number,
        key: `failed|${conversation.id}|${name}`,
        payload: { failed: name, reason, cancel },
        conversation: conversation.id,
        ...(plan.onFailure === 'ask' && { error: { code: 'SWB_DECISION', message: question(reason, cancel), at } }),
      }),
    );
  }
}

/** Updates the plan when the message is settled. */
function updatePlan(flow: MessageInFlow, change: (plan: Plan) => Plan): void {
  const before = flow.advance ?? ((c: ConversationRecord) => c);
  flow.advance = (latest) => {
    const next = before(latest);
    return next.plan ? { ...next, plan: change(next.plan) } : next;
  };
}

function stillOpen(plan: Plan): PlannedLeg[] {
  return plan.legs.filter((l) => !isOver(l) && !l.cancelled);
}

/** Prices come from the vendor; everything else of an item is up to the customer. */
function prices(message: GenericMessage): Pick<GenericFields, 'items'> {
  const priced = (message.fields.items ?? []).filter((i) => i.price).map(({ id, price }) => ({ id, price }));
  return priced.length ? { items: priced } : {};
}

function latestDate(progress: GenericFields['progress'] = []): Pick<GenericFields, 'expectedCompletionAt'> {
  const last = progress
    .map((p) => p.expectedCompletionAt ?? '')
    .sort()
    .at(-1);
  return last ? { expectedCompletionAt: last } : {};
}

function question(reason: string, cancel: string[]): string {
  return say`${reason}. Still open: ${cancel.join(', ')}. Cancel them, or let them continue?`;
}

function unassignedError(items: OrderItem[]): SwitchboardError {
  const isOne = items.length === 1;
  const names = items.map((i) => `${i.id} (${i.offering?.name ?? i.offering?.id ?? i.category ?? say`no offering`})`).join(', ');
  return new SwitchboardError(
    'SWB_UNASSIGNED',
    isOne ? say`No leg matches the item ${names}.` : say`No leg matches the items ${names}.`,
    {
      field: 'items',
      hint: isOne
        ? say`Add a row for it in the fan-out node, deploy, then replay the message. No part of the order was sent.`
        : say`Add a row for them in the fan-out node, deploy, then replay the message. No part of the order was sent.`,
    },
  );
}
