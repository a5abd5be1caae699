import type { Version } from './tmf-record.js';

/**
 * Allowed state transitions (TMF622, lifecycle of an order). Beyond the diagram, as providers do it: an acknowledged order can
 * still be rejected or cancelled, and after the assessment of a cancellation an order may return to its previous state.
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

/** The states of an item follow those of an order; in addition, an item can be cancelled directly. */
const ITEM: Record<string, readonly string[]> = {
  ...ORDER,
  acknowledged: [...(ORDER.acknowledged ?? []), 'cancelled'],
  inProgress: [...(ORDER.inProgress ?? []), 'cancelled'],
};

const TABLES = { order: ORDER, item: ITEM };
export type StateKind = keyof typeof TABLES;

/** States that a version does not define for an order or an item (§ enumerations of both definitions). */
const UNDEFINED_STATES: Record<Version, Record<StateKind, readonly string[]>> = {
  v4: { order: ['draft', 'inProgress.accepted'], item: ['draft', 'inProgress.accepted', 'partial'] },
  v5: { order: [], item: ['draft', 'inProgress.accepted'] },
};

export function statesOf(version: Version, kind: StateKind): string[] {
  return Object.keys(TABLES[kind]).filter((state) => !UNDEFINED_STATES[version][kind].includes(state));
}

export function isFinal(state: unknown): boolean {
  return ORDER[String(state)]?.length === 0;
}

/** The allowed next states in this version. */
export function nextStates(version: Version, kind: StateKind, state: string): string[] {
  const known = statesOf(version, kind);
  return (TABLES[kind][state] ?? []).filter((to) => known.includes(to));
}

/**
 * The states on the way to `to`, which is the last one; through `inProgress` if there is no direct transition. Undefined if it
 * cannot be reached.
 */
export function transitionPath(version: Version, kind: StateKind, from: string, to: string): string[] | undefined {
  if (from === to) return [];
  const direct = nextStates(version, kind, from);
  if (direct.includes(to)) return [to];
  return direct.includes('inProgress') && nextStates(version, kind, 'inProgress').includes(to) ? ['inProgress', to] : undefined;
}

/**
 * The state of an order derived from the states of its items: completed, failed and partial as in the lifecycle, the others by
 * their meaning. Cancelled items are ignored if there are others. Undefined: the items do not determine a state.
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
