import type { Plan, PlannedItem, PlannedLeg, Predecessor } from '../store/store.js';

/* Legs of a plan: to find them, and to change one. All pure. */

export function legOf(plan: Plan | undefined, leg: string): PlannedLeg | undefined {
  return plan?.legs.find((l) => l.leg === leg);
}

/** Id of the row of the fan-out node that a leg was made by. */
export function rowOf({ leg, row }: PlannedLeg): string {
  return row ?? leg;
}

/** The legs that were made by a row. */
export function legsOfRow(plan: Plan, row: string): PlannedLeg[] {
  return plan.legs.filter((leg) => rowOf(leg) === row);
}

/** The items that are ordered with a leg. */
export function itemsOfLeg(plan: Plan, leg: string): PlannedItem[] {
  return plan.items.filter((item) => item.leg === leg);
}

/** Whether an order was split by item. */
export function isSplit(plan: Plan): boolean {
  return plan.items.length > 0;
}

/** The plan with other values of a leg. */
export function planWithLeg(plan: Plan, name: string, values: Partial<PlannedLeg>): Plan {
  return { ...plan, legs: plan.legs.map((leg) => (leg.leg === name ? { ...leg, ...values } : leg)) };
}

/** The plan in which legs wait only for some of their predecessors. */
export function planWaitingFor(plan: Plan, isWaitedFor: (predecessor: Predecessor) => boolean): Plan {
  const legs = plan.legs.map((leg) => {
    const after = leg.after?.filter(isWaitedFor);
    return after?.length === leg.after?.length ? leg : { ...leg, after: after?.length ? after : undefined };
  });
  return { ...plan, legs };
}
