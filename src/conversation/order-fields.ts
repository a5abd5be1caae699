import { type GenericFields, type GenericMessage, isFinalState, type OrderItem, type State } from '../model/message.js';
import type { Plan, PlannedItem } from '../store/store.js';
import { FAILURES } from './plan.js';

/* What the customer's order gets from those of its vendors, beside the states. All pure. */

/** Prices come from the vendor of an item; everything else of it is up to the customer. */
export function prices(message: GenericMessage, own: readonly PlannedItem[]): Pick<GenericFields, 'items'> {
  const isOwn = ({ id }: OrderItem) => own.some((item) => item.id === id);
  const priced = (message.fields.items ?? []).filter((i) => i.price && isOwn(i)).map(({ id, price }) => ({ id, price }));
  return priced.length ? { items: priced } : {};
}

/** When the last of what is delivered is expected; of an order of which something is open without a date, that is not known. */
export function latestDate(progress: GenericFields['progress'] = []): Pick<GenericFields, 'expectedCompletionAt'> {
  const delivered = progress.filter(({ state }) => !state || !FAILURES.includes(state));
  const open = delivered.filter(({ state }) => !isFinalState(state));
  const dates = (open.length > 0 ? open : delivered).map((item) => item.expectedCompletionAt ?? '').sort();
  const last = dates[0] === '' && open.length > 0 ? undefined : dates.at(-1);
  return last ? { expectedCompletionAt: last } : {};
}

/** When the last of the vendors has completed its part. */
export function completionDate({ legs }: Plan, state: State): Pick<GenericFields, 'completedAt'> {
  const dates = legs.flatMap(({ completedAt }) => completedAt ?? []).sort();
  return state === 'completed' && dates.length > 0 ? { completedAt: dates.at(-1) } : {};
}
