import assert from 'node:assert/strict';
import { legMessages, planAfterQueued, planFor } from '../../src/conversation/fan-out.js';
import type { GenericComment, GenericMessage } from '../../src/model/message.js';
import type { Plan } from '../../src/store/store.js';
import { ITEMS, leg, order, plan, RULES, says } from './orders.js';

const never = () => false;
const planned = (message: GenericMessage = order()) => planFor(undefined, 'n', RULES, message, never);
const itemsOf = (message: GenericMessage) => (message.fields.items ?? []).map((i) => i.id);
const comment = (text: string): GenericComment => ({ id: text, text, visibility: 'public' });

describe('an order that is split by item', () => {
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

  it('names the items that match no leg', () => {
    const { unassigned } = planned(order({ items: [...ITEMS, { id: '5', category: 'catering' }] }));
    assert.deepEqual(
      unassigned.map((i) => i.id),
      ['5'],
    );
  });

  it('matches patterns regardless of case, and treats only * as a wildcard', () => {
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

  it('waits only for planned legs', () => {
    const { plan: made } = planned(order({ items: ITEMS.filter((i) => i.id !== '2') }));
    assert.equal(made.legs.find((l) => l.leg === 'delivery')?.after, undefined);
  });

  it('keeps its plan when the rules change, and adds new items', () => {
    const { plan: first } = planned();
    const other = { ...RULES, legs: [{ name: 'devices', takes: [{ field: 'category', is: ['*'] }] }] };
    assert.equal(planFor(first, 'n', other, order(), never).plan, first);
    const { plan: more } = planFor(first, 'n', RULES, order({ items: [...ITEMS, { id: '5', category: 'device' }] }), never);
    assert.deepEqual(more.legs.find((l) => l.leg === 'devices')?.items, ['1', '3', '5']);
  });

  it('sends each leg its own items, without the state of the customer’s order', () => {
    const { plan: made } = planned();
    const sent = legMessages(made, order({ state: 'acknowledged', progress: says(['1', 'acknowledged']) }));
    assert.deepEqual(
      sent.map(({ leg: name, message }) => [name, itemsOf(message), message.fields.state, message.fields.title]),
      [
        ['devices', ['1', '3'], undefined, 'New colleague'],
        ['mobile', ['2'], undefined, 'New colleague'],
        ['delivery', ['4'], undefined, 'New colleague'],
      ],
    );
    assert.ok(sent.every(({ message }) => message.changed === undefined && message.fields.progress === undefined));
  });

  /** The plan after the deliveries of a message were queued for all legs. */
  const queued = (plan: Plan, message: GenericMessage) =>
    legMessages(plan, message).reduce(
      (now, { leg, message: { fields, changed = Object.keys(fields) } }) => planAfterQueued(now, leg, fields, changed),
      plan,
    );
  const sentPlan = (message: GenericMessage = order()) => queued(planned(message).plan, message);
  const update = (fields: GenericMessage['fields'], changed: string[], more: Partial<GenericMessage> = {}) =>
    order(fields, { event: 'updated', changed, ...more });

  it('sends an amended item only to its own vendor', () => {
    const items = ITEMS.map((i) => (i.id === '2' ? { ...i, quantity: 2 } : i));
    const legs = legMessages(sentPlan(), update({ items }, ['items']));
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.changed]),
      [['mobile', ['items']]],
    );
  });

  it('sends it once, and again only to the legs for which it was not queued', () => {
    const items = ITEMS.map((i) => ({ ...i, quantity: 2 }));
    const message = update({ items }, ['items']);
    const [devices] = legMessages(sentPlan(), message);
    const half = planAfterQueued(sentPlan(), devices!.leg, devices!.message.fields, ['items']);
    assert.deepEqual(
      legMessages(half, message).map((l) => l.leg),
      ['mobile', 'delivery'],
    );
    assert.deepEqual(legMessages(queued(sentPlan(), message), message), []);
  });

  it('is sent by the message that reports it, also after a comment that only showed it', () => {
    const items = ITEMS.map((i) => (i.id === '2' ? { ...i, quantity: 2 } : i));
    const words = { id: 'c1', text: 'hello', visibility: 'public' as const };
    const after = queued(sentPlan(), update({ items }, [], { comments: [words] }));
    assert.deepEqual(
      legMessages(after, update({ items }, ['items'])).map((l) => [l.leg, l.message.changed]),
      [['mobile', ['items']]],
    );
  });

  it('is not sent again by a message without a list of changes, after a crash lost the end of another message', () => {
    const legs = legMessages(sentPlan(), order());
    assert.ok(legs.every((l) => !l.message.changed?.includes('items')));
  });

  it('does not treat a vendor’s price as a change by the customer', () => {
    const items = ITEMS.map((i) => ({ ...i, price: { oneTime: 9 } }));
    assert.deepEqual(legMessages(sentPlan(), update({ items }, ['items'])), []);
  });

  it('cancels every leg with the order, once', () => {
    const cancelled = update({ state: 'cancelled', stateReason: 'changed my mind' }, ['state']);
    const before = sentPlan();
    const legs = legMessages(before, cancelled);
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.fields.state, l.message.event, l.message.fields.stateReason]),
      ['devices', 'mobile', 'delivery'].map((name) => [name, 'cancelled', 'cancelled', 'changed my mind']),
    );
    assert.deepEqual(legMessages(queued(before, cancelled), cancelled), []);
  });

  it('cancels a leg if all of its items are cancelled, and otherwise amends it', () => {
    const sim = legMessages(sentPlan(), update({ progress: says(['2', 'cancelled']) }, ['progress']));
    assert.deepEqual(
      sim.map((l) => [l.leg, l.message.fields.state]),
      [['mobile', 'cancelled']],
    );
    const [cover, ...rest] = legMessages(sentPlan(), update({ progress: says(['3', 'cancelled']) }, ['progress']));
    assert.deepEqual(rest, []);
    assert.equal(cover?.leg, 'devices');
    assert.equal(cover?.message.fields.state, undefined);
    assert.deepEqual(cover?.message.fields.progress, [{ id: '3', state: 'cancelled' }]);
    assert.deepEqual(cover?.message.changed, ['items', 'progress']);
  });

  it('sends nothing more to a leg that is finished or dropped', () => {
    const legs = [leg('mobile', ['2'], { state: 'completed' }), leg('devices', ['1', '3'], { dropped: 'x' })];
    assert.deepEqual(legMessages(plan(legs), update({ state: 'cancelled' }, ['state'])), []);
  });

  describe('a comment of the customer', () => {
    const recipients = (legs: Parameters<typeof plan>[0], more: Parameters<typeof plan>[1] = {}) =>
      legMessages(plan(legs, more), update({}, [], { event: 'commented', comments: [comment('Floor 3')] })).map((l) => l.leg);
    const done = { lastSent: { 1: 'x' } };

    it('is sent only to the vendor that waits for an answer', () => {
      assert.deepEqual(
        recipients([leg('a', ['1'], { ...done, state: 'inProgress' }), leg('b', ['2'], { ...done, state: 'pending' })]),
        ['b'],
      );
    });
    it('is sent to the leg that commented last, even if it is finished', () => {
      assert.deepEqual(recipients([leg('a', ['1'], done), leg('b', ['2'], { ...done, state: 'completed' })], { asked: 'b' }), [
        'b',
      ]);
    });
    it('is sent to all open legs if none has asked', () => {
      assert.deepEqual(
        recipients([leg('a', ['1'], done), leg('b', ['2'], { ...done, state: 'completed' }), leg('c', ['3'], done)]),
        ['a', 'c'],
      );
    });
  });
});

describe('a message that is fanned out to static targets', () => {
  const rules = { by: 'target' as const, onFailure: 'keep' as const, legs: [{ name: 'noc' }, { name: 'field' }] };
  it('is sent in full to each matching leg, and to earlier legs', () => {
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
