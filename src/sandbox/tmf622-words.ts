import { ITEMS } from './order-items.js';
import { entries, type TmfRecord } from './tmf-record.js';

/** A vendor's own words for the states of orders and items, by those of the standard. */
export type StateWords = Readonly<Record<string, string>>;

export const OWN_WORDS: StateWords = {
  acknowledged: 'received',
  inProgress: 'inFulfilment',
  'inProgress.accepted': 'confirmed',
  pending: 'awaitingCustomer',
  held: 'parked',
  assessingCancellation: 'checkingCallOff',
  pendingCancellation: 'callingOff',
  cancelled: 'calledOff',
  completed: 'delivered',
  failed: 'undeliverable',
  partial: 'deliveredInPart',
  rejected: 'declined',
};

/** An order, a list of orders, or the payload of an event, with the vendor's words for states. */
export function inOwnWords<T>(value: T, words: StateWords = OWN_WORDS): T {
  return translated(value, (state) => words[state] ?? state) as T;
}

/** What a customer sends, with the standard's words for states. */
export function inStandardWords<T>(value: T, words: StateWords = OWN_WORDS): T {
  const back = new Map(Object.entries(words).map(([standard, own]) => [own, standard]));
  return translated(value, (state) => back.get(state) ?? state) as T;
}

function translated(value: unknown, word: (state: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => translated(one, word));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as TmfRecord;
  return {
    ...record,
    ...(typeof record.state === 'string' && { state: word(record.state) }),
    ...(record.productOrder !== undefined && { productOrder: translated(record.productOrder, word) }),
    ...(Array.isArray(record[ITEMS]) && { [ITEMS]: entries(record[ITEMS]).map((item) => translated(item, word)) }),
  };
}
