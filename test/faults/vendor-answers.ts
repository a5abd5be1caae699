import { type CancelTask, shownState, stateOf, type VendorItem, type VendorOrder, type VendorState } from './vendor-orders.js';

/** TMF622 v4.0.0 and v5.0.0, and ServiceNow's Product Order Open API. */
export type Dialect = 'v4' | 'v5' | 'servicenow';

const STANDARD = '/tmf-api/productOrderingManagement';
export const PATHS: Record<Dialect, { orders: string; cancel: string }> = {
  v4: { orders: `${STANDARD}/v4/productOrder`, cancel: `${STANDARD}/v4/cancelProductOrder` },
  v5: { orders: `${STANDARD}/v5/productOrder`, cancel: `${STANDARD}/v5/cancelProductOrder` },
  servicenow: { orders: '/api/sn_ind_tmt_orm/order/productOrder', cancel: '/api/sn_ind_tmt_orm/cancelproductorder' },
};

/** ServiceNow's own state values. */
const STATE_WORDS: Partial<Record<VendorState, string>> = {
  ...{ acknowledged: 'new', inProgress: 'in_progress', pending: 'awaiting_information', held: 'on_hold' },
  ...{ assessingCancellation: 'assessing_cancellation', pendingCancellation: 'cancellation_in_progress', cancelled: 'canceled' },
};

const wordOf = (state: VendorState, dialect: Dialect) => (dialect === 'servicenow' && STATE_WORDS[state]) || state;

/** In v5 every object names its type. */
const typed = (dialect: Dialect, type: string) => (dialect === 'v5' ? { '@type': type } : {});

/** An order as the API shows it. */
export function shownOrder(order: VendorOrder, dialect: Dialect, root: string): Record<string, unknown> {
  const isV5 = dialect === 'v5';
  const { expected, reference } = order;
  return {
    ...order.fields,
    ...typed(dialect, 'ProductOrder'),
    id: order.id,
    href: `${root}${PATHS[dialect].orders}/${order.id}`,
    externalId: isV5 ? [{ '@type': 'ExternalIdentifier', id: reference }] : reference,
    [isV5 ? 'creationDate' : 'orderDate']: new Date(order.createdAt).toISOString(),
    state: wordOf(stateOf(order), dialect),
    ...(order.furtherOf && {
      orderRelationship: [{ ...typed(dialect, 'OrderRelationship'), id: order.furtherOf, relationshipType: 'backOrder' }],
    }),
    ...(expected && { expectedCompletionDate: expected }),
    ...(order.notes.length > 0 && { note: order.notes.map((one) => ({ ...typed(dialect, 'Note'), ...one })) }),
    productOrderItem: order.items.filter((item) => !item.removed).map((item) => shownItem(order, item, dialect)),
  };
}

function shownItem(order: VendorOrder, item: VendorItem, dialect: Dialect): Record<string, unknown> {
  const price = {
    ...typed(dialect, 'OrderPrice'),
    priceType: 'nonRecurring',
    price: { ...typed(dialect, 'Price'), dutyFreeAmount: { unit: 'EUR', value: item.price } },
  };
  const offering = { ...typed(dialect, 'ProductOfferingRef'), id: item.offering, name: item.offering };
  return {
    ...typed(dialect, 'ProductOrderItem'),
    ...(item.ours === undefined && { productOffering: offering }),
    ...item.fields,
    id: item.id,
    quantity: item.quantity,
    state: wordOf(shownState(order, item), dialect),
    ...(item.price !== undefined && { itemPrice: [price] }),
  };
}

/** A cancellation task as the API shows it. */
export function shownTask(order: VendorOrder, { id, state, words }: CancelTask, dialect: Dialect): Record<string, unknown> {
  const became = state === 'refused' ? (dialect === 'v5' ? 'rejected' : 'terminatedWithError') : state;
  return {
    ...typed(dialect, 'CancelProductOrder'),
    id,
    state: became,
    productOrder: { id: order.id, ...typed(dialect, 'ProductOrderRef') },
    ...(words && { message: words }),
  };
}
