import { SwitchboardError } from '../errors.js';
import { Expressions } from '../mapping/expressions.js';
import { say } from '../text/say.js';
import { type RouteProblem, type RouteRules, routeProblems } from './route-rules.js';

/**
 * Throws SWB_CONFIG if the settings of a route node are invalid. A rule that stands there twice is harmless, and only marked in
 * the dialog. Pure.
 * @param nameOf the name of an endpoint
 */
export function checkRoute(rules: RouteRules, where: string, nameOf: (endpoint: string) => string): void {
  const problem = routeProblems(rules).find(({ kind }) => kind !== 'ruleTwice');
  if (problem) {
    const [what, hint] = describe(problem, nameOf(problem.endpoint ?? ''));
    throw new SwitchboardError('SWB_CONFIG', what, { where, hint });
  }
  rules.rules.forEach(({ when }, index) => {
    for (const { operator, value } of when)
      if (operator === 'expression') Expressions.check(value, say`${where}, rule ${index + 1}`);
  });
}

function describe({ kind, number = 0 }: RouteProblem, party: string): [what: string, hint: string] {
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
    case 'ruleTwice':
      return [say`Rule ${number} repeats an earlier rule.`, say`Remove one of them.`];
    case 'default':
      return [say`The default party ${party} has no row.`, addRow];
  }
}
