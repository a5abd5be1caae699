import assert from 'node:assert/strict';
import { NodeCounts } from '../../src/delivery/node-counts.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { newFolder, removeFolders } from '../store/folders.js';
import { delivery, message } from '../store/records.js';

const ERROR = { code: 'SWB_PARTNER_DOWN', message: 'down', at: '' };

describe('how what a node gave out stands', () => {
  let store: LowdbStore;
  let standing: NodeCounts;
  let changes: number;
  beforeEach(async () => {
    store = new LowdbStore({ folder: await newFolder() });
    await store.open();
    changes = 0;
  });
  afterEach(async () => {
    standing.stop();
    await store.close();
    await removeFolders();
  });
  const begin = async (kind: 'message' | 'delivery' = 'delivery', node = 'out-1') => {
    standing = new NodeCounts(store, kind, node, () => changes++);
    await standing.begin(kind === 'message' ? 'acme' : 'csp');
  };
  const put = (record: DeliveryRecord) => store.commit([{ kind: 'delivery', record }]);
  const change = async (id: string, to: Partial<DeliveryRecord>) => put({ ...(await store.delivery(id))!, ...to });

  it('what failed before a restart counts; of other nodes nothing does', async () => {
    await put(delivery('d1', { state: 'failed' }));
    await put(delivery('d2', { state: 'failed', node: 'out-2' }));
    await put(delivery('d3', { state: 'delivered' }));
    await begin();
    assert.equal(standing.failed, 1);
    assert.equal(changes, 1);
  });

  it('a failure counts until it is replayed or skipped, again when it fails again', async () => {
    await put(delivery('d1'));
    await put(delivery('d2'));
    await begin();
    assert.equal(standing.failed, 0);
    await change('d1', { state: 'failed' });
    await change('d2', { state: 'failed' });
    assert.equal(standing.failed, 2);
    await change('d1', { state: 'inDoubt' });
    await change('d2', { state: 'skipped' });
    assert.equal(standing.failed, 0);
    await change('d1', { state: 'failed' });
    assert.equal(standing.failed, 1);
  });

  it('says what is under way, and when what failed for the moment is tried again', async () => {
    await put(delivery('d1', { notBefore: 5_000, error: ERROR }));
    await put(delivery('d2', { notBefore: 3_000, error: ERROR, state: 'inDoubt' }));
    await put(delivery('d3', { waitsFor: 'link' }));
    await begin();
    assert.equal(standing.nextTry, 3_000);
    await change('d2', { state: 'sending', notBefore: undefined, error: undefined });
    assert.deepEqual([standing.inFlight, standing.nextTry], [1, 5_000]);
    await change('d2', { state: 'delivered' });
    await change('d1', { state: 'delivered', notBefore: undefined, error: undefined });
    assert.deepEqual([standing.inFlight, standing.nextTry], [0, undefined]);
  });

  it('counts the failed messages of an in node', async () => {
    await store.commit([{ kind: 'message', record: message('m1', { state: 'failed' }) }]);
    await begin('message', 'in-1');
    assert.equal(standing.failed, 1);
    await store.commit([{ kind: 'message', record: { ...(await store.message('m1'))!, state: 'received' } }]);
    assert.equal(standing.failed, 0);
  });

  it('counts what needs a decision apart from what failed', async () => {
    await put(delivery('d1', { state: 'needsDecision' }));
    await put(delivery('d2', { state: 'needsDecision' }));
    await put(delivery('d3', { state: 'failed' }));
    await begin();
    assert.deepEqual([standing.failed, standing.undecided], [1, 2]);
    await change('d1', { state: 'inDoubt' });
    assert.deepEqual([standing.failed, standing.undecided], [1, 1]);
  });

  it('counts what went on with a warning until a person has seen it, over a restart too', async () => {
    await put(delivery('d1', { state: 'delivered', error: ERROR }));
    await put(delivery('d2', { state: 'delivered', error: { ...ERROR, seen: { at: '', by: 'ann' } } }));
    await put(delivery('d3', { state: 'delivered', error: ERROR, node: 'out-2' }));
    await put(delivery('d4', { state: 'sending' }));
    await begin();
    assert.equal(standing.warned, 1);
    await change('d4', { state: 'delivered', error: ERROR });
    assert.equal(standing.warned, 2);
    await change('d1', { error: { ...ERROR, seen: { at: '', by: '' } } });
    assert.deepEqual([standing.warned, standing.failed], [1, 0]);
  });

  it('counts the messages of an in node of which something was left out', async () => {
    await store.commit([{ kind: 'message', record: message('m1', { state: 'settled', warning: ERROR }) }]);
    await begin('message', 'in-1');
    assert.equal(standing.warned, 1);
  });

  it('says nothing any more once it was stopped', async () => {
    await put(delivery('d1'));
    await begin();
    standing.stop();
    await change('d1', { state: 'failed' });
    assert.deepEqual([standing.failed, changes], [0, 1]);
  });
});
