import assert from 'node:assert/strict';
import { recipientsOf } from '../../src/conversation/comment-recipients.js';
import { planFor } from '../../src/conversation/fan-out.js';
import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';
import { legMessages, planAfterQueued } from '../../src/conversation/leg-messages.js';
import { unmetPredecessors } from '../../src/conversation/plan.js';
import type { GenericMessage } from '../../src/model/message.js';
import type { Plan } from '../../src/store/store.js';
import { ITEMS, leg, order, plan, RULES, says } from './orders.js';

const never = () => false;
const planned = (message: GenericMessage = order()) => planFor(undefined, 'n', RULES, message, 'now', never);
const idsOf = (of: Plan, name: string) => of.items.filter((item) => item.leg === name).map(({ id }) => id);
/** The plan with what a message says, and the messages for its legs. */
const fanOut = (before: Plan, message: GenericMessage, rules = RULES) => {
  const { plan: next } = planFor(before, 'n', rules, message, 'now', never);
  return {
    next,
    legs: legMessages(
      next,
      message,
      recipientsOf(next, message, ({ leg }) => [leg]),
    ),
  };
};
const legsFor = (before: Plan, message: GenericMessage, rules = RULES) => fanOut(before, message, rules).legs;
const itemsOf = (message: GenericMessage) => (message.fields.items ?? []).map((i) => i.id);

describe('an order that is split by item', () => {
  it('gives each item to the first leg that takes it', () => {
    const { plan: made, unassigned } = planned();
    assert.deepEqual(
      made.legs.map((l) => [l.leg, idsOf(made, l.leg)]),
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
        'now',
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
    assert.equal(planFor(first, 'n', other, order(), 'now', never).plan, first);
    const { plan: more } = planFor(
      first,
      'n',
      RULES,
      order({ items: [...ITEMS, { id: '5', category: 'device' }] }),
      'now',
      never,
    );
    assert.deepEqual(idsOf(more, 'devices'), ['1', '3', '5']);
  });

  it('sends each leg its own items, without the state of the customer’s order', () => {
    const { plan: made } = planned();
    const sent = legsFor(made, order({ state: 'acknowledged', progress: says(['1', 'acknowledged']) }));
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
  const queued = (before: Plan, message: GenericMessage) => {
    const { next, legs } = fanOut(before, message);
    return legs.reduce(
      (now, { leg, message: { fields, changed = Object.keys(fields) } }) => planAfterQueued(now, leg, fields, changed),
      next,
    );
  };
  const sentPlan = (message: GenericMessage = order()) => queued(planned(message).plan, message);
  const update = (fields: GenericMessage['fields'], changed: string[], more: Partial<GenericMessage> = {}) =>
    order(fields, { event: 'updated', changed, ...more });

  it('sends an amended item only to its own vendor', () => {
    const items = ITEMS.map((i) => (i.id === '2' ? { ...i, quantity: 2 } : i));
    const legs = legsFor(sentPlan(), update({ items }, ['items']));
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.changed]),
      [['mobile', ['items']]],
    );
  });

  it('sends it once, and again only to the legs for which it was not queued', () => {
    const items = ITEMS.map((i) => ({ ...i, quantity: 2 }));
    const message = update({ items }, ['items']);
    const [devices] = legsFor(sentPlan(), message);
    const half = planAfterQueued(sentPlan(), devices!.leg, devices!.message.fields, ['items']);
    assert.deepEqual(
      legsFor(half, message).map((l) => l.leg),
      ['mobile', 'delivery'],
    );
    assert.deepEqual(legsFor(queued(sentPlan(), message), message), []);
  });

  it('is sent by the message that reports it, also after a comment that only showed it', () => {
    const items = ITEMS.map((i) => (i.id === '2' ? { ...i, quantity: 2 } : i));
    const words = { id: 'c1', text: 'hello', visibility: 'public' as const };
    const after = queued(sentPlan(), update({ items }, [], { comments: [words] }));
    assert.deepEqual(
      legsFor(after, update({ items }, ['items'])).map((l) => [l.leg, l.message.changed]),
      [['mobile', ['items']]],
    );
  });

  it('is not sent when its vendor is done with it, also not with a change of another item', () => {
    const sent = sentPlan();
    const done: Plan = {
      ...sent,
      items: sent.items.map((item) =>
        item.id === '1' ? { ...item, ordered: true, reported: { id: '1', state: 'completed' } } : item,
      ),
    };
    const late = ITEMS.map((item) => (item.id === '1' ? { ...item, quantity: 7 } : item));
    assert.deepEqual(legsFor(done, update({ items: late }, ['items'])), []);
    const [devices] = legsFor(done, update({ items: late.map((i) => (i.id === '3' ? { ...i, quantity: 2 } : i)) }, ['items']));
    assert.deepEqual(
      devices?.message.fields.items?.map(({ id, quantity }) => [id, quantity]),
      [['3', 2]],
    );
  });

  it('is not sent again by a message without a list of changes, after a crash lost the end of another message', () => {
    const legs = legsFor(sentPlan(), order());
    assert.ok(legs.every((l) => !l.message.changed?.includes('items')));
  });

  it('does not treat a vendor’s price as a change by the customer', () => {
    const items = ITEMS.map((i) => ({ ...i, price: { oneTime: 9 } }));
    assert.deepEqual(legsFor(sentPlan(), update({ items }, ['items'])), []);
  });

  it('cancels every leg with the order, once', () => {
    const cancelled = update({ state: 'cancelled', stateReason: 'changed my mind' }, ['state']);
    const before = sentPlan();
    const legs = legsFor(before, cancelled);
    assert.deepEqual(
      legs.map((l) => [l.leg, l.message.fields.state, l.message.event, l.message.fields.stateReason]),
      ['devices', 'mobile', 'delivery'].map((name) => [name, 'cancelled', 'cancelled', 'changed my mind']),
    );
    assert.deepEqual(legsFor(queued(before, cancelled), cancelled), []);
  });

  it('cancels a leg if all of its items are cancelled, and otherwise amends it', () => {
    const sim = legsFor(sentPlan(), update({ progress: says(['2', 'cancelled']) }, ['progress']));
    assert.deepEqual(
      sim.map((l) => [l.leg, l.message.fields.state]),
      [['mobile', 'cancelled']],
    );
    const [cover, ...rest] = legsFor(sentPlan(), update({ progress: says(['3', 'cancelled']) }, ['progress']));
    assert.deepEqual(rest, []);
    assert.equal(cover?.leg, 'devices');
    assert.equal(cover?.message.fields.state, undefined);
    assert.deepEqual(cover?.message.fields.progress, [{ id: '3', state: 'cancelled' }]);
    assert.deepEqual(cover?.message.changed, ['items', 'progress']);
  });

  it('sends nothing more to a leg that is finished or dropped', () => {
    const legs = [
      leg('mobile', ['2'], { state: 'completed', item: { sent: 'x' } }),
      leg('devices', ['1', '3'], { dropped: 'x' }),
      leg('delivery', ['4'], { state: 'failed', item: { sent: 'x' } }),
    ];
    assert.deepEqual(legsFor(plan(legs), update({ state: 'cancelled' }, ['state'])), []);
  });

  describe('an item that its vendor’s order can no longer take', () => {
    const more = [...ITEMS, { id: '5', category: 'device', quantity: 1 }];
    const legsOf = ({ legs }: Plan) => legs.map(({ leg, row }) => [leg, row]);
    const amended = (change: (sent: Plan) => Plan) => fanOut(change(sentPlan()), update({ items: more }, ['items']));
    const changed = (name: string, leg: object) => (sent: Plan) => ({
      ...sent,
      legs: sent.legs.map((one) => (one.leg === name ? { ...one, ...leg } : one)),
    });

    for (const [why, leg] of [
      ['completed', { state: 'completed' }],
      ['failed', { state: 'failed' }],
      ['was refused', { refused: 'unknown offering' }],
      ['was given up', { dropped: 'skipped' }],
      ['is being cancelled', { cancelled: true }],
    ] as const)
      it(`is ordered there once more where that one ${why}`, () => {
        const { next, legs } = amended(changed('devices', leg));
        assert.deepEqual(legsOf(next), [
          ['devices', undefined],
          ['mobile', undefined],
          ['delivery', undefined],
          ['devices-2', 'devices'],
        ]);
        assert.deepEqual(
          legs.map(({ leg, row, message }) => [leg, row, itemsOf(message), message.changed]),
          [['devices-2', 'devices', ['5'], undefined]],
        );
      });

    it('goes into an open order otherwise', () => {
      const { next, legs } = amended((sent) => sent);
      assert.equal(next.legs.length, 3);
      assert.deepEqual(
        legs.map(({ leg, message }) => [leg, itemsOf(message), message.changed]),
        [['devices', ['1', '3', '5'], ['items']]],
      );
    });

    it('goes into an order of its own where the open one has refused it, and into no third one', () => {
      const refused = (sent: Plan): Plan => ({
        ...sent,
        items: [...sent.items, { id: '5', refused: { leg: 'devices', reason: 'too late' } }],
      });
      const { next } = amended(refused);
      assert.deepEqual(idsOf(next, 'devices-2'), ['5']);
      const again = fanOut(next, update({ items: [...more, { id: '6', category: 'device' }] }, ['items'])).next;
      assert.equal(again.legs.length, 4);
    });

    it('goes into an order of its own where the system of the vendor takes no further items', () => {
      const both = [...more, { id: '6', category: 'device', quantity: 1 }, { id: '7', category: 'connectivity' }];
      const message = update({ items: both }, ['items']);
      const isFixed = ({ leg: name }: { leg: string }) => name === 'devices';
      const { plan: next } = planFor(sentPlan(), 'n', RULES, message, 'now', never, { isFixed });
      assert.deepEqual(
        next.legs.map(({ leg: name }) => [name, idsOf(next, name)]),
        [
          ['devices', ['1', '3']],
          ['mobile', ['2', '7']],
          ['delivery', ['4']],
          ['devices-2', ['5', '6']],
        ],
      );
    });

    it('does not take the name of another row', () => {
      const rules = { ...RULES, legs: [...RULES.legs, { name: 'devices-2' }] };
      const { next } = fanOut(changed('devices', { state: 'completed' })(sentPlan()), update({ items: more }, ['items']), rules);
      assert.deepEqual(legsOf(next).at(-1), ['devices-3', 'devices']);
    });
  });

  describe('an item that the customer has cancelled', () => {
    it('is not ordered where it was cancelled before it was first read', () => {
      const { next, legs } = fanOut(plan([]), order({ progress: says(['1', 'cancelled'], ['2', 'cancelled']) }));
      assert.deepEqual(
        legs.map(({ leg, message }) => [leg, itemsOf(message)]),
        [
          ['devices', ['3']],
          ['delivery', ['4']],
        ],
      );
      assert.equal(next.legs.find(({ leg }) => leg === 'delivery')?.after, undefined, 'it waits for nothing');
    });

    it('is not ordered where none of it is wanted, and cancelled where its vendor has it', () => {
      const none = (items = ITEMS) => items.map((item) => (item.id === '3' ? { ...item, quantity: 0 } : item));
      const [devices] = fanOut(plan([]), order({ items: none() })).legs;
      assert.deepEqual([devices?.leg, itemsOf(devices!.message)], ['devices', ['1']]);
      const change = update({ items: none() }, ['items']);
      const before = sentPlan();
      const [cancelled, ...rest] = legsFor(before, change);
      assert.deepEqual(rest, []);
      assert.deepEqual(cancelled?.message.fields.progress, [{ id: '3', state: 'cancelled' }]);
      assert.ok(!('quantity' in cancelled!.message.fields.items!.find(({ id }) => id === '3')!));
      assert.deepEqual(legsFor(queued(before, change), change), [], 'once');
      const removal = [{ ...ITEMS[2]!, action: 'delete' as const, quantity: 0 }];
      assert.equal(fanOut(plan([]), order({ items: removal })).next.items[0]?.cancellation, undefined);
    });

    it('is ordered if it is wanted again before anybody had it', () => {
      const { next } = fanOut(plan([]), order({ progress: says(['1', 'cancelled']) }));
      const legs = legsFor(next, update({ items: ITEMS, progress: says(['1', 'acknowledged']) }, ['progress']));
      assert.deepEqual(
        legs.find(({ leg }) => leg === 'devices')?.message.fields.items?.map(({ id }) => id),
        ['1', '3'],
      );
    });

    it('stays cancelled once we have confirmed that, whatever else changes', () => {
      const first = fanOut(plan([]), order({ progress: says(['1', 'cancelled']) })).next;
      const confirmed: Plan = {
        ...first,
        items: first.items.map((item) => (item.id === '1' ? { ...item, notified: 'cancelled' as const } : item)),
      };
      const later = update({ items: ITEMS, progress: says(['1', 'cancelled']) }, ['items']);
      assert.deepEqual(
        legsFor(confirmed, later)
          .flatMap(({ message }) => itemsOf(message))
          .sort(),
        ['2', '3', '4'],
      );
    });

    it('stays cancelled with its order, whatever else changes', () => {
      const first = fanOut(plan([]), order({ state: 'cancelled' })).next;
      const later = update({ state: 'cancelled', items: ITEMS, title: 'Another title' }, ['title']);
      assert.deepEqual(legsFor(first, later), []);
    });

    it('is left out where it was planned and its vendor was sent nothing yet', () => {
      const { plan: before } = planned();
      const legs = legsFor(before, update({ progress: says(['3', 'cancelled']) }, ['progress']));
      assert.deepEqual(
        legs.map(({ leg, message }) => [leg, itemsOf(message)]),
        [
          ['devices', ['1']],
          ['mobile', ['2']],
          ['delivery', ['4']],
        ],
      );
    });

    it('is not cancelled by a state that we wrote ourselves, of the item or of the order', () => {
      const sent = sentPlan();
      const notified: Plan = {
        ...sent,
        notified: 'assessingCancellation',
        items: sent.items.map((item) => ({ ...item, ...(item.id === '2' && { notified: 'cancelled' as const }) })),
      };
      const shown = { state: 'assessingCancellation' as const, items: ITEMS, progress: says(['2', 'cancelled']) };
      assert.deepEqual(
        legsFor(notified, order(shown)).filter(({ message }) => message.event === 'cancelled'),
        [],
      );
      assert.ok(fanOut(notified, order(shown)).next.items.every(({ cancellation }) => !cancellation));
    });

    it('may be cancelled again after its vendor has refused', () => {
      const cancel = update({ progress: says(['2', 'cancelled']) }, ['progress']);
      const asked = queued(sentPlan(), cancel);
      assert.deepEqual(legsFor(asked, cancel), []);
      const refused: Plan = {
        ...asked,
        legs: asked.legs.map((one) => ({ ...one, cancelled: undefined })),
        items: asked.items.map((item) =>
          item.cancellation
            ? { ...item, notified: 'inProgress', cancellation: { ...item.cancellation, state: 'refused' } }
            : item,
        ),
      };
      assert.deepEqual(
        legsFor(refused, cancel).map(({ leg, message }) => [leg, message.fields.state]),
        [['mobile', 'cancelled']],
      );
    });
  });

  describe('whose rules change', () => {
    const rename = (name: string, to: string): FanOutRules => ({
      ...RULES,
      legs: RULES.legs.map((row) => ({
        ...row,
        ...(row.name === name && { name: to, id: name }),
        after: row.after?.map((one) => ({ ...one, leg: one.leg === name ? to : one.leg })),
      })),
    });
    const more = [...ITEMS, { id: '5', category: 'connectivity' }];

    it('keeps the leg of a row that is renamed, with its name at the vendor', () => {
      const { next, legs } = fanOut(sentPlan(), update({ items: more }, ['items']), rename('mobile', 'sim'));
      assert.deepEqual(idsOf(next, 'mobile'), ['2', '5']);
      assert.deepEqual(
        legs.map(({ leg, row }) => [leg, row]),
        [['mobile', 'mobile']],
      );
    });

    it('makes later legs with the new name, and knows all of them by the row', () => {
      const rules = rename('mobile', 'sim');
      const sent = sentPlan();
      const legs = sent.legs.map((one) => (one.leg === 'mobile' ? { ...one, state: 'completed' as const } : one));
      const over: Plan = { ...sent, legs };
      const { next } = fanOut(over, update({ items: more }, ['items']), rules);
      assert.deepEqual(
        next.legs.map((one) => [one.leg, one.row]),
        [
          ['devices', undefined],
          ['mobile', undefined],
          ['delivery', undefined],
          ['sim', 'mobile'],
        ],
      );
      const { plan: fresh } = planFor(undefined, 'n', rules, order(), 'now', never);
      assert.deepEqual(fresh.legs.find((one) => one.leg === 'delivery')?.after, [{ leg: 'mobile', states: ['completed'] }]);
      assert.deepEqual(unmetPredecessors(fresh, '', [{ leg: 'mobile', states: ['completed'] }]).length, 1);
    });

    it('does not take the leg of a renamed row for that of a new row with its name', () => {
      const rules = rename('mobile', 'sim');
      rules.legs = [...rules.legs, { name: 'mobile', id: 'mobile-2', takes: [{ field: 'category', is: ['fleet'] }] }];
      const { next } = fanOut(sentPlan(), update({ items: [...ITEMS, { id: '5', category: 'fleet' }] }, ['items']), rules);
      const [made] = next.legs.slice(-1);
      assert.deepEqual([made?.leg, made?.row, idsOf(next, made!.leg)], ['mobile-2', undefined, ['5']]);
    });

    it('orders an item that no leg took once a row takes it', () => {
      const items = [...ITEMS, { id: '5', category: 'catering' }];
      const { plan: before, unassigned } = planned(order({ items }));
      assert.deepEqual(
        unassigned.map(({ id }) => id),
        ['5'],
      );
      const rules = { ...RULES, legs: [...RULES.legs, { name: 'kitchen', takes: [{ field: 'category', is: ['catering'] }] }] };
      const { next, legs } = fanOut(before, update({ items }, ['items']), rules);
      assert.deepEqual(idsOf(next, 'kitchen'), ['5']);
      assert.equal(legs.find((one) => one.leg === 'kitchen')?.message.event, 'created');
      const elsewhere = planFor(before, 'n', rules, order({ items }), 'now', never, { elsewhere: ['5'] });
      assert.deepEqual([idsOf(elsewhere.plan, 'kitchen'), elsewhere.unassigned.length], [[], 1], 'another party has it');
    });

    it('stays split, and gets no legs without items, if the node fans out whole messages now', () => {
      const whole: FanOutRules = { ...RULES, by: 'target', legs: [...RULES.legs, { name: 'copy' }] };
      const { plan: next } = planFor(sentPlan(), 'n', whole, order(), 'now', () => true);
      assert.deepEqual(
        next.legs.map((one) => one.leg),
        ['devices', 'mobile', 'delivery'],
      );
    });

    it('has the failure rule and the node of the last message', () => {
      const { plan: next } = planFor(sentPlan(), 'other', { ...RULES, onFailure: 'ask' }, order(), 'now', never);
      assert.deepEqual([next.onFailure, next.node], ['ask', 'other']);
    });
  });
});

describe('a message that is fanned out to static targets', () => {
  const rules = { by: 'target' as const, onFailure: 'keep' as const, legs: [{ name: 'noc' }, { name: 'field' }] };
  it('is sent in full to each matching leg, and to earlier legs', () => {
    const first = planFor(undefined, 'n', rules, order(), 'now', (l) => l.name === 'noc').plan;
    assert.deepEqual(
      first.legs.map((l) => l.leg),
      ['noc'],
    );
    assert.equal(legsFor(first, order(), rules)[0]?.message.fields.items?.length, 4);
    const then = planFor(first, 'n', rules, order(), 'now', (l) => l.name === 'field').plan;
    assert.deepEqual(
      then.legs.map((l) => l.leg),
      ['noc', 'field'],
    );
  });

  it('is new to a leg that is added later, until something was queued for it', () => {
    const first = planAfterQueued(planFor(undefined, 'n', rules, order(), 'now', (l) => l.name === 'noc').plan, 'noc', {}, []);
    const changedTitle = order({}, { event: 'updated', changed: ['title'] });
    const { plan: then } = planFor(first, 'n', rules, changedTitle, 'now', () => true);
    const events = (of: Plan) =>
      legsFor(of, changedTitle, rules).map(({ leg, message }) => [leg, message.event, message.changed]);
    assert.deepEqual(events(then), [
      ['noc', 'updated', ['title']],
      ['field', 'created', undefined],
    ]);
    assert.deepEqual(events(planAfterQueued(then, 'field', {}, [])), [
      ['noc', 'updated', ['title']],
      ['field', 'updated', ['title']],
    ]);
  });

  it('gets no further leg when it is over', () => {
    const first = planFor(undefined, 'n', rules, order(), 'now', (l) => l.name === 'noc').plan;
    const { plan: then } = planFor(first, 'n', rules, order({ state: 'cancelled' }), 'now', () => true);
    assert.deepEqual(
      then.legs.map((l) => l.leg),
      ['noc'],
    );
  });

  it('stays whole if the node splits by item now', () => {
    const first = planFor(undefined, 'n', rules, order(), 'now', (l) => l.name === 'noc').plan;
    const { plan: then, unassigned } = planFor(first, 'n', RULES, order(), 'now', never);
    assert.deepEqual([then.legs, then.items, unassigned], [first.legs, [], []]);
  });
});
