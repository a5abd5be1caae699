import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { ItemStatus } from '../../src/conversation/item-life.js';
import { combinations, DEFAULT_ROLL_UP, rollUp, statesThatCount, wholeOrder } from '../../src/conversation/roll-up.js';
import { ORDER_STATES, type State } from '../../src/model/message.js';
import { conversation, leg, plan, says } from './orders.js';
import { COMBINATIONS, ITEM_STATES, type ItemState } from './roll-up-combinations.js';

describe('the roll-up of item states', () => {
  const of = (...states: State[]) => rollUp(states, DEFAULT_ROLL_UP).state;
  const statusOf = (state: ItemState): ItemStatus =>
    state === 'withdrawn' ? { id: '', state: 'cancelled', isWithdrawn: true } : { id: '', state };

  for (const { items, state, why } of COMBINATIONS)
    it(`makes ${items.join(' and ')} ${state}: ${why}`, () => assert.equal(of(...statesThatCount(items.map(statusOf))), state));

  it('was looked at for every combination of up to three items', () => {
    const rows = COMBINATIONS.map(({ items }) => [...items].sort().join());
    const missing = ITEM_STATES.flatMap((a, i) =>
      ITEM_STATES.slice(i).flatMap((b, j) =>
        ITEM_STATES.slice(i + j).flatMap((c) => {
          const key = [...new Set([a, b, c])].sort().join();
          return rows.filter((row) => row === key).length === 1 ? [] : [key];
        }),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('tells the final states of fanned-out tickets', () => {
    assert.equal(of('resolved', 'closed'), 'resolved');
    assert.equal(of('closed', 'closed'), 'closed');
  });

  it('depends neither on the order nor on the number of items', () => {
    for (const { states, state } of combinations(ORDER_STATES, DEFAULT_ROLL_UP)) {
      assert.equal(of(...[...states].reverse()), state);
      assert.equal(of(...states, ...states), state);
    }
  });

  it('lists every combination once, none of them finished while an item is open', () => {
    const all = combinations(ORDER_STATES, DEFAULT_ROLL_UP);
    assert.equal(all.length, 2 ** ORDER_STATES.length - 1);
    const over: State[] = ['completed', 'partial', 'failed', 'rejected', 'cancelled'];
    for (const { states, state } of all)
      assert.equal(
        states.every((s) => over.includes(s)),
        over.includes(state),
        `${states} → ${state}`,
      );
  });

  it('follows a custom table', () => {
    assert.deepEqual(rollUp(['completed', 'cancelled'], [{ when: 'any', of: ['completed'], gives: 'completed' }]), {
      state: 'completed',
      rule: 0,
    });
  });
});

describe('the whole order', () => {
  const legs = [
    leg('mobile', ['2'], { state: 'inProgress', progress: says(['2', 'inProgress']) }),
    leg('devices', ['1', '3'], {
      state: 'failed',
      stateReason: 'out of stock',
      progress: says(['1', 'completed'], ['3', 'inProgress']),
    }),
    leg('delivery', ['4'], { dropped: 'mobile failed' }),
    leg('badge', ['5']),
  ];
  const whole = wholeOrder(conversation(plan(legs), { mobile: 'PO-7', devices: 'PO-8' }), DEFAULT_ROLL_UP, (e) => `Vendor ${e}`);

  it('has a line for each item, with the vendor’s name and number', () => {
    assert.deepEqual(
      whole?.progress.map((p) => [p.id, p.state, p.vendor, p.vendorNumber]),
      [
        ['2', 'inProgress', 'Vendor at-mobile', 'PO-7'],
        ['1', 'completed', 'Vendor at-devices', 'PO-8'],
        ['3', 'failed', 'Vendor at-devices', 'PO-8'],
        ['4', 'cancelled', undefined, undefined],
        ['5', 'acknowledged', undefined, undefined],
      ],
    );
  });
  it('explains which leg has a problem', () => {
    assert.equal(
      whole?.stateReason,
      'devices failed at Vendor at-devices: out of stock. delivery was not ordered: mobile failed.',
    );
    assert.equal(whole?.state, 'inProgress');
  });
  it('is undefined without a plan', () => {
    assert.equal(
      wholeOrder(conversation(undefined), DEFAULT_ROLL_UP, () => undefined),
      undefined,
    );
  });
});

describe('the documentation of orders', () => {
  it('shows the default table (UPDATE_DOCS=1 updates it)', () => {
    const rows = DEFAULT_ROLL_UP.map(
      ({ when, of, gives }) => `| ${when === 'any' ? 'any item is' : 'all items are'} | ${of.join(', ')} | **${gives}** |`,
    );
    const table = ['| | in one of these states | the order is |', '|---|---|---|', ...rows].join('\n');
    const page = readFileSync('docs/orders.md', 'utf8');
    const made = page.replace(/<!-- roll-up -->[\s\S]*<!-- end -->/, `<!-- roll-up -->\n${table}\n<!-- end -->`);
    if (process.env.UPDATE_DOCS) writeFileSync('docs/orders.md', made);
    else assert.equal(page, made);
  });
});
