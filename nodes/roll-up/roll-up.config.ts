import type { RollUpRule } from '../../src/conversation/roll-up.js';

/** Settings of the `roll-up` node. */
export interface RollUpConfig {
  name: string;
  /** The first matching rule determines the state of the whole order; empty = Switchboard's default rules. */
  rules: RollUpRule[];
}
export const rollUpDefaults: RollUpConfig = { name: '', rules: [] };
