import type { ORDER_BEHAVIOURS } from './behaviours.js';
import { json, type Request } from './exchange.js';
import { entries, type TmfRecord } from './tmf-record.js';

const ITEMS = 'productOrderItem';
const RELATIONS = ['productOrderItemRelationship', 'orderItemRelationship'];

/** Replaces one item of an order with one or more items that have the vendor's own ids. */
type Rule = (item: TmfRecord, index: number) => TmfRecord[];

const RULES: Record<Exclude<(typeof ORDER_BEHAVIOURS)[number], 'reverse'>, Rule> = {
  renumber: (item, index) => [withVendorId(item, String((index + 1) * 10))],
  pad: (item) => [withVendorId(item, String(item.id).padStart(4, '0'))],
  split: (item, index) => {
    const quantity = Number(item.quantity ?? 1);
    const id = (part: number) => String(1_000 + 10 * index + part);
    if (quantity < 2) return [item];
    return [withVendorId({ ...item, quantity: 1 }, id(1)), withVendorId({ ...item, quantity: quantity - 1 }, id(2))];
  },
};

/** An item with the vendor's own id: nothing links it to the customer's item any more. */
function withVendorId({ externalId: _, ...item }: TmfRecord, id: string): TmfRecord {
  return { ...item, id };
}

/** The order request with items changed by a vendor's behaviour. Relationships between items are kept consistent. */
export function withChangedItems(request: Request, name: (typeof ORDER_BEHAVIOURS)[number]): Request {
  const order = json(request);
  if (!order) return request;
  const given = entries(order[ITEMS]);
  if (name === 'reverse') return withItems(request, order, [...given].reverse());
  const made = given.map((item, index) => ({ from: item.id, to: RULES[name](item, index) }));
  const ids = new Map(made.map(({ from, to }) => [from, to[0]?.id]));
  const items = made.flatMap(({ to }) => to);
  return withItems(
    request,
    order,
    items.map((item) => withRelations(item, ids)),
  );
}

function withRelations(item: TmfRecord, ids: Map<unknown, unknown>): TmfRecord {
  const changed = RELATIONS.filter((name) => Array.isArray(item[name])).map((name) => [
    name,
    entries(item[name]).map((relation) => ({ ...relation, id: ids.get(relation.id) ?? relation.id })),
  ]);
  return { ...item, ...Object.fromEntries(changed) };
}

function withItems(request: Request, order: TmfRecord, items: TmfRecord[]): Request {
  return { ...request, body: Buffer.from(JSON.stringify({ ...order, [ITEMS]: items })) };
}
