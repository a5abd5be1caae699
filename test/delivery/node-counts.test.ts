import assert from 'node:assert/strict';
import { NodeCounts } from '../../src/delivery/node-counts.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { inAnyState } from '../store/any-state.js';
import { newFolder, removeFolders } from '../store/folders.js';
import { delivery, message } from '../store/records.js';

const ERROR = { code: 'SWB_PARTNER_DOWN', message: 'down', at: '' };

describe('the counts of a node', () => {
  let store: LowdbStore;
  let counts: NodeCounts;
  let changes: number;
  beforeEach(async () => {
    store = inAnyState(new LowdbStore({ folder: await newFolder() }));
    await store.open();
    changes = 0;
  });
  afterEach(async () => {
    counts.stop();
    await store.close();
    await removeFolders();
  });
  const begin = async (kind: 'message' | 'delivery' = 'delivery', node = 'out-1') => {
    counts = new NodeCounts(store, kind, node, () => changes++);
    await counts.begin(kind === 'message' ? 'acme' : 'csp');
  };
  const put = (record: DeliveryRecord) => store.commit([{ kind: 'delivery', record }]);
  const change = async (id: string, to: Partial<DeliveryRecord>) => put({ ...(await store.delivery(id))!, ...to });

  it('include failures from before a restart, but none of other nodes', async () => {
    await put(delivery('d1', { state: 'failed' }));
    await put(delivery('d2', { state: 'failed', node: 'out-2' }));
    await put(delivery('d3', { state: 'delivered' }));
    await begin();
    assert.equal(counts.failed, 1);
    assert.equal(changes, 1);
  });

  it('include a failure until it is replayed or skipped, and again when it fails again', async () => {
    await put(delivery('d1'));
    await put(delivery('d2'));
    await begin();
    assert.equal(counts.failed, 0);
    await change('d1', { state: 'failed' });
    await change('d2', { state: 'failed' });
    assert.equal(counts.failed, 2);
    await change('d1', { state: 'inDoubt' });
    await change('d2', { state: 'skipped' });
    assert.equal(counts.failed, 0);
    await change('d1', { state: 'failed' });
    assert.equal(counts.failed, 1);
  });

  it('include deliveries under way, and the time of the next retry', async () => {
    await put(delivery('d1', { notBefore: 5_000, error: ERROR }));
    await put(delivery('d2', { notBefore: 3_000, error: ERROR, state: 'inDoubt' }));
    await put(delivery('d3', { waitsFor: 'link' }));
    await begin();
    assert.equal(counts.nextTry, 3_000);
    await change('d2', { state: 'sending', notBefore: undefined, error: undefined });
    await until('the next retry to be that of d1', () => counts.nextTry === 5_000);
    assert.equal(counts.inFlight, 1);
    await change('d2', { state: 'delivered' });
    await change('d1', { state: 'delivered', notBefore: undefined, error: undefined });
    await until('no retry to be left', () => counts.nextTry === undefined);
    assert.equal(counts.inFlight, 0);
  });

  it('include the failed messages of an in node', async () => {
    await store.commit([{ kind: 'message', record: message('m1', { state: 'failed' }) }]);
    await begin('message', 'in-1');
    assert.equal(counts.failed, 1);
    await store.commit([{ kind: 'message', record: { ...(await store.message('m1'))!, state: 'received' } }]);
    assert.equal(counts.failed, 0);
  });

  it('separate decisions from failures', async () => {
    await put(delivery('d1', { state: 'needsDecision' }));
    await put(delivery('d2', { state: 'needsDecision' }));
    await put(delivery('d3', { state: 'failed' }));
    await begin();
    assert.deepEqual([counts.failed, counts.undecided], [1, 2]);
    await change('d1', { state: 'inDoubt' });
    assert.deepEqual([counts.failed, counts.undecided], [1, 1]);
  });

  it('include a warning until a user has seen it, also after a restart', async () => {
    await put(delivery('d1', { state: 'delivered', error: ERROR }));
    await put(delivery('d2', { state: 'delivered', error: { ...ERROR, seen: { at: '', by: 'ann' } } }));
    await put(delivery('d3', { state: 'delivered', error: ERROR, node: 'out-2' }));
    await put(delivery('d4', { state: 'sending' }));
    await begin();
    assert.equal(counts.warned, 1);
    await change('d4', { state: 'delivered', error: ERROR });
    await until('the warning to be counted', () => counts.warned === 2);
    await change('d1', { error: { ...ERROR, seen: { at: '', by: '' } } });
    await until('the warning to be acknowledged', () => counts.warned === 1);
    assert.equal(counts.failed, 0);
  });

  it('include messages of an in node with a warning', async () => {
    await store.commit([{ kind: 'message', record: message('m1', { state: 'settled', warning: ERROR }) }]);
    await begin('message', 'in-1');
    assert.equal(counts.warned, 1);
  });

  it('do not change once they are stopped', async () => {
    await put(delivery('d1'));
    await begin();
    counts.stop();
    await change('d1', { state: 'failed' });
    assert.deepEqual([counts.failed, changes], [0, 1]);
  });
});
