import assert from 'node:assert/strict';
import { legMessages, planAfterQueued, planFor } from '../../src/conversation/fan-out.js';
import type { GenericComment, GenericMessage } from '../../src/model/message.js';
import type { Plan } from '../../src/store/store.js';
import { ITEMS, leg, order, plan, RULES, says } from './orders.js';

const never = () => false;
const planned = (message: GenericMessage = order()) => planFor(undefined, 'n', RULES, message, never);
const itemsOf = (message: GenericMessage) => (message.fields.items ?? []).map((i) => i.id);
const said = (text: string): GenericComment => ({ id: text, text, visibility: 'public' });

describe('an order that is shared out by item', () => {
  it('gives each item to the first leg that takes it', () => {
    const { plan: made, unassigned } = planned();
    assert.deepEqual(
      made.legs.map((l) => [l.leg, l.items]),
      [
        ['devices', ['1', '3']],
        ['mobile', ['2']],
        ['delivery', ['4']],
      ],
    );
    assert.deepEqual(unassigned, []);
  });

  it('names the items that nobody takes', () => {
    const { unassigned } = planned(order({ items: [...ITEMS, { id: '5', category: 'catering' }] }));
    assert.deepEqual(
      unassigned.map((i) => i.id),
      ['5'],
    );
  });

  it('fits patterns whatever the case, and takes nothing else for one', () => {
    const by = (is: string[], id: string) =>
      planFor(
        undefined,
        'n',
        { ...RULES, legs: [{ name: 'x', takes: [{ field: 'offering.id', is }] }] },
        order({ items: [{ id: '1', offering: { id } }] }),
        never,
      ).unassigned.length === 0;
    assert.ok(by(['sim-*'], 'SIM-5G'));
    assert.ok(by(['a', '*5g'], 'SIM-5G'));
    assert.ok(!by(['SIM'], 'SIM-5G'));
    assert.ok(!by(['S.M-5G'], 'SIM-5G'));
    assert.ok(!by(['(*'], 'SIM-5G'));
  });

  it('waits only for legs that there are', () => {
    const { plan: made } = planned(order({ items: ITEMS.filter((i) => i.id !== '2') }));
    assert.equal(made.legs.find((l) => l.leg === 'delivery')?.after, undefined);
  });

  it('stays as it was planned, whatever the rules say later; a new item joins', () => {
    const { plan: first } = planned();
    const other = { ...RULES, legs: [{ name: 'devices', takes: [{ field: 'category', is: ['*'] }] }] };
    assert.equal(planFor(first, 'n', other, order(), never).plan, first);
    const { plan: more } = planFor(first, 'n', RULES, order({ items: [...ITEMS, { id: '5', category: 'device' }] }), never);
    assert.deepEqual(more.legs.find((l) => l.leg === 'devices')?.items, ['1', '3', '5']);
  });

  it('tells each leg its own items, and not how the customer’s order stands', () => {
    const { plan: made } = planned();
    const told = legMessages(made, order({ state: 'acknowledged', progress: says(['1', 'acknowledged']) }));
    assert.deepEqual(
      told.map(({ leg: name, message }) => [name, itemsOf(message), message.fields.state, message.fields.title]),
      [
        ['devices', ['1', '3'], undefined, 'New colleague'],
        ['mobile', ['2'], undefined, 'New colleague'],
        ['delivery', ['4'], undefined, 'New colleague'],
      ],
    );
    assert.ok(told.every(({ message }) => message.changed === undefined && message.fields.progress === undefined));
  });

  /** The plan once every leg has taken over what it is told of a message. */
  const takenOver = (plan: Plan, message: GenericMessage) =>
    legMessages(plan, message).reduce((now, part) => planAfterQueued(now, part.leg, part.message.fields), plan);
  const told = (message: GenericMessage = order()) => takenOver(planned(message).plan, message);
  const update = (fields: GenericMessage['fields'], changed: string[], more: Partial<GenericMessage> = {}) =>
    order(fields, { event: 'updated', changed, ...more });

  it('tells an amended item to its own vendor alone', () => {
    const items = ITEMS.map((i) => (i.id === '2' ? { ...i, quantity: 2 } : i));
    const legs = legMessages(told(), update({ items }, ['items']));
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.changed]),
      [['mobile', ['items']]],
    );
  });

  it('tells it once, and again to the leg alone that did not take it over', () => {
    const items = ITEMS.map((i) => ({ ...i, quantity: 2 }));
    const message = update({ items }, ['items']);
    const [devices] = legMessages(told(), message);
    const half = planAfterQueued(told(), devices!.leg, devices!.message.fields);
    assert.deepEqual(
      legMessages(half, message).map((l) => l.leg),
      ['mobile', 'delivery'],
    );
    assert.deepEqual(legMessages(takenOver(told(), message), message), []);
  });

  it('is told to nobody again by a message that compares nothing, because the end of another was lost', () => {
    const legs = legMessages(told(), order());
    assert.ok(legs.every((l) => !l.message.changed?.includes('items')));
  });

  it('takes a price for the vendor’s word, not for a change of the customer’s', () => {
    const items = ITEMS.map((i) => ({ ...i, price: { oneTime: 9 } }));
    assert.deepEqual(legMessages(told(), update({ items }, ['items'])), []);
  });

  it('cancels every leg with the order, once', () => {
    const cancelled = update({ state: 'cancelled', stateReason: 'changed my mind' }, ['state']);
    const before = told();
    const legs = legMessages(before, cancelled);
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.fields.state, l.message.event, l.message.fields.stateReason]),
      ['devices', 'mobile', 'delivery'].map((name) => [name, 'cancelled', 'cancelled', 'changed my mind']),
    );
    assert.deepEqual(legMessages(takenOver(before, cancelled), cancelled), []);
  });

  it('cancels a leg all of whose items are cancelled, and amends one that keeps some', () => {
    const sim = legMessages(told(), update({ progress: says(['2', 'cancelled']) }, ['progress']));
    assert.deepEqual(
      sim.map((l) => [l.leg, l.message.fields.state]),
      [['mobile', 'cancelled']],
    );
    const [cover, ...rest] = legMessages(told(), update({ progress: says(['3', 'cancelled']) }, ['progress']));
    assert.deepEqual(rest, []);
    assert.equal(cover?.leg, 'devices');
    assert.equal(cover?.message.fields.state, undefined);
    assert.deepEqual(cover?.message.fields.progress, [{ id: '3', state: 'cancelled' }]);
    assert.deepEqual(cover?.message.changed, ['items', 'progress']);
  });

  it('tells nothing more of the matter to a leg that is over, or was given up', () => {
    const legs = [leg('mobile', ['2'], { state: 'completed' }), leg('devices', ['1', '3'], { dropped: 'x' })];
    assert.deepEqual(legMessages(plan(legs), update({ state: 'cancelled' }, ['state'])), []);
  });

  describe('what the customer says', () => {
    const hears = (legs: Parameters<typeof plan>[0], more: Parameters<typeof plan>[1] = {}) =>
      legMessages(plan(legs, more), update({}, [], { event: 'commented', comments: [said('Floor 3')] })).map((l) => l.leg);
    const done = { told: { 1: 'x' } };

    it('reaches the vendor that waits for an answer, and no other', () => {
      assert.deepEqual(
        hears([leg('a', ['1'], { ...done, state: 'inProgress' }), leg('b', ['2'], { ...done, state: 'pending' })]),
        ['b'],
      );
    });
    it('reaches the one that spoke last, even when it is over', () => {
      assert.deepEqual(hears([leg('a', ['1'], done), leg('b', ['2'], { ...done, state: 'completed' })], { asked: 'b' }), ['b']);
    });
    it('reaches all that are at work when nobody asked', () => {
      assert.deepEqual(hears([leg('a', ['1'], done), leg('b', ['2'], { ...done, state: 'completed' }), leg('c', ['3'], done)]), [
        'a',
        'c',
      ]);
    });
  });
});

describe('a matter that is shared out to static targets', () => {
  const rules = { by: 'target' as const, onFailure: 'keep' as const, legs: [{ name: 'noc' }, { name: 'field' }] };
  it('goes whole to each that fits, and to those it went to before', () => {
    const first = planFor(undefined, 'n', rules, order(), (l) => l.name === 'noc').plan;
    assert.deepEqual(
      first.legs.map((l) => l.leg),
      ['noc'],
    );
    assert.equal(legMessages(first, order())[0]?.message.fields.items?.length, 4);
    const then = planFor(first, 'n', rules, order(), (l) => l.name === 'field').plan;
    assert.deepEqual(
      then.legs.map((l) => l.leg),
      ['noc', 'field'],
    );
  });
});
