import { FINAL_STATES, type ItemProgress, type State } from '../model/message.js';
import type { ConversationRecord, PlannedLeg } from '../store/store.js';
import { linkOfLeg } from './plan.js';
import { legInState } from './state-words.js';

export const ROLL_UP_WHEN = ['all', 'any'] as const;

/**
 * The first matching rule gives the state of the whole order. `all`: every item is in one of the states; `any`: at least one is.
 */
export interface RollUpRule {
  when: (typeof ROLL_UP_WHEN)[number];
  of: State[];
  gives: State;
}

const FINAL_ITEM_STATES: State[] = ['completed', 'partial', 'failed', 'rejected', 'cancelled'];

/**
 * Named after the order states of TMF622, which defines completed, failed and partial; the other rules follow from the meaning of
 * the states.
 */
export const DEFAULT_ROLL_UP: readonly RollUpRule[] = [
  { when: 'all', of: ['cancelled'], gives: 'cancelled' },
  { when: 'all', of: ['rejected'], gives: 'rejected' },
  { when: 'all', of: ['completed'], gives: 'completed' },
  { when: 'all', of: ['failed', 'rejected', 'cancelled'], gives: 'failed' },
  { when: 'all', of: FINAL_ITEM_STATES, gives: 'partial' },
  { when: 'any', of: ['pending'], gives: 'pending' },
  { when: 'all', of: ['pendingCancellation', ...FINAL_ITEM_STATES], gives: 'pendingCancellation' },
  { when: 'all', of: ['assessingCancellation', 'pendingCancellation', ...FINAL_ITEM_STATES], gives: 'assessingCancellation' },
  { when: 'all', of: ['held', ...FINAL_ITEM_STATES], gives: 'held' },
  { when: 'all', of: ['acknowledged'], gives: 'acknowledged' },
  // The final states of fanned-out tickets.
  { when: 'all', of: ['closed'], gives: 'closed' },
  { when: 'all', of: ['resolved', 'closed'], gives: 'resolved' },
];
/** The state if no rule matches: some items are still in progress. */
export const DEFAULT_STATE: State = 'inProgress';

/** The state of an order from the states of its items, and the index of the rule that gave it (-1: no rule matched). */
export function rollUp(states: readonly State[], rules: readonly RollUpRule[]): { state: State; rule: number } {
  const rule = states.length
    ? rules.findIndex(({ when, of }) =>
        when === 'all' ? states.every((s) => of.includes(s)) : states.some((s) => of.includes(s)),
      )
    : -1;
  return { state: rules[rule]?.gives ?? DEFAULT_STATE, rule };
}

/** Every combination of item states with the resulting state, fewest states first: a preview of the rules. */
export function combinations(
  states: readonly State[],
  rules: readonly RollUpRule[],
): { states: State[]; state: State; rule: number }[] {
  const sets = Array.from({ length: 2 ** states.length - 1 }, (_, i) => states.filter((_s, bit) => (i + 1) & (1 << bit)));
  return sets.sort((a, b) => a.length - b.length).map((set) => ({ states: set, ...rollUp(set, rules) }));
}

/** A vendor as shown to the customer. */
export interface Vendor {
  name?: string;
  number?: string;
}

export interface WholeOrder {
  state: State;
  /** Which legs have problems, and why; undefined if none has. */
  stateReason?: string;
  progress: ItemProgress[];
}

/** Leg states that are explained to the customer. */
const EXPLAINED_STATES: readonly State[] = ['pending', 'held', 'failed', 'rejected', 'partial', 'cancelled'];

/** The state of the whole order from the reports of its legs. `vendor` gives the name of an endpoint. Pure. */
export function wholeOrder(
  conversation: ConversationRecord,
  rules: readonly RollUpRule[],
  vendor: (endpoint: string) => string | undefined,
): WholeOrder | undefined {
  const { plan } = conversation;
  if (!plan) return undefined;
  const progress: ItemProgress[] = [];
  const reasons: string[] = [];
  for (const leg of plan.legs) {
    const link = linkOfLeg(conversation, leg.leg);
    const who = { name: link && vendor(link.endpoint), number: link?.number };
    progress.push(...progressOf(leg, who));
    const reason = reasonOf(leg, who);
    if (reason) reasons.push(reason);
  }
  const states = progress.map((p) => p.state ?? 'acknowledged');
  return { state: rollUp(states, rules).state, ...(reasons.length && { stateReason: reasons.join(' ') }), progress };
}

/** The state of each item of a leg: as reported for the item, otherwise as reported for the whole leg. */
function progressOf(leg: PlannedLeg, { name, number }: Vendor): ItemProgress[] {
  const ids = leg.items.length ? leg.items : leg.progress.length ? leg.progress.map((p) => p.id) : [leg.leg];
  return ids.map((id) => {
    const reported = leg.progress.find((p) => p.id === id);
    // When a vendor's order is finished, its items are too, whatever was last reported for them.
    const ended = leg.state && FINAL_STATES.includes(leg.state) && leg.state !== 'partial' && !isEnd(reported?.state);
    const state: State =
      leg.dropped !== undefined ? 'cancelled' : ended ? leg.state! : (reported?.state ?? leg.state ?? 'acknowledged');
    const stateReason = leg.dropped ?? reported?.stateReason ?? leg.stateReason;
    return {
      id,
      state,
      ...(stateReason && { stateReason }),
      ...(reported?.expectedCompletionAt && { expectedCompletionAt: reported.expectedCompletionAt }),
      ...(name && { vendor: name }),
      ...(number && { vendorNumber: number }),
    };
  });
}

function reasonOf(leg: PlannedLeg, { name }: Vendor): string | undefined {
  if (leg.dropped !== undefined) return `${leg.leg} was not ordered: ${leg.dropped}.`;
  if (!leg.state || !EXPLAINED_STATES.includes(leg.state) || (leg.cancelled && leg.state === 'cancelled')) return undefined;
  const why = leg.stateReason ?? leg.progress.find((p) => p.stateReason)?.stateReason;
  return `${legInState(leg.leg, leg.state)}${name ? ` at ${name}` : ''}${why ? `: ${why}` : ''}.`;
}

function isEnd(state: State | undefined): boolean {
  return state !== undefined && FINAL_STATES.includes(state);
}
