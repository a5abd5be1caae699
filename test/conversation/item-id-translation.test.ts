import assert from 'node:assert/strict';
import { translateItemIds } from '../../src/conversation/item-id-translation.js';
import type { ItemFacts, LinkItems } from '../../src/model/item-facts.js';
import type { GenericComment, GenericFields, OrderItem } from '../../src/model/message.js';
import { order, says } from './orders.js';

const thing = (id: string, offering: string, quantity = 1): OrderItem & ItemFacts => ({
  id,
  offering: { id: offering },
  quantity,
});
const SENT = [thing('1', 'SIM'), thing('2', 'PHONE', 2), thing('3', 'COVER')];
const ITEMS: LinkItems = { sent: SENT.map((item) => ({ ...item, ours: item.id })), ids: {}, theirs: [] };

const translate = (
  got: (OrderItem & ItemFacts)[],
  fields: GenericFields = {},
  comments: GenericComment[] = [],
  items = ITEMS,
  further: string[] = [],
) => translateItemIds(order({ items: got, ...fields }, { comments }), items, got, { name: 'North', further });

describe('a vendor’s message with our item ids', () => {
  it('has each item and its state under our id', () => {
    const got = [thing('30', 'COVER'), thing('20', 'PHONE', 2), { ...thing('10', 'SIM'), reliesOn: ['20'] }];
    const { message, items } = translate(got, {
      progress: says(['10', 'completed'], ['20', 'held', 'no stock'], ['30', 'pending']),
    });
    assert.deepEqual(message.fields.items, [
      thing('3', 'COVER'),
      thing('2', 'PHONE', 2),
      { ...thing('1', 'SIM'), reliesOn: ['2'] },
    ]);
    assert.deepEqual(message.fields.progress, says(['1', 'completed'], ['2', 'held', 'no stock'], ['3', 'pending']));
    assert.deepEqual(items.ids, { 1: ['10'], 2: ['20'], 3: ['30'] });
    assert.deepEqual(message.comments, []);
  });

  it('reports an item that the vendor added as a comment, and not as the item that has the same id', () => {
    const got = [
      { ...thing('1', 'FEE'), offering: { name: 'Handling fee' } },
      thing('2', 'SIM'),
      thing('3', 'PHONE', 2),
      thing('4', 'COVER'),
    ];
    const sent = SENT.map((item) => ({ ...item, ours: item.id, offering: { ...item.offering, name: item.offering?.id ?? '' } }));
    const { message, items } = translate(got, { progress: says(['1', 'held'], ['2', 'completed']) }, [], { ...ITEMS, sent });
    assert.deepEqual(message.fields.progress, says(['1', 'completed']));
    assert.deepEqual(
      message.fields.items?.map((item) => item.id),
      ['1', '2', '3'],
    );
    assert.deepEqual(message.comments, [
      { id: 'added|1', text: 'Added by North, not ordered: Handling fee (item 1 there).', visibility: 'public' },
    ]);
    assert.deepEqual(items.theirs, ['1']);
  });

  it('rolls up state and quantity of a split item from its parts', () => {
    const got = [thing('1', 'SIM'), thing('2', 'PHONE'), thing('4', 'PHONE'), thing('3', 'COVER')];
    const standing = (two: 'completed' | 'held', four: 'completed' | 'inProgress') =>
      translate(got, { progress: says(['1', 'pending'], ['2', two], ['4', four]) }).message.fields.progress;
    assert.deepEqual(standing('completed', 'inProgress'), says(['1', 'pending'], ['2', 'inProgress']));
    assert.deepEqual(standing('completed', 'completed'), says(['1', 'pending'], ['2', 'completed']));
    assert.deepEqual(
      translate(got).message.fields.items?.find((item) => item.id === '2'),
      thing('2', 'PHONE', 2),
    );
  });

  it('gives merged items their common state, without price and quantity', () => {
    const sent = [thing('1', 'PHONE'), thing('2', 'PHONE')].map((item) => ({ ...item, ours: item.id }));
    const got = [{ ...thing('7', 'PHONE', 2), price: { oneTime: 10 } }];
    const { message } = translate(got, { progress: says(['7', 'completed']) }, [], { ...ITEMS, sent });
    assert.deepEqual(message.fields.progress, says(['1', 'completed'], ['2', 'completed']));
    assert.deepEqual(message.fields.items, [
      { id: '1', offering: { id: 'PHONE' } },
      { id: '2', offering: { id: 'PHONE' } },
    ]);
  });

  it('uses the customer’s item ids in comments', () => {
    const got = [thing('10', 'SIM'), thing('20', 'PHONE', 2), thing('1', 'COVER')];
    const itemComment = (item: string): GenericComment => ({
      id: `item|${item}|n`,
      text: `Item ${item}: soon`,
      items: [item],
      visibility: 'public',
    });
    const late: GenericComment = { id: 'a', text: 'At risk. Item 10, 20.', items: ['10', '20'], visibility: 'public' };
    const { message } = translate(got, {}, [itemComment('1'), late, { id: 'n', text: 'Item 1: by hand', visibility: 'public' }]);
    assert.deepEqual(
      message.comments.map((c) => [c.id, c.text]),
      [
        ['item|1|n', 'Item 3: soon'],
        ['a', 'At risk. Item 1, 2.'],
        ['n', 'Item 1: by hand'],
      ],
    );
  });

  it('is refused if the items cannot be matched, naming the items and the next step', () => {
    assert.throws(() => translate([thing('1', 'SIM'), thing('8', 'PHONE'), thing('9', 'PHONE', 5)]), {
      kind: 'items',
      code: 'SWB_PARTNER_ANSWER',
      message:
        /North: The items of ORD1 cannot be matched: The partner returned 8 \(PHONE\), 9 \(5 × PHONE\), which may be any or none of 2 \(2 × PHONE\), 3 \(COVER\)\. No order line was changed\. .*replay this message/,
    });
  });

  it('trusts a mapping that reads our id from elsewhere', () => {
    const got = [thing('2', 'PHONE'), thing('1', 'PHONE')];
    const sent = [thing('1', 'PHONE'), thing('2', 'PHONE')].map((item) => ({ ...item, ours: item.id }));
    const read = [thing('1', 'PHONE'), thing('2', 'PHONE')];
    const message = order({ items: read, progress: says(['1', 'completed']) });
    const found = translateItemIds(message, { ...ITEMS, sent }, got);
    assert.deepEqual(found.message.fields.progress, says(['1', 'completed']));
    assert.deepEqual(found.items.ids, { 1: ['2'], 2: ['1'] });
  });

  it('has an item that the vendor has left out as cancelled, and names its further orders', () => {
    const items = { ...ITEMS, ids: { 1: ['1'], 2: ['2'], 3: ['3'] } };
    const got = [thing('1', 'SIM'), thing('2', 'PHONE', 2)];
    const reason = (further: string[]) =>
      translate(got, { state: 'completed', progress: says(['1', 'completed'], ['2', 'completed']) }, [], items, further).message
        .fields.progress?.[2]?.stateReason;
    assert.equal(reason([]), 'North completed its order without this item');
    assert.equal(reason(['PO-2']), 'North completed its order without this item; it may be in PO-2');
  });
});
