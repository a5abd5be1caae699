import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import { handle } from '../../../nodes/kit/handle.js';
import { show } from '../../../nodes/kit/status.js';
import { Availability } from '../../../src/delivery/availability.js';
import { addStore } from '../../../src/delivery/brokers.js';
import { shownText } from '../../../src/delivery/shown-text.js';
import { DecisionError } from '../../../src/errors.js';
import { health } from '../../../src/health/health.js';
import { readiness } from '../../../src/health/readiness.js';
import { PERSONAL_CLASSES } from '../../../src/model/personal.js';
import { People } from '../../../src/privacy/people.js';

/** What a node shows, and its input. */
function fakeNode() {
  const shown: unknown[] = [];
  const node = Object.assign(new EventEmitter(), { id: 'n', type: 'x', status: (status: unknown) => shown.push(status) });
  return { node: node as unknown as Node, shown };
}

const CLEAR = 'Acme: Ada Lovelace (ada@acme.example, +44 20 1234517) is unknown.';
const MASKED = 'Acme: A… L… (a…@acme.example, +44 … 17) is unknown.';

describe('texts that everyone may see, where a store masks people’s data', () => {
  let remove: () => void;
  before(() => {
    const people = new People(new Set(PERSONAL_CLASSES));
    people.learn({ record: { caller_id_name: 'Ada Lovelace' } });
    const availability = new Availability();
    availability.failed({ error: new DecisionError('items', 'SWB_STORE', CLEAR) });
    remove = addStore({ name: 'store', availability, people });
  });
  after(() => remove());

  it('are masked in logs', () => assert.equal(shownText(CLEAR), MASKED));

  it('are masked in the status of a node', () => {
    const { node, shown } = fakeNode();
    show(node, 'error', CLEAR);
    assert.match(JSON.stringify(shown), /Acme: A… L… \(a…@acme/);
  });

  it('are masked in the errors of nodes, whose class and code stay', async () => {
    const { node } = fakeNode();
    const error = new DecisionError('items', 'SWB_FLOW', CLEAR);
    handle(node, () => {
      throw error;
    });
    const done = new Promise<Error>((resolve) => node.emit('input', {}, () => undefined, resolve));
    const thrown = (await done) as DecisionError;
    assert.ok(thrown instanceof DecisionError);
    assert.deepEqual([thrown.message, thrown.code, thrown.kind], [MASKED, 'SWB_FLOW', 'items']);
    assert.ok(!thrown.stack?.includes('Lovelace'));
  });

  it('are masked in the health checks, which need no sign-in', async () => {
    for (const check of [health, readiness]) {
      const text = JSON.stringify(await check());
      assert.ok(text.includes(MASKED) && !text.includes('Lovelace'), text);
    }
  });

  it('are as they are where no store masks anything', () => {
    remove();
    assert.equal(shownText(CLEAR), CLEAR);
  });
});
