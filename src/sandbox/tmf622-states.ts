import type { Version } from './tmf-record.js';

/**
 * What may follow a state (TMF622, lifecycle of an order). Beyond the diagram, as providers do: an acknowledged order can still be rejected
 * or cancelled, and whoever assesses a cancellation may give the order back to where it was.
 */
const ORDER: Record<string, readonly string[]> = {
  draft: ['acknowledged', 'cancelled'],
  acknowledged: ['inProgress', 'inProgress.accepted', 'pending', 'held', 'rejected', 'assessingCancellation'],
  'inProgress.accepted': ['inProgress', 'pending', 'held', 'assessingCancellation', 'completed', 'failed', 'partial'],
  inProgress: ['inProgress.accepted', 'pending', 'held', 'assessingCancellation', 'completed', 'failed', 'partial'],
  pending: ['inProgress', 'assessingCancellation', 'cancelled'],
  held: ['inProgress', 'assessingCancellation', 'cancelled'],
  assessingCancellation: ['pendingCancellation', 'acknowledged', 'inProgress', 'inProgress.accepted', 'pending', 'held'],
  pendingCancellation: ['cancelled'],
  rejected: [],
  cancelled: [],
  completed: [],
  failed: [],
  partial: [],
};

/** An item goes as an order does; one that nobody began can be called off. */
const ITEM: Record<string, readonly string[]> = {
  ...ORDER,
  acknowledged: [...(ORDER.acknowledged ?? []), 'cancelled'],
  inProgress: [...(ORDER.inProgress ?? []), 'cancelled'],
};

const TABLES = { order: ORDER, item: ITEM };
export type StateKind = keyof typeof TABLES;

/** States that only one version, or only an order or an item, knows (§ enumerations of both definitions). */
const ABSENT: Record<Version, Record<StateKind, readonly string[]>> = {
  v4: { order: ['draft', 'inProgress.accepted'], item: ['draft', 'inProgress.accepted', 'partial'] },
  v5: { order: [], item: ['draft', 'inProgress.accepted'] },
};

export function statesOf(version: Version, kind: StateKind): string[] {
  return Object.keys(TABLES[kind]).filter((state) => !ABSENT[version][kind].includes(state));
}

export function isFinal(state: unknown): boolean {
  return ORDER[String(state)]?.length === 0;
}

/** What may follow, in this version. */
export function next(version: Version, kind: StateKind, state: string): string[] {
  const known = statesOf(version, kind);
  return (TABLES[kind][state] ?? []).filter((to) => known.includes(to));
}

/** The states to go through, the last one being `to`; over `inProgress` where there is no direct way. Undefined when there is none. */
export function transitionPath(version: Version, kind: StateKind, from: string, to: string): string[] | undefined {
  if (from === to) return [];
  const direct = next(version, kind, from);
  if (direct.includes(to)) return [to];
  return direct.includes('inProgress') && next(version, kind, 'inProgress').includes(to) ? ['inProgress', to] : undefined;
}

/**
 * How an order stands whose items stand so: completed, failed and partial by the lifecycle, the others by their meaning. Items that were
 * called off do not count beside others. Undefined: the items say nothing.
 */
export function rollUp(states: readonly string[]): string | undefined {
  const counted = states.some((s) => s !== 'cancelled') ? states.filter((s) => s !== 'cancelled') : states;
  const all = (...of: string[]) => counted.every((s) => of.includes(s));
  if (all('cancelled')) return 'cancelled';
  if (all('rejected')) return 'rejected';
  if (all('completed')) return 'completed';
  if (all('failed', 'rejected')) return 'failed';
  if (counted.every(isFinal)) return 'partial';
  if (counted.includes('pending')) return 'pending';
  const open = counted.filter((s) => !isFinal(s));
  if (open.every((s) => s === 'held')) return 'held';
  const started = counted.includes('completed') || counted.includes('failed');
  return !started && open.every((s) => s === 'acknowledged') ? undefined : 'inProgress';
}
