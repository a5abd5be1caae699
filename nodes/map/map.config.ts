/** Settings of the `map` node. */
export interface MapConfig {
  name: string;
  /** Id of the endpoint config node that gets the payload. */
  endpoint: string;
  entityType: string;
  /** Id of a mapping config node; empty = the preset of the endpoint's system and entity type. */
  mapping: string;
}
export const mapDefaults: MapConfig = { name: '', endpoint: '', entityType: '', mapping: '' };
