import assert from 'node:assert/strict';
import type { OrderBehaviourName } from '../../src/sandbox/behaviours.js';
import type { ComparedLine } from '../../src/sandbox/compared-order.js';
import { itemsOf } from '../../src/sandbox/tmf622-order.js';
import { type Kind, OrdersRig } from './orders-rig.js';

const LINES = 'sn_ind_tmt_orm_order_line_item';
/** Milliseconds after which the vendors do what they do later. */
const LATER = 300;
const FEE = /Added by .+, not ordered: Handling fee \(item \S+ there\), 4.9 EUR once/;

/** What vendors make of orders without anybody having to act: an order lives through all that customers do with it. */
const UNNOTICED: { name: OrderBehaviourName; told?: RegExp }[] = [
  { name: 'renumber' },
  { name: 'pad' },
  { name: 'ownIds' },
  { name: 'reverse' },
  { name: 'fee', told: FEE },
  { name: 'queued' },
  { name: 'eventOnly' },
  { name: 'wholeDate' },
  { name: 'reprice' },
];

describe('the items of an order in a real Node-RED, at vendors that make their own of orders', () => {
  let rig: OrdersRig;
  before(async () => {
    rig = await OrdersRig.start({}, { servicenow: true });
  });
  after(() => rig?.stop());
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.error(rig?.live.output().slice(-4_000));
  });

  const vendors = () => (['v4', 'v5', 'servicenow'] as const).map((version) => rig.sandbox.orders(version));
  const switchOn = (...names: OrderBehaviourName[]) => {
    for (const desk of vendors()) {
      desk.behaviours.clear();
      desk.cancels.decision = 'accept';
      for (const name of names) desk.behaviours.add({ name, ms: LATER });
    }
  };
  const lines = (id: string) => rig.compared(id).items;
  const line = (id: string, number: string) => lines(id).find((one) => one.line === number) as ComparedLine;
  /** The customer and the vendors say the same of every item, and each was ordered. */
  const agree = (id: string, ...states: string[]) =>
    rig.until(`all items to be ${states.join(' or ')} at the customer and the vendors`, () =>
      lines(id).every((one) => one.verdict === 'same' && one.at.length > 0 && one.number && states.includes(one.state)),
    );
  const place = async (title: string, kinds: Kind[], quantity = '2'): Promise<string> => {
    const id = rig.place(title, kinds, quantity);
    await agree(id, 'new');
    await rig.quiet();
    return id;
  };
  const ordersOf = (id: string) => [...new Set(lines(id).flatMap((one) => one.at.map((item) => item.order)))];
  const move = (id: string, state: string) => {
    for (const order of ordersOf(id))
      vendors()
        .find((desk) => desk.order(order))
        ?.setState(order, state);
  };
  const failuresOf = async (id: string) => {
    const of = [rig.order(id).number ?? '', ...ordersOf(id)];
    return (await rig.failures()).filter((text) => of.some((number) => text.includes(number)));
  };
  /** Once everything is at rest: each item was ordered once, in one order of each vendor, and the customer has its own lines only. */
  const right = async (id: string, numbers: string[], vendorsOf = 2) => {
    await rig.quiet();
    assert.deepEqual(Object.keys(rig.lines(id)).sort(), numbers);
    for (const one of lines(id)) assert.deepEqual([one.at.length, one.verdict], [1, 'same'], `line ${one.line} ${one.why}`);
    assert.equal(ordersOf(id).length, vendorsOf);
    assert.deepEqual(await failuresOf(id), []);
  };

  for (const { name, told } of UNNOTICED)
    it(`${name}: are placed, amended, cancelled and completed, each once`, async () => {
      switchOn(name);
      const id = await place(name, ['phone', 'cover', 'sim', 'delivery', 'delivery']);
      move(id, 'inProgress');
      await agree(id, 'in_progress');
      await rig.quiet();
      rig.updateLine(id, '2', { quantity: '5' });
      rig.sandbox.servicenow.create(LINES, { ...rig.line('6', 'cover'), order: id }, 'agent');
      await agree(id, 'in_progress', 'new');
      assert.equal(line(id, '2').at[0]?.quantity, 5);
      await rig.quiet();
      for (const number of ['1', '4']) rig.updateLine(id, number, { state: 'canceled' });
      await agree(id, 'in_progress', 'new', 'canceled');
      for (const number of ['1', '4']) assert.equal(line(id, number).at[0]?.state, 'cancelled');
      move(id, 'completed');
      await agree(id, 'completed', 'canceled');
      await rig.until('the order to be completed', () => rig.order(id).state === 'completed');
      await right(id, ['1', '2', '3', '4', '5', '6'], 3);
      const comments = rig.comments(id);
      if (told)
        assert.ok(
          comments.some((text) => told.test(text)),
          comments.join('\n'),
        );
      else assert.deepEqual(comments, []);
    });

  it('fee: an item that is added under the number that the fee has there is ordered', async () => {
    switchOn('fee');
    const id = await place('same number', ['phone', 'cover']);
    rig.sandbox.servicenow.create(LINES, { ...rig.line('3', 'sim'), order: id }, 'agent');
    await agree(id, 'new');
    move(id, 'completed');
    await agree(id, 'completed');
    await right(id, ['1', '2', '3']);
  });

  it('wholeDate, reprice: dates and prices reach the lines', async () => {
    switchOn('wholeDate', 'reprice');
    const id = await place('dates', ['phone', 'sim']);
    const date = (text: string | undefined) => Date.parse(`${text?.replace(' ', 'T').slice(0, 19)}Z`);
    await rig.until('price and date of the vendors on the lines', () =>
      lines(id).every(({ at, prices, date: told }) => {
        const [item] = at;
        return item?.prices[0]?.net === '99.00 EUR' && prices[0]?.net === '99.00 EUR' && date(item.date) === date(told);
      }),
    );
    await right(id, ['1', '2']);
  });

  it('split: a line is completed when all parts are', async () => {
    switchOn('split');
    const id = await place('split', ['phone', 'sim']);
    for (const { at } of lines(id)) assert.equal(at.length, 2);
    const [first] = line(id, '1').at;
    rig.sandbox.orders('v4').setItemState(String(first?.order), String(first?.item), 'inProgress');
    await agree(id, 'in_progress', 'new');
    move(id, 'completed');
    await agree(id, 'completed');
    await rig.quiet();
    assert.deepEqual(await failuresOf(id), []);
  });

  it('merge: lines of one offering have the state of their common item; a change of one stops in words', async () => {
    switchOn('merge');
    const id = await place('merge', ['cover', 'cover', 'sim']);
    assert.deepEqual(line(id, '1').at, line(id, '2').at);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateLine(id, '2', { quantity: '3' });
    await rig.until('the stop in words', async () =>
      (await rig.failures()).some((text) => /2 × Cover 15\) are one item there, M1/.test(text)),
    );
    assert.equal(line(id, '2').at[0]?.quantity, 4, 'nothing was written');
    move(id, 'completed');
    await rig.until('completed lines', () => lines(id).every(({ state }) => state === 'completed'));
  });

  it('bundle: is told as an addition; what concerns one of the lines stops in words', async () => {
    switchOn('bundle');
    const id = rig.place('bundle', ['phone', 'cover', 'sim'], '2');
    await rig.until('the addition', () => rig.comments(id).some((text) => /Bundle of Phone 15, Cover 15/.test(text)));
    await rig.quiet();
    move(id, 'inProgress');
    await rig.until('lines in progress', () => lines(id).every(({ state }) => state === 'in_progress'));
    await rig.quiet();
    rig.updateLine(id, '2', { state: 'canceled' });
    await rig.until('the stop in words', async () =>
      (await rig.failures()).some((text) => /No item there is certainly 2 \(2 × Cover 15\)/.test(text)),
    );
    await rig.until('the line as it is', () => line(id, '2').state === 'in_progress');
    // What is added is ordered all the same.
    const added = rig.sandbox.servicenow.create(LINES, { ...rig.line('4', 'cover'), order: id }, 'agent');
    const ordered = () => vendors().flatMap((desk) => desk.orders().flatMap((order) => itemsOf(order)));
    await rig.until('the added cover at the vendor', () =>
      ordered().some((item) => item.quantity === 1 && (item.productOffering as { id?: string }).id === added.product_offering),
    );
  });

  it('lockedInProgress: a refused cancellation of an item is told, and the line is as it was', async () => {
    switchOn('lockedInProgress');
    const id = await place('locked', ['phone', 'cover', 'sim']);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateLine(id, '2', { state: 'canceled' });
    await rig.until('the refusal', () => rig.comments(id).some((text) => /item 2 refused: .*cannot be changed/.test(text)));
    await agree(id, 'in_progress');
    await rig.quiet();
    assert.ok(!rig.comments(id).some((text) => /item 1/.test(text)), 'nothing is said of the others');
    move(id, 'completed');
    await agree(id, 'completed');
  });

  it('lockedInProgress: a quantity that the vendor refuses is told to the customer', async () => {
    switchOn('lockedInProgress');
    const id = await place('locked quantity', ['phone', 'cover', 'sim']);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateLine(id, '2', { quantity: '5' });
    await rig.until('the refusal', () =>
      rig.comments(id).some((text) => /did not accept the change of item [\d, ]*2: .*cannot be changed/.test(text)),
    );
    assert.equal(line(id, '2').at[0]?.quantity, 2);
  });

  it('cancelIgnored: an item that the vendor did not cancel although it confirmed that is told, and goes on', async () => {
    switchOn('cancelIgnored');
    const id = await place('ignored', ['phone', 'cover', 'sim']);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateLine(id, '2', { state: 'canceled' });
    await rig.until('the notice', () => rig.comments(id).some((text) => /item 2, but did not cancel it/.test(text)));
    await agree(id, 'in_progress');
    move(id, 'completed');
    await agree(id, 'completed');
    await right(id, ['1', '2', '3']);
  });

  it('cancelMissing: a cancellation that the vendors have no way for is told, and the order goes on', async () => {
    switchOn('cancelMissing');
    const id = await place('no way', ['phone', 'sim']);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateOrder(id, { state: 'canceled' });
    for (const leg of ['devices', 'mobile'])
      await rig.until(`what became of the cancellation at ${leg}`, () =>
        rig.comments(id).some((text) => text.startsWith(`${leg} has not confirmed the cancellation`)),
      );
    await agree(id, 'in_progress');
    await rig.until('the order as it is', () => rig.order(id).state === 'in_progress');
    move(id, 'completed');
    await agree(id, 'completed');
  });

  it('cancelPretended: an order that goes on after a confirmed cancellation is told, and shown as it is', async () => {
    switchOn('cancelPretended');
    const id = await place('pretended', ['phone', 'cover', 'sim']);
    move(id, 'inProgress');
    await agree(id, 'in_progress');
    await rig.quiet();
    rig.updateOrder(id, { state: 'canceled' });
    await rig.until('confirmed cancellations', () => lines(id).every((one) => one.at.every((item) => item.cancellation)));
    move(id, 'completed');
    await agree(id, 'completed');
    await rig.until('the notice', () => rig.comments(id).some((text) => /cancel/i.test(text)));
  });

  it('several at once: own ids, a fee, a later order whose id is only in the event', async () => {
    switchOn('ownIds', 'fee', 'eventOnly');
    const id = await place('several', ['phone', 'cover', 'sim']);
    rig.updateLine(id, '2', { quantity: '4' });
    await agree(id, 'new');
    move(id, 'completed');
    await agree(id, 'completed');
    await right(id, ['1', '2', '3']);
    assert.ok(
      rig.comments(id).some((text) => FEE.test(text)),
      rig.comments(id).join('\n'),
    );
  });
});
