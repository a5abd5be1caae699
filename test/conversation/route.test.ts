import assert from 'node:assert/strict';
import { decideRoute, otherParties } from '../../src/conversation/route.js';
import { holds, matchesPattern } from '../../src/conversation/route-condition.js';
import {
  ROUTE_FIELDS,
  type RouteOperator,
  type RouteRule,
  type RouteRules,
  routeProblems,
} from '../../src/conversation/route-rules.js';
import { genericCatalog, genericMessage } from '../../src/mapping/catalog/generic.js';
import type { GenericFields, GenericMessage } from '../../src/model/message.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../../src/store/store.js';

const unexpected = async () => assert.fail('no expression was expected');

const from = (endpoint: string, fields: GenericFields = {}): GenericMessage =>
  genericMessage({ source: { endpoint, entityType: 'incident', id: '1' }, fields });
const rule = (to: string[], ...when: [field: string, operator: RouteOperator, value: string][]): RouteRule => ({
  from: '',
  to,
  when: when.map(([field, operator, value]) => ({ field, operator, value })),
});
const route = (rules: RouteRule[], more: Partial<RouteRules> = {}): RouteRules => ({
  parties: ['north', 'south', 'acme', 'globex'],
  rules,
  matches: 'first',
  otherwise: '',
  ...more,
});
const decide = (rules: RouteRules, message: GenericMessage, others: string[] = []) =>
  decideRoute(rules, message, others, message.source.endpoint === 'acme' ? 'customer' : 'provider', () => unexpected);

describe('a condition of a route node', () => {
  const message = from('acme', {
    title: 'Line down in Hamburg',
    severity: 'critical',
    service: { id: 'svc-77', name: 'MPLS North' },
    place: { city: 'Hamburg', country: 'DE' },
    items: [
      { id: '1', category: 'device' },
      { id: '2', category: 'Mobile' },
    ],
    custom: { region: 'EMEA', floors: 3, 'with.dot': 'x' },
  });
  const check = (field: string, operator: RouteOperator, value = '') => holds({ field, operator, value }, message, unexpected);
  const cases: [field: string, operator: RouteOperator, value: string, holds: boolean][] = [
    ['severity', 'is', 'Critical', true],
    ['severity', 'is', 'crit', false],
    ['severity', 'isNot', 'minor', true],
    ['severity', 'isNot', 'CRITICAL', false],
    ['severity', 'isOneOf', 'major, critical', true],
    ['severity', 'isOneOf', 'major, minor', false],
    ['title', 'contains', 'HAMBURG', true],
    ['title', 'contains', 'Berlin', false],
    ['title', 'beginsWith', 'line', true],
    ['title', 'beginsWith', 'down', false],
    ['title', 'matches', 'line * hamburg', true],
    ['title', 'matches', 'hamburg', false],
    ['category', 'isEmpty', '', true],
    ['category', 'isNotEmpty', '', false],
    ['category', 'isNot', 'network', true],
    ['service', 'is', 'MPLS North', true],
    ['service', 'is', 'svc-77', true],
    ['service.name', 'beginsWith', 'mpls', true],
    ['place.city', 'is', 'hamburg', true],
    ['items.category', 'is', 'mobile', true],
    ['items.category', 'isNot', 'mobile', false],
    ['custom.region', 'is', 'emea', true],
    ['custom.floors', 'is', '3', true],
    ['custom.none.deeper', 'isEmpty', '', true],
    ['custom.constructor', 'isEmpty', '', true],
    ['entity', 'is', 'incident', true],
    ['source.entityType', 'is', 'incident', true],
  ];
  for (const [field, operator, value, expected] of cases)
    it(`${field} ${operator} "${value}" ${expected ? 'holds' : 'does not hold'}`, async () => {
      assert.equal(await check(field, operator, value), expected);
    });

  it('may be an expression on the whole message', async () => {
    const asked: unknown[] = [];
    const evaluate = async (expression: string, given: GenericMessage) => asked.push(expression, given.entity) > 0;
    assert.equal(await holds({ field: '', operator: 'expression', value: 'fields.severity' }, message, evaluate), true);
    assert.deepEqual(asked, ['fields.severity', 'incident']);
  });

  it('matches patterns with any number of *', () => {
    const matching = ['*', 'abcabc', 'a*', '*c', 'a*b*c', '*bca*', '**', 'abc*abc'];
    const other = ['', 'abc', 'b*', '*b', 'abca*cabc', 'a*x*c'];
    assert.deepEqual(
      [...matching, ...other].filter((pattern) => matchesPattern(pattern, 'abcabc')),
      matching,
    );
  });

  it('takes no longer for a pattern that would make a regular expression run for ever', () => {
    // With backtracking this takes longer than any test may.
    assert.equal(matchesPattern(`${'*a'.repeat(2_000)}b`, 'a'.repeat(20_000)), false);
  });

  it('suggests only fields that exist', () => {
    const known = [...genericCatalog('incident').fields, ...genericCatalog('order').fields].map(({ path }) => path);
    const outside = ['entity', 'event', 'items.category', 'custom.'];
    const unknown = ROUTE_FIELDS.filter((name) => !known.some((path) => path === name || path.startsWith(`${name}.`)));
    assert.deepEqual(
      unknown.filter((name) => !outside.includes(name)),
      [],
    );
  });
});

describe('a route', () => {
  it('sends an update to the other parties of its conversation, whatever the rules say', async () => {
    const rules = route([rule(['south'])], { otherwise: 'south' });
    assert.deepEqual(await decide(rules, from('north'), ['acme']), { to: ['acme'], by: 'conversation' });
    assert.deepEqual(await decide(rules, from('acme'), ['south', 'north']), { to: ['north', 'south'], by: 'conversation' });
  });

  it('sends an update to nobody if no party of its conversation has a row', async () => {
    assert.deepEqual(await decide(route([rule(['south'])]), from('north'), ['initech']), { to: [], by: 'none' });
  });

  it('sends an update to its own endpoint if that has another entity of the conversation', async () => {
    assert.deepEqual(await decide(route([]), from('north'), ['north', 'acme']), { to: ['north', 'acme'], by: 'conversation' });
  });

  it('sends a new case where the first matching rule says', async () => {
    const rules = route([
      rule(['north'], ['severity', 'is', 'critical'], ['place.city', 'is', 'Bremen']),
      rule(['south'], ['severity', 'is', 'critical']),
      rule(['north']),
    ]);
    assert.deepEqual(await decide(rules, from('acme', { severity: 'critical' })), { to: ['south'], by: 'rule', rules: [2] });
    assert.deepEqual(await decide(rules, from('acme')), { to: ['north'], by: 'rule', rules: [3] });
  });

  it('sends a new case to the parties of all matching rules, each once, in the order of the rows', async () => {
    const rules = route([rule(['south'], ['title', 'isEmpty', '']), rule(['north', 'south']), rule(['acme'])], {
      matches: 'all',
    });
    assert.deepEqual(await decide(rules, from('globex')), { to: ['north', 'south', 'acme'], by: 'rule', rules: [1, 2, 3] });
  });

  it('applies a rule only to messages from its endpoint', async () => {
    const rules = route([{ ...rule(['north']), from: 'globex' }, rule(['south'])]);
    assert.deepEqual((await decide(rules, from('acme'))).to, ['south']);
    assert.deepEqual((await decide(rules, from('globex'))).to, ['north']);
  });

  it('applies a rule to messages from all customers, or all providers', async () => {
    const rules = route([
      { ...rule(['globex']), from: 'side:provider' },
      { ...rule(['south']), from: 'side:customer' },
    ]);
    assert.deepEqual((await decide(rules, from('acme'))).to, ['south']);
    assert.deepEqual((await decide(rules, from('north'))).to, ['globex']);
  });

  it('never sends a new case back to the endpoint it came from', async () => {
    const rules = route([rule(['north']), rule(['south', 'acme'])], { otherwise: 'north' });
    assert.deepEqual(await decide(rules, from('north')), { to: ['south', 'acme'], by: 'rule', rules: [2] });
    assert.deepEqual(await decide(route([rule(['north'])], { otherwise: 'north' }), from('north')), { to: [], by: 'none' });
  });

  it('sends what no rule matches to the default party, or to nobody', async () => {
    const never = rule(['north'], ['title', 'is', 'never']);
    assert.deepEqual(await decide(route([never], { otherwise: 'south' }), from('acme')), { to: ['south'], by: 'default' });
    assert.deepEqual(await decide(route([never]), from('acme')), { to: [], by: 'none' });
  });
});

describe('the other parties of a conversation', () => {
  const link = (endpoint: string, id = '1', entityType = 'incident', leg = '') => ({ endpoint, id, entityType, leg }) as Link;
  const create = (endpoint: string, state: DeliveryRecord['state'] = 'pending', more: Partial<DeliveryRecord> = {}) =>
    ({ endpoint, entityType: 'incident', leg: '', part: 'entity', state, ...more }) as DeliveryRecord;
  const others = (links: Link[], deliveries: DeliveryRecord[] = []) =>
    otherParties({ links } as ConversationRecord, deliveries, { endpoint: 'acme', entityType: 'incident', id: '1' });

  it('are those with a link, and those for which an entity is being created', () => {
    assert.deepEqual(others([link('acme'), link('north', '7')]), ['north']);
    assert.deepEqual(others([link('acme')], [create('north')]), ['north']);
    assert.deepEqual(others([link('acme'), link('north', '7')], [create('south', 'inDoubt')]), ['north', 'south']);
  });

  it('are none for a new case, even while its source is being updated', () => {
    assert.deepEqual(others([link('acme')]), []);
    assert.deepEqual(others([link('acme')], [create('acme')]), []);
  });

  it('include the own endpoint only with another entity of the conversation', () => {
    assert.deepEqual(others([link('acme'), link('acme', '2', 'problem')]), ['acme']);
  });

  it('include one whose entity a user has unlinked: it may get a new one', () => {
    const conversation = { links: [link('acme')], formerParties: ['acme', 'north'] } as unknown as ConversationRecord;
    assert.deepEqual(otherParties(conversation, [], { endpoint: 'acme', entityType: 'incident', id: '1' }), ['north']);
  });

  it('are not made of comments and files', () => {
    assert.deepEqual(others([link('acme')], [create('north', 'pending', { part: 'comment:1' })]), []);
  });

  it('include one whose create failed only beside others: alone, the case is as undecided as before', () => {
    assert.deepEqual(others([link('acme')], [create('north', 'failed')]), []);
    assert.deepEqual(others([link('acme')], [create('north', 'needsDecision')]), ['north']);
    assert.deepEqual(others([link('acme'), link('north', '7')], [create('south', 'failed')]), ['north', 'south']);
  });
});

describe('the problems of a route node', () => {
  const kinds = (rules: RouteRules) => routeProblems(rules).map(({ kind, number, endpoint }) => [kind, number, endpoint]);

  it('are rows without an endpoint, rules for parties without a row, and duplicates', () => {
    assert.deepEqual(kinds(route([], { parties: [] })), [['noParties', undefined, undefined]]);
    assert.deepEqual(kinds(route([], { parties: ['a', '', 'a'] })), [
      ['partyMissing', 2, undefined],
      ['partyTwice', 3, 'a'],
    ]);
    assert.deepEqual(kinds(route([rule(['north']), rule(['initech']), rule([]), rule(['north'])], { otherwise: 'x' })), [
      ['ruleParty', 2, 'initech'],
      ['ruleWithoutParty', 3, undefined],
      ['ruleTwice', 4, undefined],
      ['default', undefined, 'x'],
    ]);
  });

  it('are incomplete conditions', () => {
    const incomplete = [
      rule(['north'], ['', 'is', 'x']),
      rule(['north'], ['title', 'is', ' ']),
      rule(['north'], ['', 'expression', '']),
      rule(['north'], ['title', 'isEmpty', '']),
      rule(['north'], ['', 'expression', 'true']),
    ];
    assert.deepEqual(kinds(route(incomplete)), [
      ['ruleCondition', 1, undefined],
      ['ruleCondition', 2, undefined],
      ['ruleCondition', 3, undefined],
    ]);
  });

  it('are none in a sound table', () => {
    assert.deepEqual(
      kinds(route([rule(['north'], ['severity', 'is', 'critical']), rule(['south'])], { otherwise: 'south' })),
      [],
    );
  });
});
