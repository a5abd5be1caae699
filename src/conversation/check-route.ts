import { SwitchboardError } from '../errors.js';
import { sharedExpressions } from '../mapping/expressions.js';
import { say } from '../text/say.js';
import { ROUTE_OPERATORS, type RouteProblem, type RouteRules, routeProblems } from './route-rules.js';

/** The name of an endpoint. */
type NameOf = (endpoint: string) => string;

/** Only marked in the dialog: a rule that stands there twice, or a field that no message has. */
const HARMLESS: readonly RouteProblem['kind'][] = ['ruleTwice', 'ruleField'];

/** Throws SWB_CONFIG if the settings of a route node are invalid; its expressions: `checkExpressions`. Pure. */
export function checkRoute(route: RouteRules, where: string, nameOf: NameOf): void {
  checkParties(route, where, nameOf);
  for (const index of route.rules.keys()) checkRule(route, index + 1, where, nameOf);
  checkDefault(route, where, nameOf);
}

/** Throws SWB_CONFIG if the parties are invalid: without them no message can leave the node, updates included. */
export function checkParties(route: RouteRules, where: string, nameOf: NameOf): void {
  reject(({ kind }) => PARTIES.includes(kind), route, where, nameOf);
}

/** Throws SWB_CONFIG if a rule, numbered from 1, is invalid; it concerns only the new cases that reach it. */
export function checkRule(route: RouteRules, rule: number, where: string, nameOf: NameOf): void {
  const isOfRule = ({ kind, number }: RouteProblem) => number === rule && ![...PARTIES, ...HARMLESS].includes(kind);
  reject(isOfRule, route, where, nameOf);
}

/** Rejects with SWB_CONFIG if an expression of a rule is no JSONata. */
export function checkExpressions({ rules }: RouteRules, where: string): Promise<void> {
  const expressions = rules.flatMap(({ when }, index) =>
    when.flatMap(({ operator, value }) =>
      operator === 'expression' ? [{ expression: value, where: placeOf(index + 1, where) }] : [],
    ),
  );
  return sharedExpressions().check(expressions);
}

/** Throws SWB_CONFIG if the default party is invalid; it concerns only the new cases that no rule matches. */
export function checkDefault(route: RouteRules, where: string, nameOf: NameOf): void {
  reject(({ kind }) => kind === 'default', route, where, nameOf);
}

/** The name of a rule in texts. */
export function placeOf(rule: number, where: string): string {
  return say`${where}, rule ${rule}`;
}

const PARTIES: readonly RouteProblem['kind'][] = ['noParties', 'partyMissing', 'partyTwice'];

/** The problems of a node's settings, found once: every rule that a message reaches asks for them. */
const known = new WeakMap<RouteRules, RouteProblem[]>();

function problemsOf(route: RouteRules): RouteProblem[] {
  const problems = known.get(route) ?? routeProblems(route);
  known.set(route, problems);
  return problems;
}

function reject(isMeant: (problem: RouteProblem) => boolean, route: RouteRules, where: string, nameOf: NameOf): void {
  const problem = problemsOf(route).find(isMeant);
  if (!problem) return;
  const [what, hint] = describe(problem, nameOf(problem.endpoint ?? ''));
  throw new SwitchboardError('SWB_CONFIG', what, { where, hint });
}

function describe({ kind, number = 0, field }: RouteProblem, party: string): [what: string, hint: string] {
  const addRow = say`Add a row for this party, or choose another one.`;
  switch (kind) {
    case 'noParties':
      return [say`The route node has no parties.`, say`Add a row for each party in the node’s dialog.`];
    case 'partyMissing':
      return [say`Row ${number} of the parties has no endpoint.`, say`Choose an endpoint, or remove the row.`];
    case 'partyTwice':
      return [say`Two rows are for ${party}.`, say`Remove one of them.`];
    case 'ruleWithoutParty':
      return [say`Rule ${number} leads to no party.`, say`Choose a party, or remove the rule.`];
    case 'ruleParty':
      return [say`Rule ${number} leads to ${party}, which has no row.`, addRow];
    case 'ruleCondition':
      return [say`A condition of rule ${number} is incomplete.`, say`Enter its field and value, or remove it.`];
    case 'ruleOperator':
      return [say`A condition of rule ${number} has an unknown operator.`, say`Use one of ${ROUTE_OPERATORS.join(', ')}.`];
    case 'ruleExpression':
      return [say`An expression of rule ${number} is invalid.`, say`See docs.jsonata.org.`];
    case 'ruleTwice':
      return [say`Rule ${number} repeats an earlier rule.`, say`Remove one of them.`];
    case 'ruleField':
      return [say`Rule ${number} reads the field ${field}, which does not exist.`, say`See docs/model.md for the fields.`];
    case 'default':
      return [say`The default party ${party} has no row.`, addRow];
  }
}
