import { FINAL_STATES, type GenericFields, type State } from '../model/message.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, Plan, PlannedLeg, Predecessor } from '../store/store.js';

/** Ends of a leg that are no success. */
const FAILURES: readonly State[] = ['failed', 'rejected', 'cancelled'];

export function legOf(plan: Plan | undefined, leg: string): PlannedLeg | undefined {
  return plan?.legs.find((l) => l.leg === leg);
}

/** The entity that stands for a leg, whichever endpoint it is at. */
export function linkOfLeg(conversation: ConversationRecord, leg: string): Link | undefined {
  return conversation.links.find((l) => l.leg === leg && l.origin === 'ours');
}

/** Nothing more is expected of it. */
export function isOver(leg: PlannedLeg): boolean {
  return leg.dropped !== undefined || (leg.state !== undefined && FINAL_STATES.includes(leg.state));
}

/** It ended otherwise than the customer wants: failed, refused, or cancelled by its party unasked. */
export function hasFailed(leg: PlannedLeg): boolean {
  return leg.state !== undefined && FAILURES.includes(leg.state) && !(leg.cancelled && leg.state === 'cancelled');
}

/** The predecessors that have not got where they must be. */
export function unmetPredecessors(plan: Plan | undefined, after: readonly Predecessor[] = []): Predecessor[] {
  return after.filter(({ leg, states }) => {
    const state = legOf(plan, leg)?.state;
    return state === undefined || !states.includes(state);
  });
}

/** The plan once a leg's party has said how it stands. Pure. */
export function planAfter(plan: Plan, leg: string, told: { fields: GenericFields; spoke: boolean }): Plan {
  const legs = plan.legs.map((l) => (l.leg === leg ? withReport(l, told.fields) : l));
  return dropUnreachable({ ...plan, legs, ...(told.spoke && { asked: leg }) });
}

function withReport(leg: PlannedLeg, { state, stateReason, progress }: GenericFields): PlannedLeg {
  const known = new Map(leg.progress.map((p) => [p.id, p]));
  for (const item of progress ?? []) known.set(item.id, item);
  return {
    ...leg,
    progress: [...known.values()],
    ...(state && { state }),
    ...(state && { stateReason }),
  };
}

/** Gives up the legs whose predecessor ended somewhere else, and those that waited for them in turn; where a person decides they wait on. */
export function dropUnreachable(plan: Plan): Plan {
  if (plan.onFailure === 'ask') return plan;
  let { legs } = plan;
  for (let again = true; again; ) {
    again = false;
    legs = legs.map((leg) => {
      if (isOver(leg) || leg.state !== undefined) return leg;
      const ended = unmetPredecessors({ ...plan, legs }, leg.after ?? [])
        .map(({ leg: name }) => legs.find((l) => l.leg === name))
        .find((l) => l && isOver(l));
      if (!ended) return leg;
      again = true;
      return { ...leg, dropped: `${ended.leg} ${ended.dropped === undefined ? `is ${ended.state}` : 'was given up'}` };
    });
  }
  return { ...plan, legs };
}

/** What a changed plan does to the deliveries that wait for it: they go, wait for less, or are given up. */
export function releaseDeliveries(plan: Plan, open: readonly DeliveryRecord[], now: string): Change[] {
  return open.flatMap((delivery): Change[] => {
    const { waitsFor } = delivery;
    const dropped = delivery.leg && legOf(plan, delivery.leg)?.dropped;
    if (dropped) return [{ kind: 'delivery', record: skippedDelivery(delivery, dropped, now) }];
    if (!Array.isArray(waitsFor)) return [];
    const rest = unmetPredecessors(plan, waitsFor);
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
    error: { code: 'SWB_SKIPPED', message: `It was not sent: ${reason}.`, at: now },
    updatedAt: now,
  };
}
