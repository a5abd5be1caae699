/** Settings of the `tmf621 out` node. */
export interface Tmf621OutConfig {
  name: string;
  endpoint: string;
}
export const tmf621OutDefaults: Tmf621OutConfig = { name: '', endpoint: '' };
