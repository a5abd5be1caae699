import { FINAL_STATES, type ItemProgress, type State } from '../model/message.js';
import type { ConversationRecord, PlannedLeg } from '../store/store.js';
import { linkOfLeg } from './plan.js';

/** The first rule that fits says how the whole order stands. `all`: every item is in one of the states; `any`: at least one is. */
export interface RollUpRule {
  when: 'all' | 'any';
  of: State[];
  gives: State;
}

const ENDED: State[] = ['completed', 'partial', 'failed', 'rejected', 'cancelled'];

/** Named after TMF622's order states: all completed, all failed, or a mix of both are its own words, the others follow from their meaning. */
export const DEFAULT_ROLL_UP: readonly RollUpRule[] = [
  { when: 'all', of: ['cancelled'], gives: 'cancelled' },
  { when: 'all', of: ['rejected'], gives: 'rejected' },
  { when: 'all', of: ['completed'], gives: 'completed' },
  { when: 'all', of: ['failed', 'rejected', 'cancelled'], gives: 'failed' },
  { when: 'all', of: ENDED, gives: 'partial' },
  { when: 'any', of: ['pending'], gives: 'pending' },
  { when: 'all', of: ['pendingCancellation', ...ENDED], gives: 'pendingCancellation' },
  { when: 'all', of: ['assessingCancellation', 'pendingCancellation', ...ENDED], gives: 'assessingCancellation' },
  { when: 'all', of: ['held', ...ENDED], gives: 'held' },
  { when: 'all', of: ['acknowledged'], gives: 'acknowledged' },
  // Tickets that were shared out end otherwise than orders.
  { when: 'all', of: ['closed'], gives: 'closed' },
  { when: 'all', of: ['resolved', 'closed'], gives: 'resolved' },
];
/** Where no rule fits: some of it is moving. */
export const DEFAULT_STATE: State = 'inProgress';

/** How an order stands whose items stand so, and the rule that says it (-1: none fitted). */
export function rollUp(states: readonly State[], rules: readonly RollUpRule[]): { state: State; rule: number } {
  const rule = states.length
    ? rules.findIndex(({ when, of }) =>
        when === 'all' ? states.every((s) => of.includes(s)) : states.some((s) => of.includes(s)),
      )
    : -1;
  return { state: rules[rule]?.gives ?? DEFAULT_STATE, rule };
}

/** Every combination of item states and what the rules make of it, fewest states first: what a person looks through before trusting a table. */
export function combinations(
  states: readonly State[],
  rules: readonly RollUpRule[],
): { states: State[]; state: State; rule: number }[] {
  const sets = Array.from({ length: 2 ** states.length - 1 }, (_, i) => states.filter((_s, bit) => (i + 1) & (1 << bit)));
  return sets.sort((a, b) => a.length - b.length).map((set) => ({ states: set, ...rollUp(set, rules) }));
}

/** A vendor as the customer knows it. */
export interface Vendor {
  name?: string;
  number?: string;
}

export interface WholeOrder {
  state: State;
  /** Which legs are in trouble, and why; undefined when none is. */
  stateReason?: string;
  progress: ItemProgress[];
}

/** States worth a word to the customer. */
const TROUBLE: readonly State[] = ['pending', 'held', 'failed', 'rejected', 'partial', 'cancelled'];

/** The whole order from what its legs' parties said. `vendor`: who has a leg, by the endpoint's name and the order's number there. Pure. */
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

/** How each item of a leg stands: as its party said of the item, else of the whole. */
function progressOf(leg: PlannedLeg, { name, number }: Vendor): ItemProgress[] {
  const ids = leg.items.length ? leg.items : leg.progress.length ? leg.progress.map((p) => p.id) : [leg.leg];
  return ids.map((id) => {
    const said = leg.progress.find((p) => p.id === id);
    // An item whose order has ended has ended with it, whatever it said last.
    const ended = leg.state && FINAL_STATES.includes(leg.state) && leg.state !== 'partial' && !isEnd(said?.state);
    const state: State =
      leg.dropped !== undefined ? 'cancelled' : ended ? leg.state! : (said?.state ?? leg.state ?? 'acknowledged');
    const stateReason = leg.dropped ?? said?.stateReason ?? leg.stateReason;
    return {
      id,
      state,
      ...(stateReason && { stateReason }),
      ...(said?.expectedCompletionAt && { expectedCompletionAt: said.expectedCompletionAt }),
      ...(name && { vendor: name }),
      ...(number && { vendorNumber: number }),
    };
  });
}

function reasonOf(leg: PlannedLeg, { name }: Vendor): string | undefined {
  if (leg.dropped !== undefined) return `${leg.leg} was not ordered: ${leg.dropped}.`;
  if (!leg.state || !TROUBLE.includes(leg.state) || (leg.cancelled && leg.state === 'cancelled')) return undefined;
  const why = leg.stateReason ?? leg.progress.find((p) => p.stateReason)?.stateReason;
  return `${leg.leg} is ${leg.state}${name ? ` at ${name}` : ''}${why ? `: ${why}` : ''}.`;
}

function isEnd(state: State | undefined): boolean {
  return state !== undefined && FINAL_STATES.includes(state);
}
