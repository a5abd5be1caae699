import type { Json } from '../model/message.js';
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

/** A list of OrderPrice as one price: the net amount where given. Prices of other kinds, such as usage, are left out. */
function pricesIn(list: Tree[]): Json {
  const price: Tree = {};
  for (const entry of list) {
    const kind = RECURS.test(String(entry.priceType)) ? 'recurring' : ONCE.test(String(entry.priceType)) ? 'oneTime' : undefined;
    const amounts = isTree(entry.price) ? entry.price : {};
    const money = [amounts.dutyFreeAmount, amounts.taxIncludedAmount].find(isTree);
    if (!kind || typeof money?.value !== 'number') continue;
    price[kind] = money.value;
    if (kind === 'recurring' && typeof entry.recurringChargePeriod === 'string') price.period = entry.recurringChargePeriod;
    if (typeof money.unit === 'string') price.currency ??= money.unit;
  }
  return price;
}

function pricesOut({ oneTime, recurring, period, currency }: Tree, typed: boolean): Json {
  const entry = (priceType: string, value: Json | undefined, more: Tree = {}): Json[] =>
    typeof value !== 'number'
      ? []
      : [
          {
            ...(typed && { '@type': 'OrderPrice' }),
            priceType,
            ...more,
            price: {
              ...(typed && { '@type': 'Price' }),
              dutyFreeAmount: { ...(currency !== undefined && { unit: currency }), value },
            },
          },
        ];
  return [
    ...entry('oneTime', oneTime),
    ...entry('recurring', recurring, period === undefined ? {} : { recurringChargePeriod: period }),
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
