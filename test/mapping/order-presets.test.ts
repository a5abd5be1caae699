import assert from 'node:assert/strict';
import { compileMapping, preset } from '../../src/endpoints/registry.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { CANCELLING_STATES, type GenericFields, type Json, ORDER_STATES } from '../../src/model/message.js';
import { cancelled, FULL, orderMessage } from './orders.js';

const TMF622: NonNullable<Mapping['version']>[] = ['v4', 'v5', 'servicenow'];
const of = (version: Mapping['version']) => compileMapping(preset('tmf622', 'productOrder', version));

describe('an order', () => {
  for (const version of TMF622) {
    it(`comes back from ${version} as it was sent, item by item`, async () => {
      const { body, problems } = await of(version).fromGeneric(orderMessage(FULL));
      assert.deepEqual(problems, []);
      const { fields, problems: back } = await of(version).toGeneric(body);
      assert.deepEqual(back, []);
      const kept = version === 'servicenow' ? lessThanStandard(FULL.items) : FULL.items;
      assert.deepEqual(fields.items, withPartyIds(kept));
      for (const name of ['description', 'requestedStartAt', 'requestedCompletionAt'] as const)
        assert.equal(fields[name], FULL[name]);
      assert.deepEqual(fields.customer, FULL.customer);
      assert.deepEqual(fields.contact, FULL.contact);
    });

    it(`sends ${version} no state except the cancellation of the order or an item`, async () => {
      for (const state of ORDER_STATES) {
        const { body } = await of(version).fromGeneric(
          orderMessage({ ...FULL, state, stateReason: 'Moved', progress: [{ id: '10', state }] }),
        );
        const cancels = CANCELLING_STATES.includes(state);
        assert.equal(body.state, cancels ? 'cancelled' : undefined);
        assert.equal(body.cancellationReason, cancels ? 'Moved' : undefined);
        const [first, second] = body.productOrderItem as { state?: string }[];
        assert.match(String(first?.state), cancels ? /^cancell?ed$/ : /^undefined$/);
        assert.equal(second?.state, undefined);
      }
    });

    it(`with only one cancelled item is still sent to ${version} with all its items`, async () => {
      const { body, changed } = await of(version).fromGeneric(
        orderMessage({ ...FULL, progress: [cancelled('20')] }, { changed: ['progress'] }),
      );
      assert.deepEqual(changed, ['productOrderItem']);
      assert.equal((body.productOrderItem as Json[]).length, 2);
    });
  }

  it('that is accepted in v5 is in progress, and so is one in ServiceNow, whatever the state is called there', async () => {
    const state = async (version: Mapping['version'], word: string) =>
      (await of(version).toGeneric({ state: word, productOrderItem: [{ id: '1', state: word }] })).fields;
    const v5 = await state('v5', 'inProgress.accepted');
    assert.deepEqual([v5.state, v5.progress], ['inProgress', [{ id: '1', state: 'inProgress' }]]);
    assert.equal((await state('servicenow', 'in_progress')).state, 'inProgress');
    assert.equal((await state('servicenow', 'cancellation_in_progress')).state, 'pendingCancellation');
  });

  it('has the dates and prices that the vendor reports', async () => {
    const price = (priceType: string, value: number, more = {}) => ({
      priceType,
      ...more,
      price: { taxIncludedAmount: { unit: 'EUR', value } },
    });
    const { fields } = await of('v4').toGeneric({
      expectedCompletionDate: '2026-04-02T10:00:00Z',
      completionDate: '2026-04-03T10:00:00Z',
      orderDate: '2026-03-01T10:00:00Z',
      productOrderItem: [
        {
          id: '1',
          expectedCompletionDate: '2026-04-01T10:00:00Z',
          itemPrice: [price('nonRecurring', 5), price('recurring', 20, { recurringChargePeriod: 'month' }), price('usage', 1)],
        },
      ],
    });
    assert.equal(fields.expectedCompletionAt, '2026-04-02T10:00:00.000Z');
    assert.equal(fields.completedAt, '2026-04-03T10:00:00.000Z');
    assert.equal(fields.createdAt, '2026-03-01T10:00:00.000Z');
    assert.deepEqual(fields.items?.[0]?.price, {
      oneTimeWithTax: 5,
      recurringWithTax: 20,
      period: 'month',
      currency: 'EUR',
      other: ['1 EUR usage including tax'],
    });
    assert.equal(fields.progress?.[0]?.expectedCompletionAt, '2026-04-01T10:00:00.000Z');
  });

  it('gets back amounts with and without tax as what they are', async () => {
    const price = { oneTime: 5, oneTimeWithTax: 6, recurringWithTax: 20, period: 'month', currency: 'EUR', other: ['usage'] };
    const { body } = await of('v4').fromGeneric(orderMessage({ title: 'x', items: [{ id: '1', action: 'add', price }] }));
    const [item] = body.productOrderItem as { itemPrice: unknown }[];
    assert.deepEqual(item?.itemPrice, [
      {
        priceType: 'oneTime',
        price: { dutyFreeAmount: { unit: 'EUR', value: 5 }, taxIncludedAmount: { unit: 'EUR', value: 6 } },
      },
      {
        priceType: 'recurring',
        recurringChargePeriod: 'month',
        price: { taxIncludedAmount: { unit: 'EUR', value: 20 } },
      },
    ]);
  });

  it('keeps a state in the vendor’s own words as the reason, and reports it as unmapped', async () => {
    for (const version of ['v4', 'v5', 'servicenow'] as const) {
      const { fields, problems } = await of(version).toGeneric({
        state: 'In customs',
        productOrderItem: [{ id: '1', state: 'shipped' }],
      });
      assert.deepEqual([fields.state, fields.stateReason], [undefined, 'In customs']);
      assert.deepEqual(fields.progress, [{ id: '1', stateReason: 'shipped' }]);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['unmapped', 'unmapped'],
      );
    }
  });

  it('has a characteristic of each class in v5', async () => {
    const { body } = await of('v5').fromGeneric(orderMessage(FULL));
    const [item] = body.productOrderItem as { product: { productCharacteristic: { '@type': string; name: string }[] } }[];
    assert.deepEqual(Object.fromEntries(item!.product.productCharacteristic.map((c) => [c.name, c['@type']])), {
      bandwidth: 'NumberCharacteristic',
      technology: 'StringCharacteristic',
      redundant: 'BooleanCharacteristic',
      vlans: 'NumberArrayCharacteristic',
      tags: 'StringArrayCharacteristic',
      sla: 'ObjectCharacteristic',
    });
  });

  it('with an item without an action is refused with an explanation', async () => {
    const { problems } = await of('v4').fromGeneric(orderMessage({ items: [{ id: '7', offering: { id: 'x' } }] }));
    assert.deepEqual(
      problems.map((p) => [p.level, p.field]),
      [['error', 'productOrderItem[7].action']],
    );
  });
});

/** TMF622 requires an id of a party: one without an id uses its name. */
function withPartyIds(items: GenericFields['items']): GenericFields['items'] {
  return items?.map((item) => (item.contact ? { ...item, contact: { id: item.contact.name!, ...item.contact } } : item));
}

/** ServiceNow accepts a place only by reference, and relations of another kind. */
function lessThanStandard(items: GenericFields['items']): GenericFields['items'] {
  return items?.map(({ reliesOn: _, place, ...item }) => ({ ...item, ...(place?.id && { place: { id: place.id } }) }));
}
