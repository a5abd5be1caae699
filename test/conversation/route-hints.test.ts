import assert from 'node:assert/strict';
import { routeHints } from '../../src/conversation/route-hints.js';
import type { RouteRule, RouteRules } from '../../src/conversation/route-rules.js';
import type { Side } from '../../src/model/message.js';

const SIDES: Record<string, Side> = { acme: 'customer', globex: 'customer', north: 'provider', south: 'provider' };
const when = (field: string, value: string, operator: RouteRule['when'][number]['operator'] = 'is') => [
  { field, operator, value },
];
const rule = (from: string, to: string[], conditions: RouteRule['when'] = []): RouteRule => ({ from, when: conditions, to });
const hints = (rules: RouteRule[], more: Partial<RouteRules> = {}) =>
  routeHints(
    { parties: ['acme', 'globex', 'north', 'south'], rules, matches: 'first', otherwise: '', ...more },
    (id) => SIDES[id],
  );

describe('rules of a route node that never do what they say', () => {
  it('are those below a rule without conditions that takes the same cases', () => {
    const rest = rule('side:customer', ['south']);
    const acme = rule('acme', ['north'], when('category', 'network'));
    assert.deepEqual(hints([rest, acme]), [{ kind: 'covered', number: 2, by: 1 }]);
    assert.deepEqual(hints([rest, acme], { matches: 'all' }), []);
    assert.deepEqual(hints([acme, rest]), []);
    assert.deepEqual(hints([rest, rule('north', ['acme'])]), [], 'a provider’s cases are others');
    assert.deepEqual(hints([rest, rule('other', ['acme'])]), [], 'an endpoint whose side is not known');
    assert.deepEqual(hints([rule('acme', ['south']), rule('', ['north'])]), [], 'it takes what comes from others');
  });

  it('are those for any party below a rule that takes all cases of a side', () => {
    const network = rule('', ['north'], when('category', 'network'));
    assert.deepEqual(hints([rule('side:customer', ['south']), network]), [{ kind: 'coveredCustomer', number: 2, by: 1 }]);
    assert.deepEqual(hints([rule('side:provider', ['acme']), network]), [{ kind: 'coveredProvider', number: 2, by: 1 }]);
  });

  it('are those that lead only back to where the message comes from', () => {
    assert.deepEqual(hints([rule('acme', ['acme'])]), [{ kind: 'ownParty', number: 1 }]);
    assert.deepEqual(hints([rule('acme', ['acme', 'north'])]), []);
    assert.deepEqual(hints([rule('acme', [])]), [], 'an incomplete rule is reported as such');
  });

  it('compare a field with a value that its list does not have', () => {
    assert.deepEqual(hints([rule('acme', ['north'], when('severity', 'hugee'))]), [
      { kind: 'value', number: 1, field: 'severity', value: 'hugee' },
    ]);
    const conditions = [
      ...when('severity', 'Critical, majr', 'isOneOf'),
      ...when('category', 'anything'),
      ...when('state', `\${STATE}`),
      ...when('severity', 'crit', 'beginsWith'),
    ];
    assert.deepEqual(
      hints([rule('acme', ['north'], conditions)]).map(({ value }) => value),
      ['majr'],
    );
  });
});
