import { type GenericFields, type ItemProgress, isCancellingState, isFinalState, type State } from '../model/message.js';
import type {
  Change,
  ConversationRecord,
  DeliveryRecord,
  Link,
  Plan,
  PlannedItem,
  PlannedLeg,
  Predecessor,
} from '../store/store.js';
import { say } from '../text/say.js';
import { planAfterCancelling } from './cancellation-results.js';
import { isCancelling, phaseOf, statusOf, vendorState, withVendorQuantity } from './item-life.js';
import { itemsOfLeg, legOf, legsOfRow, planWaitingFor, planWithLeg } from './plan-legs.js';
import { legInState } from './state-words.js';

/** Final states of a leg or an item that are not a success. */
export const FAILURES: readonly State[] = ['failed', 'rejected', 'cancelled'];

/** The conversation with its plan changed, if it is a fanned-out order. */
export function withPlan(conversation: ConversationRecord, change: (plan: Plan) => Plan): ConversationRecord {
  return conversation.plan ? { ...conversation, plan: change(conversation.plan) } : conversation;
}

/** The link of a leg's entity, at whichever endpoint. */
export function linkOfLeg(conversation: ConversationRecord, leg: string): Link | undefined {
  return conversation.links.find((l) => l.leg === leg && l.origin === 'ours');
}

/** The leg is finished or dropped. */
export function isOver(leg: PlannedLeg): boolean {
  return leg.dropped !== undefined || isFinalState(leg.state);
}

/** Whether a further item can still be ordered with a leg. */
export function takesItems(plan: Plan, leg: PlannedLeg): boolean {
  if (isOver(leg) || leg.refused !== undefined || leg.cancelled) return false;
  const items = itemsOfLeg(plan, leg.leg);
  return items.length === 0 || items.some((item) => !isCancelling(item) && phaseOf(item, leg) !== 'withdrawn');
}

/** The customer has cancelled all of a leg, and its party did not deliver it all the same. */
export function isWithdrawn(plan: Plan, leg: PlannedLeg): boolean {
  const items = itemsOfLeg(plan, leg.leg);
  return items.length > 0 && items.every((item) => statusOf(item, leg).isWithdrawn);
}

/** The leg failed, was refused, was given up, or was cancelled without our request. */
export function hasFailed(plan: Plan, leg: PlannedLeg): boolean {
  if (leg.refused !== undefined) return true;
  if (leg.state === undefined || !FAILURES.includes(leg.state)) return false;
  return leg.state !== 'cancelled' || !(leg.cancelled || isWithdrawn(plan, leg));
}

/**
 * The predecessors that have not reached a required state, by the ids of their rows. One that the customer has cancelled is not
 * waited for: what waits for it is wanted all the same. `leg`: the one that waits.
 */
export function unmetPredecessors(plan: Plan | undefined, leg: string, after: readonly Predecessor[] = []): Predecessor[] {
  return after.filter((predecessor) => {
    const legs = plan ? legsOfRow(plan, predecessor.leg) : [];
    return legs.length === 0 || unmetLegs(plan!, leg, predecessor).length > 0;
  });
}

/** One that has ended in vain is not waited for by a leg that was made after another one had taken its place. */
function unmetLegs(plan: Plan, waiting: string, { leg: row, states }: Predecessor): PlannedLeg[] {
  const isMet = (leg: PlannedLeg) => (leg.state !== undefined && states.includes(leg.state)) || isWithdrawn(plan, leg);
  const isInVain = (leg: PlannedLeg) => isOver(leg) && !isMet(leg);
  const made = plan.legs.findIndex(({ leg }) => leg === waiting);
  const earlier = plan.legs.slice(0, Math.max(made, 0));
  const isReplaced = legsOfRow(plan, row).some((leg) => earlier.includes(leg) && !isInVain(leg));
  return legsOfRow(plan, row).filter((leg) => !isMet(leg) && !(isReplaced && isInVain(leg)));
}

/** The legs that a leg which is not sent yet waits for in vain, until a person decides about them: each was refused, or has ended. */
export function undecidedPredecessors(plan: Plan, leg: PlannedLeg): PlannedLeg[] {
  if (isOver(leg) || isSent(plan, leg) || leg.refused !== undefined) return [];
  const unmet = leg.after?.flatMap((predecessor) => unmetLegs(plan, leg.leg, predecessor)) ?? [];
  return unmet.filter((one) => one.refused !== undefined || isOver(one));
}

function isSent(plan: Plan, leg: PlannedLeg): boolean {
  return leg.state !== undefined || itemsOfLeg(plan, leg.leg).some((item) => item.ordered);
}

/** The plan after a report from a leg's party. Pure. */
export function planAfter(plan: Plan, leg: string, report: { fields: GenericFields; hasPublicComment: boolean }): Plan {
  const { state, stateReason, expectedCompletionAt, completedAt, progress = [], items: shown = [] } = report.fields;
  const reported = new Map(progress.map((item) => [item.id, item]));
  const quantities = new Map(shown.map(({ id, quantity }) => [id, quantity]));
  const next = planWithLeg(plan, leg, {
    ...(state ? { state, stateReason, refused: undefined, stuck: undefined } : stateReason && { stateReason }),
    ...(expectedCompletionAt && { expectedCompletionAt }),
    ...(completedAt && { completedAt }),
  });
  // An id that a vendor uses for an item of its own may be that of another vendor's item.
  const items = plan.items.map((item) => {
    if (item.leg !== leg) return item;
    const now = withVendorQuantity(item, quantities.get(item.id));
    const said = reported.get(item.id);
    return said ? { ...now, ordered: true as const, reported: withKnownState(said, item.reported) } : now;
  });
  const asked = report.hasPublicComment ? [...(plan.asked ?? []).filter((one) => one !== leg), leg] : plan.asked;
  return dropUnreachable(refusedByState(plan, { ...next, items, ...(asked && { asked }) }, leg));
}

/**
 * A vendor that assessed a cancellation and goes on has refused it (TMF622: assessingCancellation back to inProgress, pending or
 * held). Not every vendor says so in another way.
 */
function refusedByState(before: Plan, plan: Plan, name: string): Plan {
  const [was, leg] = [legOf(before, name), legOf(plan, name)];
  if (!was || !leg) return plan;
  const goesOn = (state: State | undefined) => state !== undefined && !isCancellingState(state) && !isFinalState(state);
  const isRefused = (item: PlannedItem) => {
    const earlier = before.items.find(({ id }) => id === item.id);
    const said = earlier && vendorState(earlier, was);
    return isCancellingState(said) && isCancelling(item) && goesOn(vendorState(item, leg));
  };
  const refused = itemsOfLeg(plan, name).filter(isRefused);
  if (refused.length === 0) return plan;
  return planAfterCancelling(plan, name, leg.cancelled ? 'all' : refused.map(({ id }) => id), 'refused');
}

/** A state in the vendor's own words says nothing against the last one that is known, unless that was only the first. */
function withKnownState(said: ItemProgress, before: ItemProgress | undefined): ItemProgress {
  const known = before?.state === 'acknowledged' ? undefined : before?.state;
  return said.state === undefined && known !== undefined ? { ...said, state: known } : said;
}

/**
 * Drops legs whose predecessor ended in another state, and the legs that wait for those. They keep waiting if the plan asks a
 * user on failure.
 */
export function dropUnreachable(plan: Plan): Plan {
  if (plan.onFailure === 'ask') return plan;
  let next = plan;
  for (;;) {
    const legs = next.legs.map((leg) => droppedIfUnreachable(leg, next));
    if (legs.every((leg, i) => leg === next.legs[i])) return next;
    next = { ...next, legs };
  }
}

function droppedIfUnreachable(leg: PlannedLeg, plan: Plan): PlannedLeg {
  const ended = undecidedPredecessors(plan, leg).find(isOver);
  if (!ended) return leg;
  const dropped = ended.dropped === undefined && ended.state ? legInState(ended.leg, ended.state) : `${ended.leg} was dropped`;
  return { ...leg, dropped };
}

/** The plan in which legs no longer wait for one that has failed: a user let them continue. Pure. */
export function continueWithout(plan: Plan, failed: string): Plan {
  return planWaitingFor(plan, (predecessor) => predecessor.leg !== failed);
}

/** The deliveries affected by a changed plan: released, waiting for fewer legs, or skipped. */
export function releaseDeliveries(plan: Plan, open: readonly DeliveryRecord[], now: string): Change[] {
  return open.flatMap((delivery): Change[] => {
    const { waitsFor } = delivery;
    const leg = legOf(plan, delivery.leg);
    if (delivery.leg && leg?.dropped) return [{ kind: 'delivery', record: skippedDelivery(delivery, leg.dropped, now) }];
    if (!Array.isArray(waitsFor)) return [];
    const isPlanned = ({ leg: row }: Predecessor) => !leg || (leg.after ?? []).some((predecessor) => predecessor.leg === row);
    const rest = unmetPredecessors(plan, delivery.leg, waitsFor.filter(isPlanned));
    if (rest.length === waitsFor.length) return [];
    return [{ kind: 'delivery', record: { ...delivery, waitsFor: rest.length ? rest : undefined, updatedAt: now } }];
  });
}

/** A delivery that was never sent and never will be. */
function skippedDelivery(delivery: DeliveryRecord, reason: string, now: string): DeliveryRecord {
  return {
    ...delivery,
    state: 'skipped',
    waitsFor: undefined,
    error: { code: 'SWB_SKIPPED', message: say`The delivery was not sent: ${reason}.`, at: now },
    updatedAt: now,
  };
}
