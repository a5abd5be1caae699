import type { FailurePolicy, Predecessor } from '../store/store.js';

/* The rules of a fan-out node, shared by its dialog and the runtime. */

/** A leg's name is part of our reference at the vendor, where other characters might not survive. */
export const LEG_NAME = /^[a-z0-9][a-z0-9-]{0,23}$/i;
/** The most characters of a leg’s name. */
export const LEG_NAME_LENGTH = 24;

/** An item goes to a leg if the value at `field` matches one of `is`; `*` matches any text, case is ignored. */
export interface ItemRule {
  /** Path in the item: offering.id, category, characteristics.network … */
  field: string;
  is: string[];
}

export interface FanOutLeg {
  /** Shown to people, and part of our reference at the party; see LEG_NAME. */
  name: string;
  /** What identifies the row for open orders, where it was renamed: its first name. */
  id?: string;
  /** Split by item: the leg takes items that match any of these rules and no earlier leg. */
  takes?: ItemRule[];
  /** Static targets: JSONata on the generic message; empty = always. */
  condition?: string;
  /** Other rows, by their names. */
  after?: Predecessor[];
}

/** What identifies a row, whatever it is named now. Orders know the rows of their legs by it. */
export function rowIdOf({ id, name }: FanOutLeg): string {
  return id || name;
}

export const FAN_OUT_BY = ['item', 'target'] as const;

export interface FanOutRules {
  by: (typeof FAN_OUT_BY)[number];
  legs: FanOutLeg[];
  onFailure: FailurePolicy;
}
