import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { nodeNames } from '../../../nodes/sidebar/node-names.js';
import { Availability } from '../../../src/delivery/availability.js';
import type { Broker } from '../../../src/delivery/broker.js';
import { addStore } from '../../../src/delivery/brokers.js';

const RUNNING: Record<string, object> = {
  a: { type: 'switchboard-servicenow', name: '', label: 'Acme' },
  b: { type: 'switchboard-servicenow-in', name: '' },
};
const DISABLED = { id: 'c', type: 'switchboard-tmf', name: 'North', d: true };
const RED = {
  nodes: { getNode: (id: string) => RUNNING[id] ?? null, eachNode: (each: (node: object) => void) => each(DISABLED) },
} as unknown as NodeAPI;

describe('the names of nodes in the views', () => {
  it('are those set in the editor, the types, or the last known names of deleted endpoints', () => {
    const availability = new Availability();
    const remove = addStore({ name: 'test', availability });
    const names: Record<string, string> = { d: 'South (deleted)' };
    availability.opened({ nameOf: (id: string) => names[id] } as unknown as Broker);
    assert.deepEqual(['a', 'b', 'c', 'd', 'e'].map(nodeNames(RED)), ['Acme', 'servicenow in', 'North', 'South (deleted)', 'e']);
    remove();
  });
});
