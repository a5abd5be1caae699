import type { ItemProgress, State } from '../model/message.js';
import type { ConversationRecord, Plan, PlannedLeg } from '../store/store.js';
import { withoutEnd } from '../text/hostile.js';
import { type ItemStatus, statusOf } from './item-life.js';
import { isWithdrawn, linkOfLeg, undecidedPredecessors } from './plan.js';
import { itemsOfLeg, legOf } from './plan-legs.js';
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
 * the states. What somebody has to act on comes first: a question, a cancellation to be decided, a stop.
 */
export const DEFAULT_ROLL_UP: readonly RollUpRule[] = [
  { when: 'all', of: ['cancelled'], gives: 'cancelled' },
  { when: 'all', of: ['rejected', 'cancelled'], gives: 'rejected' },
  { when: 'all', of: ['completed'], gives: 'completed' },
  { when: 'all', of: ['failed', 'rejected', 'cancelled'], gives: 'failed' },
  { when: 'all', of: FINAL_ITEM_STATES, gives: 'partial' },
  { when: 'any', of: ['pending'], gives: 'pending' },
  { when: 'any', of: ['assessingCancellation'], gives: 'assessingCancellation' },
  { when: 'all', of: ['pendingCancellation', ...FINAL_ITEM_STATES], gives: 'pendingCancellation' },
  { when: 'any', of: ['held'], gives: 'held' },
  { when: 'all', of: ['acknowledged', 'pendingCancellation', ...FINAL_ITEM_STATES], gives: 'acknowledged' },
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
  /** The parts of that, by leg. */
  reasons: Map<string, string>;
  /** The status of each item; empty where whole messages were fanned out. */
  progress: ItemProgress[];
}

/** States that are explained to the customer. */
export const EXPLAINED_STATES: readonly State[] = ['pending', 'held', 'failed', 'rejected', 'partial', 'cancelled'];

/** The state of the whole order from the reports of its legs. `vendor` gives the name of an endpoint. Pure. */
export function wholeOrder(
  conversation: ConversationRecord,
  rules: readonly RollUpRule[],
  vendor: (endpoint: string) => string | undefined,
): WholeOrder | undefined {
  const { plan } = conversation;
  if (!plan) return undefined;
  const vendorOf = (leg: string): Vendor => {
    const link = linkOfLeg(conversation, leg);
    return { name: link && vendor(link.endpoint), number: link?.number };
  };
  const statuses = plan.items.map((item) => statusOf(item, legOf(plan, item.leg ?? '')));
  const progress = plan.items.map((item, i): ItemProgress => {
    const { isWithdrawn: _isWithdrawn, ...status } = statuses[i]!;
    const { name, number } = item.leg === undefined ? {} : vendorOf(item.leg);
    return { ...status, ...(name && { vendor: name }), ...(number && { vendorNumber: number }) };
  });
  const reasons = new Map(
    plan.legs.flatMap((leg) => {
      const reason = reasonOf(plan, leg, vendorOf(leg.leg));
      return reason === undefined ? [] : [[leg.leg, reason] as const];
    }),
  );
  const states = plan.items.length > 0 ? statesThatCount(statuses) : plan.legs.map(stateOfLeg);
  const stateReason = [...reasons.values()].join(' ');
  return { state: rollUp(states, rules).state, ...(stateReason && { stateReason }), reasons, progress };
}

/** What the customer cancelled does not count, unless that is everything: the rest decides what becomes of the order. */
export function statesThatCount(statuses: readonly ItemStatus[]): State[] {
  const rest = statuses.filter(({ isWithdrawn }) => !isWithdrawn);
  return (rest.length > 0 ? rest : statuses).map(({ state }) => state);
}

/** The state of a leg that was sent a whole message. */
function stateOfLeg({ state, dropped, refused }: PlannedLeg): State {
  if (refused !== undefined) return 'rejected';
  return dropped === undefined ? (state ?? 'acknowledged') : 'cancelled';
}

function reasonOf(plan: Plan, leg: PlannedLeg, { name }: Vendor): string | undefined {
  if (isWithdrawn(plan, leg)) return undefined;
  const at = name ? ` at ${name}` : '';
  if (leg.refused !== undefined) return `${leg.leg} was refused${at}: ${withoutEnd(leg.refused, /[.\s]/)}.`;
  const [undecided] = undecidedPredecessors(plan, leg);
  if (undecided) return `${leg.leg} waits for a decision about ${undecided.leg}.`;
  if (leg.dropped !== undefined) return `${leg.leg} was not ordered: ${withoutEnd(leg.dropped, /[.\s]/)}.`;
  if (!leg.state || !EXPLAINED_STATES.includes(leg.state) || (leg.cancelled && leg.state === 'cancelled')) return undefined;
  const why = leg.stateReason ?? itemsOfLeg(plan, leg.leg).find((item) => item.reported?.stateReason)?.reported?.stateReason;
  return `${legInState(leg.leg, leg.state)}${at}${why ? `: ${withoutEnd(why, /[.\s]/)}` : ''}.`;
}
