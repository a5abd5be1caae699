import { FINAL_STATES, type GenericFields, type State } from '../model/message.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, Plan, PlannedLeg, Predecessor } from '../store/store.js';
import { say } from '../text/say.js';
import { legInState } from './state-words.js';

/** Final states of a leg that are not a success. */
const FAILURES: readonly State[] = ['failed', 'rejected', 'cancelled'];

export function legOf(plan: Plan | undefined, leg: string): PlannedLeg | undefined {
  return plan?.legs.find((l) => l.leg === leg);
}

/** The link of a leg's entity, at whichever endpoint. */
export function linkOfLeg(conversation: ConversationRecord, leg: string): Link | undefined {
  return conversation.links.find((l) => l.leg === leg && l.origin === 'ours');
}

/** The leg is finished or dropped. */
export function isOver(leg: PlannedLeg): boolean {
  return leg.dropped !== undefined || (leg.state !== undefined && FINAL_STATES.includes(leg.state));
}

/** The leg failed, was rejected, or was cancelled without our request. */
export function hasFailed(leg: PlannedLeg): boolean {
  return leg.state !== undefined && FAILURES.includes(leg.state) && !(leg.cancelled && leg.state === 'cancelled');
}

/** The predecessors that have not reached a required state. */
export function unmetPredecessors(plan: Plan | undefined, after: readonly Predecessor[] = []): Predecessor[] {
  return after.filter(({ leg, states }) => {
    const state = legOf(plan, leg)?.state;
    return state === undefined || !states.includes(state);
  });
}

/** The plan after a report from a leg's party. Pure. */
export function planAfter(plan: Plan, leg: string, report: { fields: GenericFields; hasPublicComment: boolean }): Plan {
  const legs = plan.legs.map((l) => (l.leg === leg ? withReport(l, report.fields) : l));
  return dropUnreachable({ ...plan, legs, ...(report.hasPublicComment && { asked: leg }) });
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

/**
 * Drops legs whose predecessor ended in another state, and the legs that wait for those. They keep waiting if the plan asks a
 * user on failure.
 */
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
      return {
        ...leg,
        dropped: ended.dropped === undefined && ended.state ? legInState(ended.leg, ended.state) : `${ended.leg} was dropped`,
      };
    });
  }
  return { ...plan, legs };
}

/** The deliveries affected by a changed plan: released, waiting for fewer legs, or skipped. */
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
    error: { code: 'SWB_SKIPPED', message: say`The delivery was not sent: ${reason}.`, at: now },
    updatedAt: now,
  };
}
