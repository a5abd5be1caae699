import type { Mapping } from '../../src/mapping/mapping.js';

/** Settings of the `mapping` config node. */
export interface MappingConfig {
  name: string;
  /** Name of the preset that the rules started from, shown in the dialog; only the rules below are used. */
  preset: string;
  mapping: Mapping | null;
}
export const mappingDefaults: MappingConfig = { name: '', preset: '', mapping: null };
