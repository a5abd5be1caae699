import assert from 'node:assert/strict';
import { createFlow, type Party } from '../../../nodes/first-steps/wizard/flow.editor.js';
import {
  type FlowNode,
  type Role,
  SCENARIOS,
  type Scenario,
  systemsFor,
  typesFor,
} from '../../../nodes/first-steps/wizard/scenarios.editor.js';
import { servicenow } from '../../../src/endpoints/servicenow/form.js';
import { tmf621 } from '../../../src/endpoints/tmf621/form.js';

const suggested = (role: Role) => systemsFor(role)[0]!;
const party = (role: Role, name: string, more: Partial<Party> = {}): Party => ({
  role,
  name,
  system: suggested(role),
  settings: { baseUrl: `https://${name}.example` },
  credentials: { user: name },
  entityType: typesFor(role, suggested(role))[0]!,
  receive: 'both',
  publicUrl: '',
  takes: [],
  ...more,
});
const roles = (scenario: Scenario) => SCENARIOS[scenario].roles as [Role, Role];

function create(scenario: Scenario, parties: Party[], store?: string) {
  let last = 0;
  const generator = { id: () => `id${String(++last).padStart(8, '0')}`, secret: () => `secret ${++last}` };
  const texts = { label: 'tab', comment: 'both ways', mapTo: (name: string) => `to ${name}`, width: () => 100 };
  const created = createFlow({ scenario, parties, ...texts, ...(store && { store }) }, generator);
  const of = (type: string) => created.nodes.filter((node) => node.type === `switchboard-${type}`);
  return { ...created, of };
}

/** Checks that all wires end at nodes of the flow, and that ids are unique. */
function assertComplete(nodes: FlowNode[]): void {
  const ids = new Set(nodes.map((node) => node.id));
  assert.equal(ids.size, nodes.length, 'no duplicate id');
  for (const node of nodes) {
    for (const id of ((node.wires as string[][]) ?? []).flat()) assert.ok(ids.has(id), `${node.type} is wired to ${id}`);
    for (const id of (node.links as string[]) ?? []) assert.ok(ids.has(id), `${node.type} links to ${id}`);
    if (node.z) assert.ok(ids.has(String(node.z)));
  }
}

describe('a flow created by the wizard', () => {
  const [customer, provider] = roles('ticket');
  const [buyer, vendor] = roles('order');

  it('equals the example with the chosen parties: the same nodes, wired the same way', () => {
    const { nodes } = create('ticket', [party(customer, 'acme'), party(provider, 'north')]);
    assertComplete(nodes);
    const shape = (flow: FlowNode[]) =>
      flow
        .filter((node) => node.z)
        .map((node) => [node.type, node.x, node.y, ((node.wires as string[][]) ?? []).map((port) => port.length)])
        .sort();
    assert.deepEqual(shape(nodes), shape(SCENARIOS.ticket.example));
    assert.ok(!JSON.stringify(nodes).includes('127.0.0.1'), 'no sandbox settings are left');
    assert.ok(!JSON.stringify(nodes).includes('SANDBOX'));
  });

  it('has the nodes of the chosen systems on either side', () => {
    const { of } = create('ticket', [
      party(customer, 'south', { system: tmf621, settings: { version: 'v5' } }),
      party(provider, 'acme', { system: servicenow, entityType: 'case' }),
    ]);
    assert.deepEqual(
      of('tmf621-in').map((node) => node.name),
      ['south'],
    );
    assert.deepEqual(
      of('servicenow-out').map(({ name, entityType }) => [name, entityType]),
      [['acme', 'case']],
    );
    assert.deepEqual(
      of('map')
        .map(({ name, entityType }) => [name, entityType])
        .sort(),
      [
        ['to acme', 'case'],
        ['to south', 'troubleTicket'],
      ],
    );
    assert.deepEqual(
      of('servicenow-endpoint').map((node) => node.entityTypes),
      [[{ name: 'case', table: 'sn_customerservice_case', fields: '' }]],
    );
  });

  it('uses existing endpoints and stores, and creates missing ones', () => {
    const { of, nodes } = create('ticket', [party(customer, 'acme', { endpoint: 'there' }), party(provider, 'north')], 'kept');
    assert.deepEqual([of('servicenow-endpoint').length, of('store').length], [0, 0]);
    assert.equal(of('tmf-endpoint')[0]?.store, 'kept');
    assert.ok(nodes.filter((node) => node.type.startsWith('switchboard-servicenow-')).every((node) => node.endpoint === 'there'));
    assert.equal(
      create('ticket', [party(customer, 'acme'), party(provider, 'north')]).nodes.filter((n) => n.type === 'switchboard-store')
        .length,
      1,
    );
  });

  it('receives changes as chosen, and returns the webhook settings for ServiceNow', () => {
    const notified = create('ticket', [
      party(customer, 'Acme & Söhne', { receive: 'events' }),
      party(provider, 'north', { receive: 'polling' }),
    ]);
    const [sn] = notified.of('servicenow-in');
    assert.deepEqual([sn?.webhook, sn?.poll], [true, false]);
    assert.match(String(sn?.path), /^switchboard\/acme-sohne-\w+$/);
    assert.deepEqual(notified.webhooks, [
      { name: 'Acme & Söhne', path: sn?.path, secret: (sn!.credentials as { secret: string }).secret },
    ]);
    const [tmf] = notified.of('tmf621-in');
    assert.deepEqual([tmf?.hub, tmf?.poll], [false, true]);
    const polled = create('ticket', [party(customer, 'acme', { receive: 'polling' }), party(provider, 'north')]);
    assert.deepEqual(polled.webhooks, []);
  });

  for (const count of [1, 2, 6]) {
    it(`splits an order among ${count} vendors: a leg and an output for each, and no overlapping nodes`, () => {
      const vendors = Array.from({ length: count }, (_, i) =>
        party(vendor, `Vendor ${i}`, { takes: i === 0 ? [] : [`kind${i}`] }),
      );
      const { nodes, of } = create('order', [party(buyer, 'acme'), ...vendors]);
      assertComplete(nodes);
      const fan = of('fan-out')[0] as FlowNode & {
        legs: { name: string; takes: object[] }[];
        wires: string[][];
        outputs: number;
      };
      assert.equal(fan.outputs, count + 1);
      assert.equal(fan.wires.length, count + 1);
      assert.equal(new Set(fan.legs.map((leg) => leg.name)).size, count);
      fan.wires.slice(0, count).forEach((wires, leg) => {
        const map = nodes.find((node) => node.id === wires[0]);
        assert.equal(
          map?.name,
          `to ${fan.legs[leg]?.name.replace('vendor-', 'Vendor ')}`,
          'the output of a leg leads to its vendor',
        );
      });
      assert.deepEqual(fan.legs.at(-1)?.takes, [{ field: 'id', is: ['*'] }], 'the vendor for the remaining items comes last');
      const places = nodes.filter((node) => node.z).map((node) => `${node.x} ${node.y}`);
      assert.equal(new Set(places).size, places.length);
    });
  }

  it('gives vendors with the same name different leg names', () => {
    const { of } = create('order', [
      party(buyer, 'acme'),
      party(vendor, 'Nord', { takes: ['a'] }),
      party(vendor, 'nord', { takes: ['b'] }),
    ]);
    assert.deepEqual(
      (of('fan-out')[0]!.legs as { name: string }[]).map((leg) => leg.name),
      ['nord', 'nord-2'],
    );
  });
});
