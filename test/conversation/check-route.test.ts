import assert from 'node:assert/strict';
import { checkRoute } from '../../src/conversation/check-route.js';
import type { RouteRules } from '../../src/conversation/route-rules.js';

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
    assert.throws(() => check({ rules: [{ from: '', when: when('1 +'), to: ['n'] }] }), /my route, rule 1: .*"1 \+" is invalid/);
  });

  it('are accepted with a rule that stands there twice', () => {
    const rule = { from: '', when: when('true'), to: ['n'] };
    assert.doesNotThrow(() => check({ rules: [rule, rule] }));
  });
});
