/** Settings of the `tmf621 in` node. */
export interface Tmf621InConfig {
  name: string;
  endpoint: string;
  hub: boolean;
  /** Where the provider reaches this Node-RED, e.g. `https://broker.example.com`; empty = this machine's loopback address. */
  publicUrl: string;
  /** Filter given to the provider, e.g. `eventType=TroubleTicketStatusChangeEvent`. */
  query: string;
  /** Minutes between renewals of the registration. */
  renewInterval: string;
  /** Kilobytes. */
  eventLimit: string;
  poll: boolean;
  /** Seconds between polls. */
  pollInterval: string;
}
export const tmf621InDefaults: Tmf621InConfig = {
  name: '',
  endpoint: '',
  hub: true,
  publicUrl: '',
  query: '',
  renewInterval: '60',
  eventLimit: '10240',
  poll: false,
  pollInterval: '60',
};
