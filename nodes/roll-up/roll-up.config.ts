import type { RollUpRule } from '../../src/conversation/roll-up.js';

/** Settings of the `roll-up` node. */
export interface RollUpConfig {
  name: string;
  /** The first that fits says how the whole order stands; empty = the table that comes with Switchboard. */
  rules: RollUpRule[];
}
export const rollUpDefaults: RollUpConfig = { name: '', rules: [] };
