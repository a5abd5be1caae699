import assert from 'node:assert/strict';
import { isRouteField, likelyField } from '../../src/conversation/route-fields.js';
import { ROUTE_FIELDS, type RouteRules, routeProblems } from '../../src/conversation/route-rules.js';

describe('the fields of a route node’s conditions', () => {
  for (const field of [
    ...ROUTE_FIELDS.filter((name) => !name.endsWith('.')),
    'source.entityType',
    'comments.text',
    'custom.region',
    'custom.site.name',
    'items.offering.id',
    'items.characteristics.speed',
    ' severity ',
  ])
    it(`can read ${field}`, () => assert.ok(isRouteField(field)));

  for (const [field, likely] of [
    ['fields.severity', 'severity'],
    ['msg.payload.fields.custom.region', 'custom.region'],
    ['fields.prioritiy', 'priority'],
    ['Severity', 'severity'],
    ['categorie', 'category'],
    ['place.contry', 'place.country'],
    ['city', 'place.city'],
    ['entityType', 'source.entityType'],
    ['title.text', undefined],
    ['custom.', undefined],
    ['xyz', undefined],
    ['constructor', undefined],
  ] as const)
    it(`cannot read ${field}: ${likely ?? 'nothing like it'}`, () => {
      assert.ok(!isRouteField(field));
      assert.equal(likelyField(field), likely);
    });

  it('are reported with the rule and the condition that they are in', () => {
    const condition = (field: string) => ({ field, operator: 'is' as const, value: 'x' });
    const rule = (...names: string[]) => ({ from: '', when: names.map(condition), to: ['a'] });
    const rules: RouteRules = {
      parties: ['a'],
      rules: [rule('severity'), rule('category', 'fields.state', `\${FIELD}`)],
      matches: 'first',
      otherwise: '',
    };
    assert.deepEqual(routeProblems(rules), [
      { kind: 'ruleField', number: 2, condition: 2, field: 'fields.state', likely: 'state' },
    ]);
  });
});
