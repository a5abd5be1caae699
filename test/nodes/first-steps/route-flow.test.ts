import assert from 'node:assert/strict';
import type { Party, Plan } from '../../../nodes/first-steps/wizard/flow.editor.js';
import { addToRouteFlow, createRouteFlow } from '../../../nodes/first-steps/wizard/route-flow.editor.js';
import {
  type FlowNode,
  SCENARIOS,
  type Scenario,
  systemsFor,
  typesFor,
} from '../../../nodes/first-steps/wizard/scenarios.editor.js';
import { type RouteRule, routeProblems } from '../../../src/conversation/route-rules.js';

const party = (scenario: Scenario, role: 'customer' | 'provider', name: string, more: Partial<Party> = {}): Party => {
  const found = SCENARIOS[scenario].roles.find((one) => one.name === role)!;
  const system = systemsFor(found)[0]!;
  const entityType = typesFor(found, system)[0]!;
  const common = { settings: {}, credentials: {}, receive: 'both' as const, publicUrl: '', takes: [] };
  return { role: found, name, system, entityType, ...common, ...more };
};
const customer = (name: string) => party('routing', 'customer', name);
const provider = (name: string, ...takes: string[]) => party('routing', 'provider', name, { takes });

const generator = () => {
  let last = 0;
  return { id: () => `id${String(++last).padStart(8, '0')}`, secret: () => `secret ${++last}` };
};
/** As the editor draws names, roughly. */
const width = ({ name, type }: FlowNode) => (type.startsWith('link') ? 30 : Math.max(100, 57 + 7 * String(name || '').length));
const texts = { label: 'tab', comment: 'all', mapTo: (name: string) => `to ${name}`, width };
const plan = (scenario: Scenario, ...parties: Party[]): Plan => ({ scenario, parties, ...texts });

type RouteSettings = { parties: string[]; rules: RouteRule[]; wires: string[][]; outputs: number };

function create(...parties: Party[]) {
  const created = createRouteFlow(plan('routing', ...parties), generator());
  const route = created.nodes.find((node) => node.type === 'switchboard-route') as unknown as RouteSettings;
  const named = (id: string) => String(created.nodes.find((node) => node.id === id)?.name);
  const rules = route.rules.map(({ when, to }) => [when[0]?.value ?? 'rest', named(to[0]!)]);
  return { ...created, route, named, rules };
}

function assertComplete(nodes: FlowNode[]): void {
  const ids = new Set(nodes.map((node) => node.id));
  assert.equal(ids.size, nodes.length, 'no duplicate id');
  for (const node of nodes)
    for (const id of [...((node.wires as string[][]) ?? []).flat(), ...((node.links as string[]) ?? [])])
      assert.ok(ids.has(id), `${node.type} leads to ${id}`);
}

describe('a flow with a route node created by the wizard', () => {
  it('equals the example with the same number of parties: the same nodes, wired the same way', () => {
    const { nodes } = create(customer('a'), customer('b'), customer('c'), provider('n', 'network'), provider('s'));
    assertComplete(nodes);
    const shape = (flow: FlowNode[]) =>
      flow
        .filter((node) => node.z)
        .map((node) => [node.type, node.x, node.y, ((node.wires as string[][]) ?? []).map((port) => port.length)].join(' '))
        .sort();
    assert.deepEqual(shape(nodes), shape(SCENARIOS.routing.example));
    assert.ok(!JSON.stringify(nodes).includes('SANDBOX'), 'no sandbox settings are left');
  });

  it('has an output for each party, a rule for each provider with categories, and one provider for the rest', () => {
    const { route, rules, named, unruled, nodes } = create(
      provider('East'),
      customer('Acme'),
      provider('North', 'network', 'wan'),
    );
    assertComplete(nodes);
    assert.deepEqual(route.parties.map(named), ['Acme', 'East', 'North']);
    assert.deepEqual(
      route.wires.slice(0, 3).map(([id]) => named(id!)),
      ['to Acme', 'to East', 'to North'],
    );
    assert.equal(route.outputs, 4);
    assert.deepEqual(rules, [
      ['network, wan', 'North'],
      ['rest', 'East'],
    ]);
    assert.deepEqual(unruled, []);
    assert.deepEqual(routeProblems({ ...route, matches: 'first', otherwise: '' }), []);
  });

  it('names the providers to which no rule leads', () => {
    assert.deepEqual(create(customer('Acme'), provider('East'), provider('West')).unruled, ['West']);
  });

  it('has no overlapping nodes with many parties', () => {
    const names = [...'abcdefgh'];
    const { nodes } = create(...names.map(customer), ...names.map((name) => provider(name, name)));
    const places = nodes.filter((node) => node.z).map((node) => `${node.x} ${node.y}`);
    assert.equal(new Set(places).size, places.length);
  });

  it('has room for long names: nodes that are beside each other, or that are wired, have space between them', () => {
    const { nodes } = create(customer('Acme International (ServiceNow)'), provider('North and East Networks (TMF621 v4)'));
    const left = (node: FlowNode) => Number(node.x) - width(node) / 2;
    const right = (node: FlowNode) => Number(node.x) + width(node) / 2;
    const placed = nodes.filter((node) => node.z && node.type !== 'comment');
    for (const one of placed) {
      assert.ok(left(one) >= 30, `${one.type} begins at ${left(one)}`);
      for (const other of placed) {
        const isNext = other.y === one.y || (one.wires as string[][]).flat().includes(other.id);
        if (isNext && Number(other.x) > Number(one.x))
          assert.ok(left(other) - right(one) >= 40, `${one.name || one.type} → ${other.name || other.type}`);
      }
    }
  });

  it('marks the side of new endpoints in the settings of the form', () => {
    assert.deepEqual(
      SCENARIOS.routing.roles.map(({ side }) => side),
      ['customer', 'provider'],
    );
  });
});

describe('a party that the wizard adds to a flow with a route node', () => {
  const rest: RouteRule = { from: 'side:customer', when: [], to: ['south'] };
  const flow = {
    tab: 'tab1',
    parties: ['acme', 'south'],
    rules: [rest],
    received: ['norm'],
    invalid: ['invalid'],
    answers: ['answers'],
    y: 500,
    above: { map: { id: 'map', type: 'switchboard-map', name: 'to South', x: 900, y: 440 } },
  };
  const add = (scenario: Scenario, one: Party) => addToRouteFlow(plan(scenario, one), flow, 'store1', generator());

  it('gets an in, a map and an out node that lead where those of the others lead, and the last row', () => {
    const { nodes, parties, endpoint, map, rules } = add('addCustomer', party('addCustomer', 'customer', 'Globex'));
    assert.deepEqual(parties, ['acme', 'south', endpoint]);
    assert.deepEqual(rules, [rest], 'a customer needs no rule');
    assert.equal(nodes.find((node) => node.id === endpoint)?.store, 'store1');
    const out = nodes.find((node) => node.type.endsWith('-out'))!;
    assert.deepEqual(
      nodes.filter((node) => node.z).map(({ type, z, y, wires }) => [type.replace(/.*-/, ''), z, y, wires]),
      [
        ['in', 'tab1', 500, [['norm']]],
        ['map', 'tab1', 500, [[out.id], ['invalid']]],
        ['out', 'tab1', 500, [['answers']]],
      ],
    );
    assert.equal(nodes.find((node) => node.id === map)?.name, 'to Globex');
  });

  it('begins where the nodes of the party above begin, and has room for its name', () => {
    const { nodes } = add('addCustomer', party('addCustomer', 'customer', 'Globex International Holding'));
    const [map, out] = ['switchboard-map', 'switchboard-servicenow-out'].map((type) => nodes.find((node) => node.type === type)!);
    assert.equal(Number(map!.x) - width(map!) / 2, 900 - width(flow.above.map) / 2);
    assert.equal(Number(out!.x) - width(out!) / 2, Number(map!.x) + width(map!) / 2 + 40);
  });

  it('gets its rule before the one for the rest; without categories none, because another party has the rest', () => {
    const north = add('addProvider', party('addProvider', 'provider', 'North', { takes: ['network'] }));
    assert.deepEqual(
      north.rules.map(({ to }) => to[0]),
      [north.endpoint, 'south'],
    );
    const east = add('addProvider', party('addProvider', 'provider', 'East'));
    assert.deepEqual([east.rules, east.unruled], [[rest], ['East']]);
  });

  it('uses an existing endpoint', () => {
    const { nodes, parties } = add('addCustomer', party('addCustomer', 'customer', 'Globex', { endpoint: 'there' }));
    assert.deepEqual([parties.at(-1), nodes.some((node) => node.type.endsWith('-endpoint'))], ['there', false]);
  });
});
