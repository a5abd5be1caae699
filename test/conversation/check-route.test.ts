import assert from 'node:assert/strict';
import { checkDefault, checkExpressions, checkParties, checkRoute, checkRule } from '../../src/conversation/check-route.js';
import { type RouteRules, routeProblems } from '../../src/conversation/route-rules.js';

describe('the settings of a route node', () => {
  const check = (more: Partial<RouteRules>) =>
    checkRoute({ parties: ['n'], rules: [], matches: 'first', otherwise: '', ...more }, 'my route', () => 'North');
  const when = (value: string) => [{ field: '', operator: 'expression' as const, value }];

  it('are rejected with the party, the rule, and what to do', () => {
    assert.throws(() => check({ parties: [] }), /my route: The route node has no parties. Add a row/);
    assert.throws(
      () => check({ rules: [{ from: '', when: [], to: ['x'] }] }),
      /Rule 1 leads to North, which has no row. Add a row/,
    );
    assert.throws(() => check({ parties: ['n', 'n'] }), /Two rows are for North. Remove one/);
  });

  it('are rejected with the rule whose expression is invalid', async () => {
    const rules = [when('true'), when('1 +')].map((conditions) => ({ from: '', when: conditions, to: ['n'] }));
    const route: RouteRules = { parties: ['n'], rules, matches: 'first', otherwise: '' };
    await assert.rejects(checkExpressions(route, 'my route'), {
      code: 'SWB_CONFIG',
      message: /my route, rule 2: .*"1 \+" is invalid/,
    });
    await checkExpressions({ ...route, rules: rules.slice(0, 1) }, 'my route');
  });

  it('are checked for each rule on its own, for updates need none', () => {
    const route: RouteRules = {
      parties: ['n'],
      rules: [
        { from: '', when: when('true'), to: ['n'] },
        { from: '', when: when('true'), to: ['nobody'] },
      ],
      matches: 'first',
      otherwise: 'x',
    };
    const nameOf = () => 'North';
    assert.doesNotThrow(() => checkParties(route, 'my route', nameOf));
    assert.doesNotThrow(() => checkRule(route, 1, 'my route', nameOf));
    assert.throws(() => checkRule(route, 2, 'my route', nameOf), /my route: Rule 2 leads to North, which has no row/);
    assert.throws(() => checkDefault(route, 'my route', nameOf), /The default party North has no row/);
  });

  it('have invalid expressions among their problems, where they can be checked', () => {
    const rules = [{ from: '', when: when('fields.title ='), to: ['n'] }];
    const route: RouteRules = { parties: ['n'], rules, matches: 'first', otherwise: '' };
    assert.deepEqual(
      routeProblems(route, (text) => text === 'true'),
      [{ kind: 'ruleExpression', number: 1 }],
    );
  });

  it('are accepted with a rule that stands there twice', () => {
    const rule = { from: '', when: when('true'), to: ['n'] };
    assert.doesNotThrow(() => check({ rules: [rule, rule] }));
  });
});
