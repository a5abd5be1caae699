import type { Side } from '../model/message.js';
import { say } from '../text/say.js';

/**
 * Which party's value wins if two parties change a field at the same time, and whether one party's value may overwrite another's.
 * One model for both, by party and field.
 */

/**
 * newest: the later change wins; within a few seconds, the field's owner wins. customer, provider: that side wins, whenever the
 * change was made. appendOnly: the party's text is kept, and other parties' values are added as a comment. never: the party's
 * value is not overwritten.
 */
export const FIELD_RULES = ['newest', 'customer', 'provider', 'appendOnly', 'never'] as const;
export type FieldRule = (typeof FIELD_RULES)[number];

/** What happens at a party when something was edited or deleted elsewhere: nothing, a comment about it, or the same change. */
export const CARRY_RULES = ['nothing', 'note', 'same'] as const;
export type CarryRule = (typeof CARRY_RULES)[number];

/** The rules for one party. */
export interface PartyRules {
  side: Side;
  /** By generic field; the default is `newest`. */
  fields: Record<string, FieldRule>;
  /** For comments that were edited elsewhere. */
  edits: CarryRule;
  /** For comments, files and records that were deleted elsewhere. */
  deletions: CarryRule;
}

export const DEFAULT_RULES: PartyRules = { side: 'customer', fields: {}, edits: 'note', deletions: 'nothing' };

/** Changes within this time count as simultaneous; milliseconds. */
export const SAME_MOMENT = 5_000;

/** Fields owned by the provider: progress, dates, resolution. The customer owns all other fields. */
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

/** Which side made a change, and when by our own clock (epoch milliseconds; undefined: not known). */
export interface ChangeOrigin {
  side: Side;
  at?: number;
}

/** `changedAt`: ISO, by the party's own clock, which is `clockAhead` milliseconds ahead of ours. */
export function changeOrigin(side: Side, changedAt: string | undefined, clockAhead = 0): ChangeOrigin {
  const at = Date.parse(changedAt ?? '') - clockAhead;
  return { side, ...(!Number.isNaN(at) && { at }) };
}

export function ownerOf(field: string): Side {
  return PROVIDER_FIELDS.has(field) ? 'provider' : 'customer';
}

/** The rule that decides between two values, for display. */
export function ruleText(field: string, rule: FieldRule, shown: ChangeOrigin, wanted: ChangeOrigin): string {
  if (rule !== 'newest' || shown.side === wanted.side || Math.abs(timeBetween(shown, wanted)) > SAME_MOMENT)
    return RULE_TEXTS[rule]();
  const seconds = SAME_MOMENT / 1000;
  return ownerOf(field) === 'provider'
    ? say`newest, within ${seconds} seconds the provider’s`
    : say`newest, within ${seconds} seconds the customer’s`;
}

const RULE_TEXTS: Record<FieldRule, () => string> = {
  newest: () => say`newest`,
  customer: () => say`customer`,
  provider: () => say`provider`,
  appendOnly: () => say`appendOnly`,
  never: () => say`never`,
};

/** Does a party's current value win over the value that others want to write? `rule`: the party's rule for the field. Pure. */
export function shownWins(field: string, rule: FieldRule, shown: ChangeOrigin, wanted: ChangeOrigin): boolean {
  if (rule === 'appendOnly' || rule === 'never') return true;
  if (rule === 'customer' || rule === 'provider') return shown.side === rule || wanted.side !== rule;
  const later = timeBetween(shown, wanted);
  if (Math.abs(later) > SAME_MOMENT) return later > 0;
  // Between two parties on the same side: the later one, or the party that owns the record.
  return shown.side === wanted.side ? later >= 0 : shown.side === ownerOf(field);
}

/** How much later one change was made than another, in milliseconds; 0 if unknown. */
function timeBetween(one: ChangeOrigin, other: ChangeOrigin): number {
  return one.at === undefined || other.at === undefined ? 0 : one.at - other.at;
}
