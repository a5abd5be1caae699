import type { Json, Price } from '../model/message.js';
import { sumOfPrices } from '../model/price.js';
import type { Notation, Rule } from './mapping.js';

type Shape = Exclude<NonNullable<Rule['type']>, 'time' | 'text' | 'number'>;
type Tree = { [key: string]: Json };

/** Lists that partners structure differently from the generic model: how they are read and written. */
const SHAPES: Record<Shape, { in: (value: Json) => Json; out: (value: Json, notation: Notation) => Json }> = {
  characteristics: {
    in: (value) => {
      if (!Array.isArray(value)) return value;
      return Object.fromEntries(
        value
          .filter(isTree)
          .flatMap(({ name, value: given }) => (typeof name === 'string' && given !== undefined ? [[name, given]] : [])),
      );
    },
    out: (value, { typed }) =>
      Object.entries(isTree(value) ? value : {})
        .filter(([, given]) => given !== null)
        .map(([name, given]) => ({
          ...(typed && { '@type': characteristicType(given) }),
          name,
          value: given,
        })),
  },
  itemRelations: {
    in: (value) =>
      Array.isArray(value)
        ? value.filter(isTree).flatMap(({ id, relationshipType }) => (RELIES.test(String(relationshipType)) ? [String(id)] : []))
        : [],
    out: (value, { typed }) =>
      (Array.isArray(value) ? value : []).map((id) => ({
        ...(typed && { '@type': 'OrderItemRelationship' }),
        id,
        relationshipType: 'reliesOn',
      })),
  },
  prices: {
    in: (value) => pricesIn(Array.isArray(value) ? value.filter(isTree) : []),
    out: (value, { typed }) => (isTree(value) ? pricesOut(value, typed) : []),
  },
};

/**
 * Recurring prices have one name everywhere; one-time prices have several (TMF622, OrderPrice.priceType; ServiceNow:
 * nonRecurring).
 */
const RECURS = /^recurring/i;
const ONCE = /^(one-?time|non-?recurring)/i;

/** A list of OrderPrice as one price. */
function pricesIn(list: Tree[]): Json {
  return sumOfPrices(list.flatMap((entry) => priceIn(entry) ?? [])) as Json;
}

/** One OrderPrice; one of another kind, such as usage, in words. */
function priceIn(entry: Tree): Price | undefined {
  const { priceType, recurringChargePeriod: period, unitOfMeasure: unit } = entry;
  const amounts = isTree(entry.price) ? entry.price : {};
  const [net, gross] = [amountOf(amounts.dutyFreeAmount), amountOf(amounts.taxIncludedAmount)];
  const money = [amounts.dutyFreeAmount, amounts.taxIncludedAmount].find((one) => isTree(one) && typeof one.unit === 'string');
  const currency = isTree(money) && typeof money.unit === 'string' ? { currency: money.unit } : {};
  if (net === undefined && gross === undefined) return undefined;
  const given = (name: string, value: number | undefined) => (value === undefined ? {} : { [name]: value });
  if (ONCE.test(String(priceType))) return { ...given('oneTime', net), ...given('oneTimeWithTax', gross), ...currency };
  if (RECURS.test(String(priceType))) {
    const every = typeof period === 'string' ? { period } : {};
    return { ...given('recurring', net), ...given('recurringWithTax', gross), ...every, ...currency };
  }
  const kind = typeof priceType === 'string' ? priceType : typeof entry.name === 'string' ? entry.name : 'other';
  const per = typeof unit === 'string' ? ` per ${unit}` : '';
  const tax = net === undefined ? ' including tax' : '';
  return { other: [`${net ?? gross} ${currency.currency ?? ''} ${kind}${per}${tax}`.replaceAll('  ', ' ')] };
}

/** The value of a Money; some providers send it as text. */
function amountOf(money: Json | undefined): number | undefined {
  const value = isTree(money) ? money.value : undefined;
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof amount === 'number' && Number.isFinite(amount) ? amount : undefined;
}

/** Amounts in words are for people only, and are not written. */
function pricesOut({ oneTime, recurring, oneTimeWithTax, recurringWithTax, period, currency }: Tree, typed: boolean): Json {
  const amount = (name: string, value: Json | undefined): Tree =>
    typeof value === 'number' ? { [name]: { ...(currency !== undefined && { unit: currency }), value } } : {};
  const entry = (priceType: string, net: Json | undefined, gross: Json | undefined, more: Tree = {}): Json[] => {
    const price = { ...amount('dutyFreeAmount', net), ...amount('taxIncludedAmount', gross) };
    if (Object.keys(price).length === 0) return [];
    const classes = (name: string): Tree => (typed ? { '@type': name } : {});
    return [{ ...classes('OrderPrice'), priceType, ...more, price: { ...classes('Price'), ...price } }];
  };
  return [
    ...entry('oneTime', oneTime, oneTimeWithTax),
    ...entry('recurring', recurring, recurringWithTax, period === undefined ? {} : { recurringChargePeriod: period }),
  ];
}

/** Relations by which one item depends on another (TMF622, OrderItemRelationship: known values). */
const RELIES = /^(reliesOn|requires|dependsOn)$/i;

export function shapeIn(shape: Shape, value: Json): Json {
  return SHAPES[shape].in(value);
}

export function shapeOut(shape: Shape, value: Json, notation: Notation): Json {
  return SHAPES[shape].out(value, notation);
}

/** The class of a value in v5 (TMF622 v5, Characteristic: distinguished by @type). */
function characteristicType(value: Json): string {
  if (Array.isArray(value)) return `${scalarType(value[0])}ArrayCharacteristic`;
  return `${scalarType(value)}Characteristic`;
}

function scalarType(value: Json | undefined): string {
  if (typeof value === 'number') return 'Number';
  if (typeof value === 'boolean') return 'Boolean';
  return isTree(value) ? 'Object' : 'String';
}

function isTree(value: Json | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
