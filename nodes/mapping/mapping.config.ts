import type { Mapping } from '../../src/mapping/mapping.js';

/** Settings of the `mapping` config node. */
export interface MappingConfig {
  name: string;
  /** Name of the preset the rules began as, shown in the dialog; the rules below are what counts. */
  preset: string;
  mapping: Mapping | null;
}
export const mappingDefaults: MappingConfig = { name: '', preset: '', mapping: null };
