import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node, NodeAPI } from 'node-red';
import { reportInvalid, whenValid } from '../../../nodes/kit/configured.js';
import { handle } from '../../../nodes/kit/handle.js';
import { flowsStarted, flowsStopping } from '../../../src/delivery/brokers.js';
import { nodeChecks, nodeTroubles } from '../../../src/delivery/node-troubles.js';
import { SwitchboardError } from '../../../src/errors.js';

/** A node that notes what it shows and logs. */
function fakeNode() {
  const seen: string[] = [];
  const node = Object.assign(new EventEmitter(), {
    id: `n${Math.random()}`,
    type: 'switchboard-map',
    status: ({ text = 'cleared' }: { text?: string }) => seen.push(text),
    error: (text: string) => seen.push(`error: ${text}`),
    log: (text: string) => seen.push(`log: ${text}`),
  });
  const troubles = () => nodeTroubles().filter(({ id }) => id === node.id).length;
  return { node: node as unknown as Node, seen, troubles, close: () => node.emit('close') };
}

describe('a node whose config node is missing', () => {
  it('works once a deploy of only the modified nodes brings it, and complains once until then', () => {
    const RED = { events: new EventEmitter() } as unknown as NodeAPI;
    const { node, seen, troubles, close } = fakeNode();
    const deploy = () => (RED.events as unknown as EventEmitter).emit('flows:started');
    let isThere = false;
    let started = 0;
    whenValid(RED, node, () => {
      if (!isThere) throw new SwitchboardError('SWB_CONFIG', 'No endpoint.', { field: 'endpoint' });
      started++;
    });
    deploy();
    assert.deepEqual([seen, troubles(), started], [['No endpoint.', 'error: No endpoint.'], 1, 0]);
    isThere = true;
    deploy();
    deploy();
    assert.deepEqual([seen.slice(2), troubles(), started], [['cleared'], 0, 1]);
    close();
  });
});

describe('a node whose settings take a while to be checked', () => {
  const RED = { events: new EventEmitter() } as unknown as NodeAPI;
  const isChecked = ({ id }: Node) => !nodeChecks().some((check) => check.id === id);

  it('is known to be unchecked until its trouble, or that it has none, is known', async () => {
    for (const error of [undefined, new SwitchboardError('SWB_CONFIG', 'No condition.'), new Error('busy')]) {
      const { node, troubles, close } = fakeNode();
      whenValid(RED, node, () => (error ? Promise.reject(error) : Promise.resolve()));
      assert.deepEqual([isChecked(node), troubles()], [false, 0]);
      // Nothing can ask between the end of the check and the trouble.
      while (!isChecked(node)) await Promise.resolve();
      assert.equal(troubles(), error instanceof SwitchboardError ? 1 : 0);
      close();
    }
  });

  it('is forgotten when it is closed before that', () => {
    const { node, close } = fakeNode();
    whenValid(RED, node, () => new Promise<void>(() => undefined));
    assert.equal(isChecked(node), false);
    close();
    assert.equal(isChecked(node), true);
  });
});

describe('the status of a former instance of a node', () => {
  it('is cleared when the node starts, but not what the new instance shows', () => {
    const { node, seen } = fakeNode();
    handle(node, () => {});
    assert.deepEqual(seen, ['cleared']);
    const invalid = fakeNode();
    reportInvalid(invalid.node, new Error('bad rule'));
    handle(invalid.node, () => {});
    assert.deepEqual(invalid.seen, ['bad rule', 'error: bad rule']);
    invalid.close();
  });
});

describe('a message in a node when a deploy closes the store', () => {
  it('does not fail: it enters its flow again after the deploy', async () => {
    const { node, seen } = fakeNode();
    handle(node, () => Promise.reject(new SwitchboardError('SWB_CLOSED', 'The store is not open.')));
    const results: unknown[] = [];
    const input = async () => {
      node.emit(
        'input',
        {},
        () => {},
        (error?: Error) => results.push(error?.message),
      );
      await new Promise(setImmediate);
    };
    flowsStopping();
    await input();
    flowsStarted();
    assert.deepEqual([results, seen.slice(1)], [[], ['log: The store is not open.']]);
    await input();
    assert.deepEqual(results, ['The store is not open.']);
  });
});
