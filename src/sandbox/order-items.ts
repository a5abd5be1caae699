import { randomUUID } from 'node:crypto';
import type { ORDER_BEHAVIOURS } from './behaviours.js';
import { json, type Request } from './exchange.js';
import { entries, type TmfRecord, typed, type Version } from './tmf-record.js';

export const ITEMS = 'productOrderItem';
const RELATIONS = ['productOrderItemRelationship', 'orderItemRelationship'];

/** Items of a vendor's order, and the ids of the customer's items that they stand for. */
interface Made {
  from: unknown[];
  to: TmfRecord[];
}

/** What a vendor makes of the items of a new order. */
type Rule = (items: TmfRecord[], version: Version) => Made[];

const one =
  (change: (item: TmfRecord, index: number) => TmfRecord[]): Rule =>
  (items) =>
    items.map((item, index) => ({ from: [item.id], to: change(item, index) }));

const RULES = {
  renumber: one((item, index) => [withVendorId(item, String((index + 1) * 10))]),
  pad: one((item) => [withVendorId(item, String(item.id).padStart(4, '0'))]),
  ownIds: one((item) => [withVendorId(item, randomUUID())]),
  split: one((item, index) => {
    const quantity = quantityOf(item);
    const id = (part: number) => String(1_000 + 10 * index + part);
    if (quantity < 2) return [item];
    return [withVendorId({ ...item, quantity: 1 }, id(1)), withVendorId({ ...item, quantity: quantity - 1 }, id(2))];
  }),
  reverse: (items) => one((item) => [item])([...items].reverse(), 'v4'),
  merge: (items) => {
    const offerings = [...new Set(items.map(offeringOf))];
    return offerings.map((offering, index) => {
      const same = items.filter((item) => offeringOf(item) === offering);
      const [first = {}] = same;
      const quantity = same.reduce((sum, item) => sum + quantityOf(item), 0);
      return {
        from: same.map((item) => item.id),
        to: same.length === 1 ? [first] : [withVendorId({ ...first, quantity }, `M${index + 1}`)],
      };
    });
  },
  bundle: (items, version) => {
    if (items.length < 2) return one((item) => [item])(items, version);
    const name = `Bundle of ${items.map(offeringOf).join(', ')}`;
    return [{ from: items.map((item) => item.id), to: [ownItem(version, 'B1', { id: 'BUNDLE', name })] }];
  },
  fee: (items, version) => {
    const ids = items.map((item) => Number(item.id)).filter(Number.isInteger);
    // The next number, which the customer may also give to the next line.
    const item = ownItem(version, String(Math.max(0, ...ids) + 1), { id: 'FEE', name: 'Handling fee' });
    const itemPrice = [price(version, 'oneTime', FEE)];
    return [...one((given) => [given])(items, version), { from: [], to: [{ ...item, itemPrice }] }];
  },
} satisfies Partial<Record<(typeof ORDER_BEHAVIOURS)['create'][number], Rule>>;
export type ItemRule = keyof typeof RULES;
export const ITEM_RULES = Object.keys(RULES) as ItemRule[];

const FEE = 4.9;

/** The order request with items changed by a vendor. Relationships between items are kept consistent. */
export function withChangedItems(request: Request, name: ItemRule, version: Version): Request {
  const order = json(request);
  if (!order || !(ITEMS in order)) return request;
  const made = RULES[name](entries(order[ITEMS]), version);
  const ids = new Map(made.flatMap(({ from, to }) => from.map((id) => [id, to[0]?.id])));
  const items = made.flatMap(({ to }) => to);
  return withBody(request, { ...order, [ITEMS]: items.map((item) => withRelations(item, (id) => ids.get(id) ?? id)) });
}

/** The change of an order, whose new items have the vendor's own ids. */
export function withOwnIdsForNewItems(request: Request, known: ReadonlySet<unknown>): Request {
  const change = json(request);
  if (!change || !(ITEMS in change)) return request;
  const items = entries(change[ITEMS]).map((item) => (known.has(item.id) ? item : withVendorId(item, randomUUID())));
  return withBody(request, { ...change, [ITEMS]: items });
}

/** Two requests for the parts of an order; undefined where it has only one part. */
export function inTwoParts(request: Request): [Request, Request] | undefined {
  const order = json(request);
  const items = entries(order?.[ITEMS]);
  const [only] = items;
  if (!order || !only) return undefined;
  const half = Math.ceil(items.length / 2);
  const single = items.length === 1;
  if (single && quantityOf(only) < 2) return undefined;
  const parts = single
    ? [[{ ...only, quantity: 1 }], [{ ...only, quantity: quantityOf(only) - 1 }]]
    : [items.slice(0, half), items.slice(half)];
  const [first, second] = parts.map((part) => {
    const ids = new Set(part.map((item) => item.id));
    const kept = part.map((item) => withRelations(item, (id) => (ids.has(id) ? id : undefined)));
    return withBody(request, { ...order, [ITEMS]: kept });
  });
  return first && second && [first, second];
}

/** The items at other prices: ten percent more, or a first price. */
export function repriced(items: TmfRecord[], version: Version): TmfRecord[] {
  return items.map((item) => {
    const prices = entries(item.itemPrice);
    return { ...item, itemPrice: prices.length > 0 ? prices.map(raised) : [price(version, 'oneTime', 99)] };
  });
}

export function withBody(request: Request, body: unknown): Request {
  return { ...request, body: Buffer.from(JSON.stringify(body)) };
}

/** A price without tax. */
function price(version: Version, priceType: string, value: number): TmfRecord {
  return typed(version, 'OrderPrice', {
    priceType,
    price: typed(version, 'Price', { dutyFreeAmount: { unit: 'EUR', value } }),
  });
}

function raised(given: TmfRecord): TmfRecord {
  const amounts = Object.entries((given.price ?? {}) as TmfRecord).map(([name, amount]) => {
    const value = Number((amount as TmfRecord | null)?.value);
    return [name, Number.isFinite(value) ? { ...(amount as TmfRecord), value: Math.round(value * 110) / 100 } : amount];
  });
  return { ...given, price: Object.fromEntries(amounts) };
}

/** An item that nobody ordered. */
function ownItem(version: Version, id: string, offering: TmfRecord): TmfRecord {
  return typed(version, 'ProductOrderItem', {
    id,
    action: 'add',
    quantity: 1,
    productOffering: typed(version, 'ProductOfferingRef', offering),
  });
}

/** An item with the vendor's own id: nothing links it to the customer's item any more. */
function withVendorId({ externalId: _, ...item }: TmfRecord, id: string): TmfRecord {
  return { ...item, id };
}

/** `idOf`: the new id of a related item; undefined removes the relation. */
function withRelations(item: TmfRecord, idOf: (id: unknown) => unknown): TmfRecord {
  const changed = RELATIONS.filter((name) => Array.isArray(item[name])).map((name) => [
    name,
    entries(item[name]).flatMap((relation) => {
      const id = idOf(relation.id);
      return id === undefined || id === item.id ? [] : [{ ...relation, id }];
    }),
  ]);
  return { ...item, ...Object.fromEntries(changed) };
}

function quantityOf(item: TmfRecord): number {
  return Number(item.quantity ?? 1);
}

function offeringOf(item: TmfRecord): string {
  const offering = (item.productOffering ?? {}) as TmfRecord;
  return String(offering.name ?? offering.id ?? item.id);
}
