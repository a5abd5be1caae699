import type { FailurePolicy, Predecessor } from '../store/store.js';

/* What a fan-out is told to do; the dialog and the runtime share it. */

/** An item is for a leg when the value at `field` fits one of `is`; `*` stands for any text, case does not count. */
export interface ItemRule {
  /** Path in the item: offering.id, category, characteristics.network … */
  field: string;
  is: string[];
}

export interface FanOutLeg {
  /** Names the leg for people, and within our reference at its party: letters, digits, dashes. */
  name: string;
  /** Split by item: it takes the items that fit any of these and no leg before it. */
  takes?: ItemRule[];
  /** Static targets: JSONata over the generic message; empty = always. */
  condition?: string;
  after?: Predecessor[];
}

export interface FanOutRules {
  by: 'item' | 'target';
  legs: FanOutLeg[];
  onFailure: FailurePolicy;
}
