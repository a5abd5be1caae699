/** Settings of the `tmf622 out` node. */
export interface Tmf622OutConfig {
  name: string;
  endpoint: string;
}
export const tmf622OutDefaults: Tmf622OutConfig = { name: '', endpoint: '' };
