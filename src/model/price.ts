import { choiceKey } from './choice.js';
import type { Price } from './message.js';

/** An amount of a price, and whether it is due once. */
const AMOUNTS = [
  { net: 'oneTime', gross: 'oneTimeWithTax', isOnce: true },
  { net: 'recurring', gross: 'recurringWithTax', isOnce: false },
] as const;

/** Sums are rounded to this many decimals: binary fractions do not add up exactly. */
const DECIMALS = 6;

/**
 * Several prices as one. What does not add up, because it is in another currency, due in other intervals, or known only with tax where
 * the rest is known without, is kept in words. Pure.
 */
export function sumOfPrices(prices: readonly Price[]): Price {
  const [first] = prices;
  if (!first || prices.length === 1) return first ?? {};
  const sum: Price = {};
  const other: string[] = [];
  const currency = prices.find((price) => amountsIn(price).length > 0)?.currency;
  for (const { net, gross, isOnce } of AMOUNTS) {
    const parts = prices.filter((price) => price[net] !== undefined || price[gross] !== undefined);
    const period = isOnce ? undefined : parts.find((price) => price.currency === currency)?.period;
    const isOther = (price: Price) => price.currency !== currency || (!isOnce && price.period !== period);
    const alike = parts.filter((price) => !isOther(price));
    const isNet = alike.some((price) => price[net] !== undefined);
    const counted = alike.filter((price) => price[isNet ? net : gross] !== undefined);
    const left = parts.filter((price) => !counted.includes(price));
    other.push(
      ...left.flatMap((price) => priceInWords({ ...pick(price, net, gross), period: price.period, currency: price.currency })),
    );
    if (counted.length === 0) continue;
    if (isNet) sum[net] = total(counted.map((price) => price[net] ?? 0));
    if (counted.every((price) => price[gross] !== undefined)) sum[gross] = total(counted.map((price) => price[gross] ?? 0));
    if (period !== undefined) sum.period = period;
  }
  other.push(...prices.flatMap((price) => price.other ?? []));
  return { ...sum, ...(currency !== undefined && { currency }), ...(other.length > 0 && { other }) };
}

/** A price for people: each amount without tax where that is known. */
export function priceInWords({ period, currency = '', other = [], ...amounts }: Price): string[] {
  const words = AMOUNTS.flatMap(({ net, gross, isOnce }) => {
    const value = amounts[net] ?? amounts[gross];
    if (value === undefined) return [];
    const tax = amounts[net] === undefined ? ' including tax' : '';
    return `${value} ${currency}`.trimEnd() + (isOnce ? ' once' : ` per ${period ?? 'period'}`) + tax;
  });
  return [...words, ...other];
}

/** Periods that mean a month (TMF622, recurringChargePeriod, is a free text). */
export const MONTHLY = ['month', 'months', 'monthly', '1 month', 'per month', 'P1M', 'M'];
const MONTHLY_KEYS = new Set(MONTHLY.map(choiceKey));

/** Whether a price has an amount that is shown as a monthly one: one without a period counts as such. */
export function hasMonthly({ recurring, period }: Price): boolean {
  return recurring !== undefined && (period === undefined || MONTHLY_KEYS.has(choiceKey(period)));
}

/** What of a price only its words say to a reader who sees amounts without tax, once and per month. */
export function unshownInWords(price: Price): string[] {
  const { oneTime, recurring, ...rest } = price;
  return priceInWords({
    ...rest,
    ...(oneTime !== undefined && { oneTimeWithTax: undefined }),
    ...(hasMonthly(price) ? { recurringWithTax: undefined } : { recurring }),
  });
}

function amountsIn(price: Price): number[] {
  return AMOUNTS.flatMap(({ net, gross }) => price[net] ?? price[gross] ?? []);
}

function pick(price: Price, ...names: (typeof AMOUNTS)[number]['net' | 'gross'][]): Price {
  return Object.fromEntries(names.flatMap((name) => (price[name] === undefined ? [] : [[name, price[name]]])));
}

function total(values: number[]): number {
  return Number(values.reduce((sum, value) => sum + value, 0).toFixed(DECIMALS));
}
