import { randomUUID } from 'node:crypto';

/** States of orders and items (TMF622, ProductOrderStateType). */
export type VendorState =
  | 'acknowledged'
  | 'inProgress'
  | 'pending'
  | 'held'
  | 'assessingCancellation'
  | 'pendingCancellation'
  | 'completed'
  | 'partial'
  | 'failed'
  | 'rejected'
  | 'cancelled';

export const FINAL: VendorState[] = ['completed', 'partial', 'failed', 'rejected', 'cancelled'];
export const isFinal = (state: VendorState) => FINAL.includes(state);

export interface VendorItem {
  id: string;
  /** The id it was sent with; undefined for an item that the vendor added. */
  ours?: string;
  /** As it was sent, without what the vendor keeps itself. */
  fields: Record<string, unknown>;
  quantity: number;
  /** The vendor has changed the quantity since it was last sent. */
  requantified?: true;
  offering: string;
  state: VendorState;
  /** The request that ordered it, in real time milliseconds. */
  orderedAt: number;
  /** The broker left it out of a list that replaced the items. */
  removed?: true;
  price?: number;
}

/** The request to cancel an order, or (`item`) one item by its own id there. */
export interface AskedToCancel {
  at: number;
  item?: string;
  /** `open`: not decided; `ignored`: it never will be. */
  became: 'open' | 'done' | 'refused' | 'ignored';
  words?: string;
}

/** How a vendor handles one order, other than as the standard describes it. */
export interface Quirks {
  /** Ids of items. */
  ids: 'kept' | 'numbers' | 'uuids';
  /** An item of its own is added: with an id of its own kind, or with the number that follows ours. */
  fee?: 'own' | 'next';
  /** The create is refused with 400. */
  refuses?: true;
  /** The create is answered with 202 and nothing else; the order exists a moment later, and its event says so. */
  accepts?: true;
  /** It is completed in the answer to the create. */
  completes?: true;
  /** One item is returned as two. */
  splits?: true;
  /** It makes a further order of it, with our reference. */
  further?: true;
  /** Changes of items are refused once work has begun. */
  refusesChanges?: true;
  cancels: 'atOnce' | 'later' | 'refuses' | 'refusesLater' | 'ignores';
  cancelsItems: 'atOnce' | 'refuses' | 'ignores';
}

export interface VendorOrder {
  id: string;
  /** Our reference. */
  reference: string;
  /** The mark of the customer's order, from the description. */
  mark: string;
  fields: Record<string, unknown>;
  items: VendorItem[];
  notes: { id: string; text: string; author: string; date: string }[];
  createdAt: number;
  /** Id of the order that it is a further one of. */
  furtherOf?: string;
  /** Not shown before. */
  visibleFrom: number;
  /** Its cancellation is being assessed. */
  assessed?: true;
  expected?: string;
  /** When something of it first failed. */
  failedAt?: number;
  quirks: Quirks;
  asked: AskedToCancel[];
  refusedChanges: { at: number; words: string; items: string[] }[];
  tasks: CancelTask[];
}

export interface CancelTask {
  id: string;
  state: 'acknowledged' | 'done' | 'refused';
  words?: string;
}

/** A create that the vendor has refused: all its items. */
export interface RefusedCreate {
  at: number;
  reference: string;
  mark: string;
  items: string[];
  words: string;
}

/** What the vendor's own part of an order makes of it. */
export function stateOf({ items, assessed }: VendorOrder): VendorState {
  if (assessed) return 'assessingCancellation';
  const states = items.filter((item) => item.ours !== undefined && !item.removed).map((item) => item.state);
  const [first] = states;
  if (first === undefined) return 'cancelled';
  if (states.every((state) => state === first)) return first;
  if (states.every(isFinal)) {
    const rest = states.filter((state) => state !== 'cancelled');
    return rest.every((state) => state === 'completed') ? 'completed' : rest.includes('completed') ? 'partial' : 'failed';
  }
  return (['pending', 'held'] as const).find((state) => states.includes(state)) ?? 'inProgress';
}

/** The state of an item as it is shown: an item of the vendor's own follows the others. */
export function shownState(order: VendorOrder, item: VendorItem): VendorState {
  if (item.ours !== undefined) return item.state;
  const state = stateOf(order);
  return state === 'partial' ? 'completed' : state === 'assessingCancellation' ? 'inProgress' : state;
}

/** Random quirks of an order, from those that are allowed. */
export function randomQuirks(random: () => number, off: ReadonlySet<string>): Quirks {
  const pick = <T extends string>(name: string, usual: T, ...others: T[]): T => {
    const allowed = others.filter((one) => !off.has(`${name}: ${one}`));
    return random() < 0.5 || allowed.length === 0 ? usual : allowed[Math.floor(random() * allowed.length)]!;
  };
  const sometimes = (name: string, rate: number) => (random() < rate && !off.has(name) ? { [name]: true as const } : {});
  const fee = pick<'none' | 'own' | 'next'>('fee', 'none', 'none', 'own', 'next');
  return {
    ids: pick<Quirks['ids']>('ids', 'kept', 'numbers', 'uuids'),
    ...(fee !== 'none' && { fee }),
    ...sometimes('refuses', 0.1),
    ...sometimes('accepts', 0.15),
    ...sometimes('completes', 0.07),
    ...sometimes('splits', 0.1),
    ...sometimes('further', 0.1),
    ...sometimes('refusesChanges', 0.3),
    cancels: pick<Quirks['cancels']>('cancels', 'atOnce', 'later', 'refuses', 'refusesLater', 'ignores'),
    cancelsItems: pick<Quirks['cancelsItems']>('cancelsItems', 'atOnce', 'refuses', 'ignores'),
  };
}

export const note = (text: string, at: number) => ({
  id: randomUUID(),
  text,
  author: 'desk',
  date: new Date(at).toISOString(),
});
