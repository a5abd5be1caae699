import type { Json } from './message.js';

/** What tells one item of an order from another, in one system's own terms. */
export interface ItemFacts {
  id: string;
  /** The other side's id of it, where the item carries one. */
  externalId?: string;
  offering?: Kind;
  specification?: Kind;
  /** The product that is changed or taken away. */
  product?: Kind;
  quantity?: number;
  /** By name. */
  characteristics?: Record<string, Json>;
}

export interface Kind {
  id?: string;
  name?: string;
}

/** An item as it was sent: `ours` is its id in the generic model, `id` the one it was sent with. Of characteristics imprints are kept. */
export interface SentItem extends ItemFacts {
  ours: string;
}

/** Which of a partner's items is which of ours. */
export interface ItemIds {
  /** Their ids by ours: several where they split one; the same one for several of ours where they merged those. */
  ids: Record<string, string[]>;
  /** Ids of items that are their own: a fee, for example. */
  theirs: string[];
}

/** What is known of the items of an order at a partner. */
export interface LinkItems extends ItemIds {
  sent: SentItem[];
}
