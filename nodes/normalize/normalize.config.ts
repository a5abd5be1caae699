/** Settings of the `normalize` node. */
export interface NormalizeConfig {
  name: string;
  /** Id of a mapping config node; empty = the preset of the endpoint's system and entity type. */
  mapping: string;
}
export const normalizeDefaults: NormalizeConfig = { name: '', mapping: '' };
