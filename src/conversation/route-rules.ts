import type { Side } from '../model/message.js';
import { isRouteField, likelyField } from './route-fields.js';

/* The rules of a route node, shared by its dialog and the runtime. */

/** How a condition compares; `expression`: its value is a JSONata expression on the generic message. */
export const ROUTE_OPERATORS = [
  'is',
  'isNot',
  'isOneOf',
  'contains',
  'beginsWith',
  'matches',
  'isEmpty',
  'isNotEmpty',
  'expression',
] as const;
export type RouteOperator = (typeof ROUTE_OPERATORS)[number];

export const ROUTE_MATCHES = ['first', 'all'] as const;

/** Fields that usually decide about the party; any other field of the generic message may be entered too. */
export const ROUTE_FIELDS = [
  'entity',
  'event',
  'title',
  'description',
  'state',
  'severity',
  'priority',
  'category',
  'subcategory',
  'service',
  'ci',
  'customer',
  'requester',
  'assignee',
  'assignmentGroup',
  'place',
  'place.country',
  'channel',
  'items.category',
  'custom.',
];

/** Operators without a value. */
export const UNARY_OPERATORS: readonly RouteOperator[] = ['isEmpty', 'isNotEmpty'];

/** Values of `from` for all endpoints of a side. */
export const ROUTE_SIDES = { 'side:customer': 'customer', 'side:provider': 'provider' } as const satisfies Record<string, Side>;

export interface RouteCondition {
  /** A field of the generic message: severity, service, place.city, custom.region, entity … Not used by `expression`. */
  field: string;
  operator: RouteOperator;
  /** Compared without case. isOneOf: values separated by commas. matches: a pattern in which `*` stands for any text. */
  value: string;
}

export interface RouteRule {
  /** Where the message comes from: id of an endpoint, `side:customer` or `side:provider` for all of that side, '' = any. */
  from: string;
  /** All must hold; none = always. */
  when: RouteCondition[];
  /** Ids of the endpoints that get the message. */
  to: string[];
}

export interface RouteRules {
  /** Ids of the parties' endpoints, one output each, in this order. */
  parties: string[];
  rules: RouteRule[];
  /** Whether only the first matching rule applies, or all. */
  matches: (typeof ROUTE_MATCHES)[number];
  /** Id of the endpoint that gets what no rule matches; '' = none: such messages leave through the last output. */
  otherwise: string;
}

export interface RouteProblem {
  kind:
    | 'noParties'
    | 'partyMissing'
    | 'partyTwice'
    | 'ruleWithoutParty'
    | 'ruleParty'
    | 'ruleTwice'
    | 'ruleCondition'
    | 'ruleOperator'
    | 'ruleField'
    | 'ruleExpression'
    | 'default';
  /** The rule or row it is about, numbered from 1. */
  number?: number;
  /** The endpoint it is about. */
  endpoint?: string;
  /** The condition of the rule that it is about, numbered from 1. */
  condition?: number;
  /** A field that does not exist, and the one that was probably meant. */
  field?: string;
  likely?: string;
}

/**
 * What is wrong with the settings of a route node, for example a rule for a party without a row. Pure.
 * @param isExpression whether a text is a valid JSONata expression; absent: not checked
 */
export function routeProblems(
  { parties, rules, otherwise }: RouteRules,
  isExpression: (text: string) => boolean = () => true,
): RouteProblem[] {
  const problems: RouteProblem[] = parties.length === 0 ? [{ kind: 'noParties' }] : [];
  const rows = new Set<string>();
  parties.forEach((endpoint, index) => {
    if (!endpoint) problems.push({ kind: 'partyMissing', number: index + 1 });
    else if (rows.has(endpoint)) problems.push({ kind: 'partyTwice', number: index + 1, endpoint });
    rows.add(endpoint);
  });
  const known = new Set<string>();
  rules.forEach(({ from, when, to }, index) => {
    const number = index + 1;
    if (to.length === 0) problems.push({ kind: 'ruleWithoutParty', number });
    for (const endpoint of to) if (!rows.has(endpoint)) problems.push({ kind: 'ruleParty', number, endpoint });
    if (when.some((condition) => !isComplete(condition))) problems.push({ kind: 'ruleCondition', number });
    if (when.some(({ operator }) => !ROUTE_OPERATORS.includes(operator))) problems.push({ kind: 'ruleOperator', number });
    problems.push(...unknownFields(when).map((unknown) => ({ kind: 'ruleField' as const, number, ...unknown })));
    if (when.some(({ operator, value }) => operator === 'expression' && !isExpression(value)))
      problems.push({ kind: 'ruleExpression', number });
    const content = JSON.stringify([from, when, to]);
    if (known.has(content)) problems.push({ kind: 'ruleTwice', number });
    known.add(content);
  });
  if (otherwise && !rows.has(otherwise)) problems.push({ kind: 'default', endpoint: otherwise });
  return problems;
}

/** The conditions on fields that do not exist. What Node-RED replaces by an environment variable is not known yet. */
function unknownFields(when: readonly RouteCondition[]): Pick<RouteProblem, 'condition' | 'field' | 'likely'>[] {
  return when.flatMap(({ field, operator }, index) => {
    if (operator === 'expression' || !field.trim() || field.includes('${') || isRouteField(field)) return [];
    const likely = likelyField(field);
    return [{ condition: index + 1, field, ...(likely && { likely }) }];
  });
}

function isComplete({ field, operator, value }: RouteCondition): boolean {
  if (operator === 'expression') return value.trim() !== '';
  return field.trim() !== '' && (UNARY_OPERATORS.includes(operator) || value.trim() !== '');
}
