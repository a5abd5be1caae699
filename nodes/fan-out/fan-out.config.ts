import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';

/** Settings of the `fan-out` node: its legs, with one output each; the last output is for items that match no leg. */
export interface FanOutConfig extends FanOutRules {
  name: string;
  outputs: number;
}
export const fanOutDefaults: FanOutConfig = { name: '', by: 'item', legs: [], onFailure: 'keep', outputs: 1 };
