/** Settings of the in nodes of all TM Forum APIs. Numbers are kept as text so that `${ENV}` works in them. */
export interface TmfInConfig {
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
export const tmfInDefaults: TmfInConfig = {
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
