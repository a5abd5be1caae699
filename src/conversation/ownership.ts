import type { Side } from '../model/message.js';

/**
 * Whose word counts: when two parties change one field at the same moment, and whether what one says may be written over what the other has.
 * One model for all of it, per party and field.
 */

/**
 * newest: the later change, by each party's own time; within a few seconds that of the field's owner. customer, provider: theirs, whenever it was
 * said. appendOnly: the party's text stays, what others say of it is added as a comment. never: what the party has is not overwritten.
 */
export const FIELD_RULES = ['newest', 'customer', 'provider', 'appendOnly', 'never'] as const;
export type FieldRule = (typeof FIELD_RULES)[number];

/** What becomes of what was edited or deleted elsewhere: nothing, a comment that says so, or the same. */
export const CARRY_RULES = ['nothing', 'note', 'same'] as const;
export type CarryRule = (typeof CARRY_RULES)[number];

/** How one party is dealt with. */
export interface PartyRules {
  side: Side;
  /** By generic field; any other is `newest`. */
  fields: Record<string, FieldRule>;
  /** Of comments that were edited elsewhere. */
  edits: CarryRule;
  /** Of comments, files and records that were deleted elsewhere. */
  deletions: CarryRule;
}

export const DEFAULT_RULES: PartyRules = { side: 'customer', fields: {}, edits: 'note', deletions: 'nothing' };

/** Changes less than this apart were made without knowledge of each other; milliseconds. */
export const SAME_MOMENT = 5_000;

/** What the provider knows best: how the work stands, when it will be done, what was found. All else is the customer's. */
const PROVIDER_FIELDS = new Set([
  'state',
  'stateReason',
  'assignee',
  'assignmentGroup',
  'expectedResolutionAt',
  'expectedCompletionAt',
  'resolvedAt',
  'closedAt',
  'completedAt',
  'resolution',
  'resolutionCode',
]);

/** A value that was said, by whom, and when by our own clock (epoch milliseconds; undefined: not known). */
export interface ChangeOrigin {
  side: Side;
  at?: number;
}

/** What a party shows, as said by it. `changedAt`: ISO, by its own clock, which is `clockAhead` milliseconds ahead of ours. */
export function changeOrigin(side: Side, changedAt: string | undefined, clockAhead = 0): ChangeOrigin {
  const at = Date.parse(changedAt ?? '') - clockAhead;
  return { side, ...(!Number.isNaN(at) && { at }) };
}

export function ownerOf(field: string): Side {
  return PROVIDER_FIELDS.has(field) ? 'provider' : 'customer';
}

/** By what it is decided whether one value stands against another, in words. */
export function ruleText(field: string, rule: FieldRule, shown: ChangeOrigin, wanted: ChangeOrigin): string {
  if (rule !== 'newest' || shown.side === wanted.side || Math.abs(timeBetween(shown, wanted)) > SAME_MOMENT) return rule;
  return `newest, within ${SAME_MOMENT / 1000} seconds the ${ownerOf(field)}’s`;
}

/** Does what a party shows for a field stand against what others want written there? `rule`: the party's for the field. Pure. */
export function shownWins(field: string, rule: FieldRule, shown: ChangeOrigin, wanted: ChangeOrigin): boolean {
  if (rule === 'appendOnly' || rule === 'never') return true;
  if (rule === 'customer' || rule === 'provider') return shown.side === rule || wanted.side !== rule;
  const later = timeBetween(shown, wanted);
  if (Math.abs(later) > SAME_MOMENT) return later > 0;
  // Of two parties on one side the later one, or the one whose record it is.
  return shown.side === wanted.side ? later >= 0 : shown.side === ownerOf(field);
}

/** How much later one was said than another, milliseconds; 0 where that is not known. */
function timeBetween(one: ChangeOrigin, other: ChangeOrigin): number {
  return one.at === undefined || other.at === undefined ? 0 : one.at - other.at;
}
