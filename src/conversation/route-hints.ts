import { ENTITIES, EVENTS, LEVELS, PRIORITIES, SEVERITIES, type Side, STATES } from '../model/message.js';
import { ROUTE_SIDES, type RouteRule, type RouteRules } from './route-rules.js';

/** The values of fields that have a fixed list of them. */
export const ROUTE_VALUES: Record<string, readonly string[]> = {
  entity: ENTITIES,
  event: EVENTS,
  state: STATES,
  severity: SEVERITIES,
  impact: LEVELS,
  urgency: LEVELS,
  priority: PRIORITIES,
};

/**
 * Why a rule can never do what it says, though it is complete:
 * - `ownParty`: it leads only to the endpoint that the message comes from
 * - `covered`, `coveredCustomer`, `coveredProvider`: rule `by` takes all its cases, or all of that side
 * - `value`: `field` never has the value
 */
export interface RouteHint {
  kind: 'ownParty' | 'covered' | 'coveredCustomer' | 'coveredProvider' | 'value';
  /** The rule that it is about, and the one that takes its cases; numbered from 1. */
  number: number;
  by?: number;
  field?: string;
  value?: string;
}

/** Where a case may come from: an endpoint, or any other one of a side. */
interface Sender {
  endpoint?: string;
  /** Undefined: not known here. */
  side?: Side;
}

/** The rules that cannot do what they say. Pure. */
export function routeHints({ parties, rules, matches }: RouteRules, sideOf: (endpoint: string) => Side | undefined): RouteHint[] {
  const named = rules.flatMap(({ from }) => (from in ROUTE_SIDES ? [] : from));
  const endpoints = [...new Set([...parties, ...named])].filter(Boolean);
  const senders: Sender[] = [
    ...Object.values(ROUTE_SIDES).map((side) => ({ side })),
    ...endpoints.map((endpoint) => ({ endpoint, side: sideOf(endpoint) })),
  ];
  return rules.flatMap((rule, index) => [
    ...coverHint(rules, index, matches, senders),
    ...unknownValues(rule).map((one) => ({ kind: 'value' as const, number: index + 1, ...one })),
  ]);
}

/** Whether a rule takes every case from its senders. */
export const takesAll = ({ when }: RouteRule): boolean => when.length === 0;

function coverHint(rules: readonly RouteRule[], index: number, matches: RouteRules['matches'], senders: Sender[]): RouteHint[] {
  const rule = rules[index];
  // A rule without parties is reported as incomplete.
  if (!rule || rule.to.length === 0) return [];
  const number = index + 1;
  const own = senders.filter((sender) => mayApply(rule, sender));
  if (own.length === 0) return [{ kind: 'ownParty', number }];
  if (matches === 'all') return [];
  const takenBy = (sender: Sender) => rules.findIndex((other, at) => at < index && takesAll(other) && applies(other, sender)) + 1;
  const taken = own.map((sender) => ({ sender, by: takenBy(sender) }));
  const [first] = taken;
  if (taken.every(({ by }) => by > 0)) return [{ kind: 'covered', number, by: first?.by }];
  return Object.values(ROUTE_SIDES).flatMap((side): RouteHint[] => {
    const by = taken.find(({ sender }) => !sender.endpoint && sender.side === side)?.by;
    return by ? [{ kind: side === 'customer' ? 'coveredCustomer' : 'coveredProvider', number, by }] : [];
  });
}

/** Whether a rule without conditions takes what comes from a sender; not if the sender's side would decide and is not known. */
function applies({ from, to }: RouteRule, { endpoint, side }: Sender): boolean {
  const isFrom =
    from === '' || from === endpoint || (side !== undefined && ROUTE_SIDES[from as keyof typeof ROUTE_SIDES] === side);
  return isFrom && to.some((party) => party !== endpoint);
}

/** Like `applies`, but a sender of unknown side may be of any. */
function mayApply(rule: RouteRule, sender: Sender): boolean {
  return Object.values(ROUTE_SIDES).some((side) => applies(rule, { ...sender, side: sender.side ?? side }));
}

/** The values that a field with a fixed list does not have. What Node-RED replaces by an environment variable is not known yet. */
function unknownValues({ when }: RouteRule): Required<Pick<RouteHint, 'field' | 'value'>>[] {
  return when.flatMap(({ field, operator, value }) => {
    const known = ROUTE_VALUES[field.trim()];
    if (!known || !['is', 'isNot', 'isOneOf'].includes(operator)) return [];
    const values = (operator === 'isOneOf' ? value.split(',') : [value]).map((one) => one.trim()).filter(Boolean);
    const isKnown = (one: string) => one.includes('${') || known.some((name) => name.toLowerCase() === one.toLowerCase());
    return values.filter((one) => !isKnown(one)).map((one) => ({ field: field.trim(), value: one }));
  });
}
