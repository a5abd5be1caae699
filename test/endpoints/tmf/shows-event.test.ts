import assert from 'node:assert/strict';
import { showsEvent } from '../../../src/endpoints/tmf/shows-event.js';

const WHOLE = ['state', 'productOrderItem'];
const order = { id: '1', state: 'completed', productOrderItem: [{ id: '1', state: 'completed' }], note: [{ id: 'n1' }] };
const at = (lastUpdate: string, more = {}) => ({ id: '1', lastUpdate, ...more });

describe('a resource that was read shows an event', () => {
  it('where it was changed later', () => {
    assert.ok(showsEvent(at('2026-11-29T12:00:01Z', { state: 'completed' }), at('2026-11-29T12:00:00Z', { state: 'held' })));
  });

  it('where it has the same time of change and everything that the event says', () => {
    const reported = at('2026-11-29T12:00:00Z', { state: 'held' });
    assert.ok(
      showsEvent(at('2026-11-29T12:00:00.000Z', { state: 'held' }), { ...reported, lastUpdate: '2026-11-29T12:00:00.000Z' }),
    );
    assert.ok(!showsEvent(at('2026-11-29T12:00:00Z', { state: 'completed' }), reported));
  });

  it('where it equals the whole resource of the event', () => {
    assert.ok(showsEvent(order, { ...order, note: [{ id: 'n1' }] }, WHOLE));
  });

  it('but not where it is older, or differs in any attribute or entry', () => {
    assert.ok(!showsEvent(at('2026-11-29T12:00:00Z'), at('2026-11-29T12:00:01Z')));
    assert.ok(!showsEvent(order, { ...order, note: [{ id: 'n1' }, { id: 'n2' }] }, WHOLE));
    assert.ok(!showsEvent({ ...order, state: 'held' }, order, WHOLE));
  });

  it('but not where the event says too little: what it reports may be an attribute that it does not have', () => {
    assert.ok(!showsEvent(order, { id: '1' }, WHOLE));
    assert.ok(!showsEvent(order, { id: '1', state: 'completed' }, WHOLE));
    assert.ok(!showsEvent(order, { id: '1', state: 'completed' }));
  });
});
