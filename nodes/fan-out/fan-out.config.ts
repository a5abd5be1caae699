import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';

/** Settings of the `fan-out` node: what its legs take, and one output for each of them; the last one is for what no leg takes. */
export interface FanOutConfig extends FanOutRules {
  name: string;
  outputs: number;
}
export const fanOutDefaults: FanOutConfig = { name: '', by: 'item', legs: [], onFailure: 'keep', outputs: 1 };

/** Legs are named within our reference at the vendor, where other characters might not survive. */
export const LEG_NAME = /^[a-z0-9][a-z0-9-]{0,23}$/i;
