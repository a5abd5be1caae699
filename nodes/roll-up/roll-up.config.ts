import type { RollUpRule } from '../../src/conversation/roll-up.js';

/** Settings of the `roll-up` node. */
export interface RollUpConfig {
  name: string;
  /** The first matching rule gives the state of the whole order; empty = the built-in rules. */
  rules: RollUpRule[];
}
export const rollUpDefaults: RollUpConfig = { name: '', rules: [] };
