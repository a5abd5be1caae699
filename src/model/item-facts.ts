import type { Json } from './message.js';

/** The facts that distinguish the items of an order, in one system's own terms. */
export interface ItemFacts {
  id: string;
  /** The other party's id of the item, where the item carries one. */
  externalId?: string;
  offering?: Kind;
  specification?: Kind;
  /** The product that is changed or removed. */
  product?: Kind;
  quantity?: number;
  /** Id of the item that it is nested in. */
  partOf?: string;
  /** By name. */
  characteristics?: Record<string, Json>;
}

export interface Kind {
  id?: string;
  name?: string;
}

/**
 * An item as it was sent: `ours` is its id in the generic model, `id` the one it was sent with. Characteristics are stored as
 * fingerprints.
 */
export interface SentItem extends ItemFacts {
  ours: string;
}

/** Which of a partner's items corresponds to which of ours. */
export interface ItemIds {
  /** The partner's ids by our ids: several where the partner split an item; the same one for several where it merged them. */
  ids: Record<string, string[]>;
  /** Ids of items that the partner added, for example a fee. */
  theirs: string[];
  /** Our ids of items without which the partner has completed the order. */
  gone?: string[];
}

/** What is known about the items of an order at a partner. */
export interface LinkItems extends ItemIds {
  sent: SentItem[];
}
