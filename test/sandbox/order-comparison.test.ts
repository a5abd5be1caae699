import assert from 'node:assert/strict';
import type { ComparedLine, ComparedOrder } from '../../src/sandbox/compared-order.js';
import { addOrderLine, customerOrders, placeCustomerOrder } from '../../src/sandbox/order-actions.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';

const LINES = 'sn_ind_tmt_orm_order_line_item';

describe('an order of the sandbox as its manager sees it', () => {
  let sandbox: Sandbox;
  let order: string;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(() => {
    sandbox.reset();
    const lines = ['Phone 15', 'SIM 5G', 'Cover 15'].map((offering) => ({ offering, quantity: '2' }));
    order = placeCustomerOrder(sandbox.servicenow, { order_currency: 'EUR', lines: JSON.stringify(lines) }).sys_id;
  });

  const vendors = () => (['v4', 'v5', 'servicenow'] as const).map((name) => sandbox.orders(name));
  const view = () => customerOrders(sandbox.servicenow, vendors(), 1)[0] as ComparedOrder;
  const line = (number: string) => view().items.find((item) => item.line === number) as ComparedLine;
  const judged = () => view().items.map(({ verdict, why }) => (why ? `${verdict}: ${why}` : verdict));
  const set = (number: string, fields: Record<string, string>) =>
    sandbox.servicenow.update(LINES, line(number).id, fields, 'switchboard');
  type Given = { id: string; name: string; quantity?: number; [name: string]: unknown };
  /** An order at a vendor, made by whatever is between it and the customer; `lines` are told its number. */
  const ordered = (version: 'v4' | 'v5', leg: string, items: Given[], lines: string[] = []): string => {
    const productOrderItem = items.map(({ name, ...item }) => ({ quantity: 2, ...item, productOffering: { id: name, name } }));
    const reference = `SWB-1/${leg}`;
    const externalId = version === 'v4' ? reference : [{ id: reference }];
    const { id } = sandbox.orders(version).create({ externalId, productOrderItem });
    for (const number of lines) set(number, { correlation_display: `${id} (vendor)` });
    return String(id);
  };
  const phoneAndCover = [
    { id: '1', name: 'Phone 15' },
    { id: '3', name: 'Cover 15' },
  ];

  it('shows what is not ordered yet', () => {
    assert.deepEqual(judged(), Array(3).fill('open: not ordered yet'));
    set('1', { state: 'canceled' });
    set('2', { state: 'completed' });
    assert.deepEqual(judged(), ['same', 'different: never ordered', 'open: not ordered yet']);
  });

  it('shows each item beside that of its vendor, and says where the states differ', () => {
    const id = ordered('v4', 'devices', phoneAndCover, ['1', '3']);
    ordered('v5', 'mobile', [{ id: '2', name: 'SIM 5G' }], ['2']);
    ordered('v5', 'mobile', [{ id: '2', name: 'SIM 5G' }]);
    const [item] = line('1').at;
    assert.deepEqual([item?.vendor, item?.order, item?.item, item?.state], ['Device vendor', id, '1', 'acknowledged']);
    sandbox.orders('v4').setItemState(id, '1', 'completed');
    assert.deepEqual(judged(), ['different: state', 'different: quantity', 'same'], 'the SIM was ordered twice');
    set('1', { state: 'completed' });
    assert.deepEqual(judged()[0], 'same');
    sandbox.orders('v4').behaviours.add({ name: 'ownWords' });
    assert.equal(line('1').at[0]?.word, 'delivered');
  });

  it('shows what a vendor added apart, with its price and date as they are', () => {
    const price = (name: string, value: number) => ({ priceType: 'oneTime', price: { [name]: { unit: 'EUR', value } } });
    const items = [
      { ...phoneAndCover[0], itemPrice: [price('taxIncludedAmount', 20)] } as Given,
      { id: '4', name: 'Handling fee', quantity: 1, itemPrice: [price('dutyFreeAmount', 4.9)] },
    ];
    const id = ordered('v4', 'devices', items, ['1']);
    sandbox.orders('v4').patch(id, { expectedCompletionDate: '2030-01-05T00:00:00.000Z' });
    const { additions } = view();
    assert.deepEqual(
      additions.map(({ name, prices }) => [name, prices]),
      [['Handling fee', [{ kind: 'oneTime', net: '4.90 EUR' }]]],
    );
    assert.deepEqual(line('1').at[0]?.prices, [{ kind: 'oneTime', gross: '20.00 EUR' }]);
    assert.deepEqual([additions[0]?.date, additions[0]?.wholeOrder], ['2030-01-05T00:00:00.000Z', true]);
    set('1', { nrc: '16.8', currency: 'EUR' });
    assert.deepEqual(line('1').prices, [{ kind: 'oneTime', net: '16.80 EUR' }]);
  });

  it('finds the items of a vendor that splits, renumbers, merges or bundles them', () => {
    const split = [
      { id: '10', name: 'Cover 15', quantity: 1 },
      { id: '20', name: 'Phone 15' },
      { id: '30', name: 'Cover 15', quantity: 1 },
    ];
    const id = ordered('v4', 'devices', split, ['1']);
    assert.deepEqual([line('1').at.map((i) => i.item), line('3').at.map((i) => i.item)], [['20'], ['10', '30']]);
    sandbox.orders('v4').setItemState(id, '10', 'completed');
    set('3', { state: 'in_progress' });
    assert.deepEqual(judged().slice(2), ['same'], 'one of two parts is delivered');
    ordered('v5', 'mobile', [{ id: 'B1', name: 'Bundle of SIM 5G, Insurance', quantity: 1 }], ['2']);
    assert.deepEqual([line('2').at[0]?.item, judged()[1], view().additions], ['B1', 'same', []]);

    const again = addOrderLine(sandbox.servicenow, { id: order, offering: 'Tablet', quantity: '1' });
    addOrderLine(sandbox.servicenow, { id: order, offering: 'Tablet', quantity: '3' });
    assert.equal(again.external_id, '4');
    ordered('v4', 'more', [{ id: 'M1', name: 'Tablet', quantity: 4 }], ['4', '5']);
    assert.deepEqual(judged().slice(3), ['same', 'same'], 'merged: one item for both');
  });

  it('shows a second order of a vendor with our reference, and the requests of a team', () => {
    ordered('v4', 'devices', [{ id: '1', name: 'Phone 15' }], ['1']);
    ordered('v4', 'devices', [{ id: '3', name: 'Cover 15' }]);
    assert.deepEqual(judged(), ['same', 'open: not ordered yet', 'same']);
    const desk = sandbox.servicenow;
    const request = desk.create('sc_request', { correlation_id: 'SWB-1/team' });
    desk.create('sc_req_item', {
      request: request.sys_id,
      correlation_id: '2',
      short_description: 'SIM 5G',
      quantity: '2',
      state: '2',
    });
    set('2', { correlation_display: `${request.number} (team)`, state: 'in_progress' });
    assert.deepEqual([judged()[1], line('2').at[0]?.vendor], ['same', 'Internal team']);
    desk.update('sc_request', request.sys_id, { request_state: 'closed_cancelled' });
    assert.equal(judged()[1], 'different: state');
  });

  it('shows a cancellation under way, and one that had no effect', () => {
    const id = ordered('v4', 'devices', phoneAndCover, ['1', '3']);
    const { cancels } = sandbox.orders('v4');
    for (const number of ['1', '3']) set(number, { state: 'canceled' });
    assert.equal(judged()[0], 'different: state');
    cancels.request({ productOrder: { id }, cancellationReason: 'Ann left' }, id);
    assert.deepEqual(
      [judged()[0], line('1').at[0]?.cancellation],
      ['open: being cancelled', { state: 'acknowledged', reason: 'Ann left' }],
    );
    cancels.refuse(String(cancels.ofOrder(id)?.id));
    assert.equal(judged()[0], 'different: state');
    cancels.during('pretended', () => cancels.request({ productOrder: { id } }, id));
    assert.deepEqual([judged()[0], line('1').at[0]?.cancellation], ['different: state', { state: 'done' }]);
  });
});
