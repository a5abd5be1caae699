import assert from 'node:assert/strict';
import type { EntityRequest } from '../../src/conversation/entity-request.js';
import { canTakeUpdates, mergedRequest } from '../../src/delivery/merging.js';
import type { Json } from '../../src/model/message.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { delivery, link } from '../store/records.js';

/** An update made from generic values of the same names, of which `changed` have changed. */
function request(generic: Record<string, Json>, changed: string[], more: Partial<EntityRequest> = {}): EntityRequest {
  const sources = Object.fromEntries(Object.keys(generic).map((name) => [name, [name]]));
  return { fields: generic, changed, defaults: [], sources, generic, ...more };
}

const ENTITY = link('TT-1', { raw: { title: 'old', state: 'inProgress' } });
const merge = (earlier: EntityRequest, later: EntityRequest, of = ENTITY) => mergedRequest(earlier, later, 'd2', of);

describe('merging two updates of an entity', () => {
  it('writes the fields of both, and of a field that both set the later value', () => {
    const merged = merge(
      request({ title: 'a', description: 'first', site: 'Graz' }, ['title', 'description']),
      request({ title: 'b', description: 'first', site: 'Wien' }, ['title', 'site']),
    );
    assert.deepEqual(merged?.changed, ['description', 'title', 'site']);
    assert.deepEqual(merged.fields, { title: 'b', description: 'first', site: 'Wien' });
  });

  it('keeps a value that only the earlier update sets, whatever the other party shows', () => {
    const merged = merge(
      request({ description: 'new' }, ['description']),
      request({ description: 'old', title: 'b' }, ['title']),
    );
    assert.deepEqual(merged?.fields, { description: 'new', title: 'b' });
    assert.deepEqual(merged.generic, { description: 'new', title: 'b' });
  });

  it('knows of each field which update set it, who made that, and when', () => {
    const first = request({ title: 'a', description: 'x' }, ['title', 'description'], { said: { endpoint: 'acme', at: 1 } });
    const second = request({ title: 'b', description: 'x' }, ['title'], { said: { endpoint: 'csp', at: 2 } });
    const merged = merge(first, second)!;
    assert.deepEqual(merged.said, { endpoint: 'acme', at: 1 });
    assert.deepEqual(merged.setBy, { title: { delivery: 'd2', said: { endpoint: 'csp', at: 2 } } });
    const third = request({ title: 'b', description: 'y' }, ['description'], { said: { endpoint: 'acme', at: 3 } });
    const all = mergedRequest(merged, third, 'd3', ENTITY);
    assert.deepEqual(all?.setBy?.title, { delivery: 'd2', said: { endpoint: 'csp', at: 2 } });
    assert.equal(all.setBy.description?.delivery, 'd3');
  });

  it('does not let a default replace a value', () => {
    const later = request({ title: 'none', site: 'Wien' }, ['title', 'site'], { defaults: ['title'], generic: { site: 'Wien' } });
    const merged = merge(request({ title: 'a' }, ['title']), later);
    assert.deepEqual(merged?.fields, { title: 'a', site: 'Wien' });
    assert.deepEqual(merged.defaults, []);
  });

  it('merges no change of a state, whichever update has it, but a state that only repeats the one before', () => {
    const plain = request({ title: 'a', state: 'inProgress' }, ['title']);
    const change = request({ title: 'a', state: 'resolved' }, ['state']);
    assert.equal(merge(plain, change), undefined);
    assert.equal(merge(change, request({ title: 'b', state: 'resolved' }, ['title'])), undefined);
    assert.equal(merge(plain, request({ title: 'b', state: 'resolved' }, ['title'])), undefined, 'the state has changed between');
    assert.ok(merge(plain, request({ title: 'b', state: 'inProgress' }, ['title', 'state'])));
  });

  it('merges no cancellation, no items, nothing edited, and no field of unknown meaning', () => {
    const plain = request({ title: 'a' }, ['title']);
    for (const other of [
      request({ title: 'b', state: 'cancelled' }, ['title']),
      request({ items: [{ id: '1' }] }, ['items']),
      request({ title: 'b' }, ['title'], { edited: ['title'] }),
      request({ title: 'b' }, ['title'], { sources: {} }),
    ]) {
      assert.equal(merge(plain, other), undefined, JSON.stringify(other));
      assert.equal(merge(other, plain), undefined, JSON.stringify(other));
    }
  });

  it('does not write two values of one generic field together', () => {
    const sources = { impact: ['severity'], urgency: ['severity', 'priority'] };
    const first: EntityRequest = {
      ...request({ impact: '1', urgency: '1' }, ['impact', 'urgency']),
      sources,
      generic: { severity: 'high', priority: 'p1' },
    };
    const second = {
      ...first,
      fields: { impact: '2', urgency: '2' },
      changed: ['urgency'],
      generic: { severity: 'low', priority: 'p2' },
    };
    assert.equal(merge(first, second), undefined);
    assert.ok(merge(first, { ...second, generic: { severity: 'high', priority: 'p2' } }));
  });
});

describe('an update that can take later ones', () => {
  const earlier = delivery('d1', { version: 1, part: 'entity' });
  const can = (changes: Partial<DeliveryRecord>) =>
    canTakeUpdates({ ...earlier, ...changes }, delivery('d2', { part: 'entity' }));
  it('waits, was never tried, creates nothing, and comes from the same node', () => {
    assert.equal(can({}), true);
    const attempt = { at: '', took: 1, what: 'failed' };
    for (const changes of [
      { state: 'sending' },
      { state: 'inDoubt' },
      { tries: 1 },
      { attempts: [attempt] },
      { creates: true },
      { waitsFor: [{ leg: 'a', states: ['completed'] }] },
      { node: 'out-2' },
      { answers: true },
      { lane: 'another' },
      { version: 0 },
    ] satisfies Partial<DeliveryRecord>[])
      assert.equal(can(changes), false, JSON.stringify(changes));
  });
});
