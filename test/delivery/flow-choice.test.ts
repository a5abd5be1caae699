import assert from 'node:assert/strict';
import { chooseFlow, eligibleFlows, type IntakeFlow } from '../../src/delivery/flow-choice.js';

const flow = (node: string, leadsTo: string[], condition = ''): IntakeFlow => ({
  node,
  name: node,
  condition,
  leadsTo: new Set(leadsTo),
});

describe('the flow that a message enters', () => {
  const A = flow('in-a', ['customer-a']);
  const B = flow('in-b', ['customer-b']);
  const vip = flow('in-vip', ['customer-v'], 'vip');
  const night = flow('in-night', ['customer-n'], 'night');
  const choice = async (flows: IntakeFlow[], parties: string[], ...holding: string[]) =>
    (await chooseFlow(flows, parties, async ({ condition }) => holding.includes(condition)))?.node;

  it('is the one that leads to the other party of its conversation, wherever it is in the flow file', async () => {
    assert.equal(await choice([A, B], ['customer-a']), 'in-a');
    assert.equal(await choice([A, B], ['customer-b']), 'in-b');
    assert.equal(await choice([vip, A, B], ['customer-b'], 'vip'), 'in-b');
  });

  it('is the one that leads to most of the parties', async () => {
    const both = flow('in-both', ['customer-a', 'customer-b']);
    assert.equal(await choice([A, both], ['customer-a', 'customer-b']), 'in-both');
  });

  it('takes an update whatever its condition says of the record now', async () => {
    assert.equal(await choice([vip, A], ['customer-v']), 'in-vip');
    assert.equal(await choice([vip], ['customer-x']), 'in-vip');
  });

  it('is, for a new record, the first whose condition holds, else the first without a condition', async () => {
    assert.equal(await choice([A, vip, night], [], 'night'), 'in-night');
    assert.equal(await choice([A, vip, night], [], 'night', 'vip'), 'in-vip');
    assert.equal(await choice([vip, A, B], []), 'in-a');
    assert.equal(await choice([vip, night], []), undefined);
  });

  it('is chosen by the conditions where several lead to the parties, or none does', async () => {
    const other = flow('in-other', ['customer-a'], 'vip');
    assert.equal(await choice([A, other], ['customer-a'], 'vip'), 'in-other');
    assert.equal(await choice([A, other], ['customer-a']), 'in-a');
    assert.equal(await choice([A, vip], ['customer-x'], 'vip'), 'in-vip');
    assert.equal(await choice([A, vip], ['customer-x']), 'in-a');
  });
});

describe('the flows that may take a message', () => {
  const A = flow('in-a', ['customer-a']);
  const B = flow('in-b', ['customer-b']);
  const offB = { ...flow('in-off', ['customer-b']), isDisabled: true };
  const eligible = (flows: IntakeFlow[], parties: string[], ...running: string[]) =>
    eligibleFlows(flows, parties, ({ node }) => running.includes(node)).map(({ node }) => node);

  it('are those that run, for a new record and for what no flow owns', () => {
    assert.deepEqual(eligible([A, B, offB], [], 'in-a'), ['in-a']);
    assert.deepEqual(eligible([A, B, offB], ['customer-x'], 'in-a'), ['in-a']);
  });

  it('are all that are enabled, for an update of which one of them is the owner, whether it runs or not', () => {
    assert.deepEqual(eligible([A, B, offB], ['customer-b'], 'in-a'), ['in-a', 'in-b']);
  });

  it('are the disabled owners of an update if no other flow leads to its parties: it waits for them', () => {
    assert.deepEqual(eligible([A, offB], ['customer-b'], 'in-a'), ['in-off']);
    assert.deepEqual(eligible([A, offB], ['customer-a'], 'in-a'), ['in-a']);
  });
});
