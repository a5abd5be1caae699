import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { preset } from '../../src/endpoints/registry.js';
import { type DeployKind, deploy, type FlowNode, until } from '../live/node-red.js';
import { KINDS, type Kind, OrdersRig } from '../live/orders-rig.js';
import { FaultRig, print, seeded } from './fault-rig.js';
import { judge } from './loss-oracle.js';
import { RandomLoad } from './random-load.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
/** Deploys of each node. */
const ROUNDS = LONG ? 6 : 1;
/** Things that people do between two deploys. */
const BETWEEN = 8;

/** One node of every type in the first example, and what stands between them. */
const NODES = [
  ...['sb1-sn-in', 'sb1-tmf-in', 'sb1-norm-sn', 'sb1-corr-sn', 'sb1-map-tmf', 'sb1-tmf-out', 'sb1-sn-out', 'enrich'],
  ...['own-mapping', 'sb1-tmf', 'sb1-sn', 'sb1-store'],
];

/** The same for the second example. */
const ORDER_NODES = [
  ...['sb2-order-in', 'sb2-corr-order', 'sb2-fan', 'sb2-map-mobile', 'sb2-mobile-out', 'sb2-answers-in', 'sb2-mobile-in'],
  ...['sb2-roll', 'sb2-map-order', 'sb2-order-out', 'sb2-mobile', 'sb2-sn', 'sb2-store'],
];
const DEPLOYS: DeployKind[] = ['nodes', 'flows', 'full'];

/** A function node that holds each message for a moment, as one that asks somebody else does. */
function enrich(id: string, next: string): FlowNode {
  const func = 'await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));\nreturn msg;';
  return { id, type: 'function', z: 'sb1-flow', x: 0, y: 0, func, outputs: 1, wires: [[next]] } as unknown as FlowNode;
}

/** Computes for a few minutes, longer than any test here: it must not go on where the tests were killed. */
const BURN = 'for (const end = performance.now() + 600_000; performance.now() < end; );';

/** Keeps all processors busy; returns the function that ends it. */
function busyMachine(): () => void {
  const burners: ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', BURN], { stdio: 'ignore' }),
  );
  return () => {
    for (const burner of burners) burner.kill('SIGKILL');
  };
}

describe('deploys while tickets are in flight', () => {
  for (const kind of DEPLOYS) {
    it(`of modified ${kind === 'full' ? 'or unmodified nodes (full)' : kind} lose, duplicate and mix up nothing`, async () => {
      const { seed, random } = seeded();
      const rig = await FaultRig.start(random, {
        nodes: {
          'sb1-corr-sn': { wires: [['enrich'], ['enrich'], ['sb1-ignored']] },
          'sb1-norm-tmf': { wires: [['enrich-back']] },
          'sb1-map-tmf': { mapping: 'own-mapping' },
          'sb1-sn': { retryDelay: '0.1' },
          'sb1-tmf': { retryDelay: '0.1' },
        },
        more: [
          enrich('enrich', 'sb1-map-tmf'),
          enrich('enrich-back', 'sb1-corr-tmf'),
          { id: 'own-mapping', type: 'switchboard-mapping', name: '', mapping: preset('tmf621', 'troubleTicket', 'v4') },
        ],
      });
      const idle = busyMachine();
      try {
        const load = new RandomLoad({ seed, random, partners: rig.partners, silentProvider: false });
        const work = () => {
          for (let i = 0; i < BETWEEN; i++) {
            if (load.tickets.length < 10 || random() < 0.4) load.open();
            else load.act();
          }
        };
        let deploys = 0;
        for (const id of Array.from({ length: ROUNDS }, () => NODES).flat()) {
          work();
          await until('messages in their flows', async () => {
            // The store is closed for a moment.
            const received = (await rig.counts().catch(() => undefined))?.messages?.received;
            if (received === 0) load.act();
            return received;
          });
          await deploy(rig.url, kind, (nodes) =>
            nodes.map((node) => (node.id === id ? { ...node, name: `${++deploys}` } : node)),
          );
        }
        idle();
        await rig.idle('all to be processed');
        load.lastChanges();
        const unsettled = await rig.idle('all to be settled');
        const { faults, said } = judge(rig.partners, load.tickets, unsettled, new Set());
        const { messages } = await rig.counts();
        print('deploys', { deploys, tickets: load.tickets.length, acts: load.acts, messages: messages.settled });
        assert.deepEqual([said, faults], [[], Object.fromEntries(Object.keys(faults).map((name) => [name, 0]))]);
        assert.deepEqual(unsettled, []);
      } finally {
        idle();
        await rig.stop();
      }
    });
  }

  it('of fan out, roll up and what is beside them lose no item and order none twice', async () => {
    const rig = await OrdersRig.start();
    const idle = busyMachine();
    try {
      for (const version of ['v4', 'v5'] as const) rig.sandbox.orders(version).autoAdvance = 300;
      const wants: Kind[] = ['sim', 'phone', 'laptop'];
      const placed: { id: string; title: string }[] = [];
      const nodes = Array.from({ length: ROUNDS }, () => ORDER_NODES)
        .flat()
        .map((id, index) => ({ kind: DEPLOYS[index % DEPLOYS.length]!, id }));
      for (const [index, { kind, id }] of nodes.entries()) {
        const title = `Order ${index}`;
        placed.push({ id: rig.place(title, wants), title });
        await until('a message of it', () => rig.received());
        await deploy(rig.live.url, kind, (all) => all.map((node) => (node.id === id ? { ...node, name: `${index}` } : node)));
      }
      idle();
      await rig.until('every item to be completed', () => {
        for (const item of rig.requestItems().filter(({ state }) => state !== '3'))
          rig.sandbox.servicenow.update('sc_req_item', item.sys_id, { state: '3' }, 'agent');
        return placed.every(({ id }) => Object.values(rig.states(id)).every((state) => state === 'completed'));
      });
      await rig.quiet();
      for (const { title } of placed) {
        const orders = [...rig.vendorOrders('mobile'), ...rig.vendorOrders('devices')].filter((o) => o.description === title);
        assert.equal(orders.length, new Set(wants.slice(0, 2).map((kind) => KINDS[kind].vendor)).size, title);
      }
      assert.equal(rig.requestItems().length, placed.length);
      assert.deepEqual(await rig.failures(), []);
    } finally {
      idle();
      await rig.stop();
    }
  });
});
