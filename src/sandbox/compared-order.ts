/* An order as its manager sees it: each item at the customer beside the same item at the vendors. */

/** A price as it is written: an amount without tax, or one with tax, or both. */
export interface Price {
  kind: string;
  net?: string;
  gross?: string;
}

/** An item in a vendor's own order. */
export interface VendorItem {
  vendor: string;
  order: string;
  item: string;
  name: string;
  quantity: number;
  /** The standard's state, and the vendor's word for it. */
  state: string;
  word: string;
  prices: Price[];
  date?: string;
  /** The vendor has a date for the whole order only. */
  wholeOrder?: true;
  /** The last request to cancel the order: its state, and the reason. */
  cancellation?: { state: string; reason?: string };
}

/** Whether customer and vendors say the same of an item; `open`: not yet, because something is under way. */
export type Verdict = 'same' | 'open' | 'different';

export interface ComparedLine {
  id: string;
  line: string;
  name: string;
  quantity: number;
  state: string;
  number: string;
  prices: Price[];
  date: string;
  at: VendorItem[];
  verdict: Verdict;
  /** What is different or under way. */
  why: string;
}

export interface ComparedOrder {
  items: ComparedLine[];
  /** Items of the vendors that the customer did not order. */
  additions: VendorItem[];
}
