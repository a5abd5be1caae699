import assert from 'node:assert/strict';
import { FlowGraph, type FlowNode } from '../../../nodes/kit/flow-graph.js';

const IN = { type: 'switchboard-tmf621-in', endpoint: 'provider' };
const out = (id: string, endpoint: string): FlowNode => ({ id, type: 'switchboard-servicenow-out', endpoint, z: 'tab' });
const leads = (nodes: FlowNode[]) =>
  Object.fromEntries(
    new FlowGraph(nodes).inNodes('provider', 'troubleTicket').map(({ node, leadsTo }) => [node, [...leadsTo].sort()]),
  );

describe('the graph of a flow file', () => {
  const customers = [out('out-a', 'customer-a'), out('out-b', 'customer-b')];

  it('leads from an in node along the wires, past loops, to the endpoints of the out nodes', () => {
    assert.deepEqual(
      leads([
        { ...IN, id: 'in', z: 'tab', wires: [['f']] },
        { id: 'f', type: 'function', z: 'tab', wires: [['f', 'out-a'], ['out-b']] },
        ...customers,
      ]),
      { in: ['customer-a', 'customer-b'] },
    );
  });

  it('ends at an out node, because the answer that it emits is another message', () => {
    const [first, second] = customers;
    assert.deepEqual(leads([{ ...IN, id: 'in', z: 'tab', wires: [['out-a']] }, { ...first!, wires: [['out-b']] }, second!]), {
      in: ['customer-a'],
    });
  });

  it('leads through link nodes, whichever end names the other, and to the other tab', () => {
    assert.deepEqual(
      leads([
        { id: 'tab', type: 'tab' },
        { ...IN, id: 'in', z: 'tab', wires: [['lo'], ['lc']] },
        { id: 'lo', type: 'link out', z: 'tab', links: [] },
        { id: 'li', type: 'link in', z: 'tab', links: ['lo'], wires: [['out-a']] },
        { id: 'lc', type: 'link call', z: 'tab', links: ['li2'], wires: [[]] },
        { id: 'li2', type: 'link in', z: 'other', wires: [['out-b']] },
        ...customers,
      ]),
      { in: ['customer-a', 'customer-b'] },
    );
  });

  it('leads into a subflow, and through it to what is wired behind it', () => {
    const subflow = { id: 's', type: 'subflow', in: [{ wires: [{ id: 's-f' }] }], out: [{ wires: [{ id: 's-f', port: 0 }] }] };
    assert.deepEqual(
      leads([
        subflow,
        { id: 's-f', type: 'function', z: 's', wires: [['s-out']] },
        { ...out('s-out', 'customer-b'), z: 's' },
        { ...IN, id: 'in', z: 'tab', wires: [['i']] },
        { id: 'i', type: 'subflow:s', z: 'tab', wires: [['out-a']] },
        ...customers,
      ]),
      { in: ['customer-a', 'customer-b'] },
    );
  });

  it('leads out of a subflow in which the in node is', () => {
    const graph = new FlowGraph([
      { id: 's', type: 'subflow', in: [], out: [{ wires: [{ id: 's-in', port: 0 }] }] },
      { ...IN, id: 's-in', z: 's', wires: [[]] },
      { id: 'i', type: 'subflow:s', z: 'tab', wires: [['out-a']] },
      ...customers,
    ]);
    assert.deepEqual([...graph.leadsTo('s-in')], ['customer-a']);
    assert.deepEqual(graph.inNodes('provider', 'troubleTicket'), []);
  });

  it('leaves out in nodes of other endpoints and record types, and leads to no disabled out node, except from a disabled in node', () => {
    assert.deepEqual(
      leads([
        { id: 'tab', type: 'tab' },
        { id: 'off', type: 'tab', disabled: true },
        { ...IN, id: 'in', z: 'tab', wires: [['out-a', 'gone']] },
        { ...out('gone', 'customer-b'), d: true },
        { ...IN, id: 'in-off', z: 'off', wires: [['out-b']] },
        { ...IN, id: 'in-d', z: 'tab', d: true, wires: [['out-b']] },
        { ...IN, id: 'in-elsewhere', endpoint: 'other', z: 'tab', wires: [['out-b']] },
        { id: 'in-order', type: 'switchboard-tmf622-in', endpoint: 'provider', z: 'tab', wires: [['out-b']] },
        ...customers,
      ]),
      { in: ['customer-a'], 'in-off': ['customer-b'], 'in-d': ['customer-b'] },
    );
  });

  it('knows which in nodes are disabled, by themselves or with their tab', () => {
    const graph = new FlowGraph([
      { id: 'tab', type: 'tab' },
      { id: 'off', type: 'tab', disabled: true },
      { ...IN, id: 'in', z: 'tab' },
      { ...IN, id: 'in-off', z: 'off' },
      { ...IN, id: 'in-d', z: 'tab', d: true },
    ]);
    assert.deepEqual(
      graph.inNodes('provider', 'troubleTicket').map(({ node, isDisabled }) => [node, isDisabled]),
      [
        ['in', false],
        ['in-off', true],
        ['in-d', true],
      ],
    );
  });
});
