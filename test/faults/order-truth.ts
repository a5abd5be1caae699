import { FINAL, type VendorState } from './vendor-orders.js';

/** The customer's words for the states of lines and orders (docs/servicenow.md, States). */
export const WORDS: Record<VendorState, string> = {
  acknowledged: 'new',
  inProgress: 'in_progress',
  pending: 'awaiting_information',
  held: 'on_hold',
  assessingCancellation: 'assessing_cancellation',
  pendingCancellation: 'cancellation_in_progress',
  completed: 'completed',
  partial: 'on_hold',
  failed: 'on_hold',
  rejected: 'rejected',
  cancelled: 'canceled',
};

/** The states of items of which a whole order has a state, first match first (docs/orders.md, The state of the whole order). */
const ALL: [VendorState[], VendorState][] = [
  [['cancelled'], 'cancelled'],
  [['rejected', 'cancelled'], 'rejected'],
  [['completed'], 'completed'],
  [['failed', 'rejected', 'cancelled'], 'failed'],
  [FINAL, 'partial'],
];

/** What the order must be, by what its items are. `withdrawn`: the customer cancelled the item, and it is cancelled. */
export function wholeState(items: { state: VendorState; withdrawn: boolean }[]): VendorState {
  const counted = items.some(({ withdrawn }) => !withdrawn) ? items.filter(({ withdrawn }) => !withdrawn) : items;
  const states = counted.map(({ state }) => state);
  const are = (...some: VendorState[]) => states.every((state) => some.includes(state));
  const ended = ALL.find(([some]) => are(...some));
  if (ended) return ended[1];
  if (states.includes('pending')) return 'pending';
  if (states.includes('assessingCancellation')) return 'assessingCancellation';
  if (are('pendingCancellation', ...FINAL)) return 'pendingCancellation';
  if (states.includes('held')) return 'held';
  return are('acknowledged', 'pendingCancellation', ...FINAL) ? 'acknowledged' : 'inProgress';
}

/** The state of an item that a vendor may have split. */
export function combined(states: VendorState[]): VendorState {
  const [first] = states;
  const isOne = first !== undefined && states.every((state) => state === first);
  return isOne ? first : wholeState(states.map((state) => ({ state, withdrawn: false })));
}
