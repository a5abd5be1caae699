/** Settings of the `servicenow in` node. */
export interface ServiceNowInConfig {
  name: string;
  endpoint: string;
  entityType: string;
  webhook: boolean;
  /** Path under httpNodeRoot, e.g. `switchboard/acme`. */
  path: string;
  webhookAuth: 'header' | 'basic' | 'hmac';
  /** Header that carries the shared secret or the signature. */
  webhookHeader: string;
  /** Text before the signature, e.g. `sha256=`. */
  hmacPrefix: string;
  /** Kilobytes. */
  webhookLimit: string;
  poll: boolean;
  /** Seconds between polls. */
  pollInterval: string;
}
export interface ServiceNowInCredentials {
  secret?: string;
  webhookUser?: string;
  webhookPassword?: string;
}
export const serviceNowInDefaults: ServiceNowInConfig = {
  name: '',
  endpoint: '',
  entityType: 'incident',
  webhook: true,
  path: '',
  webhookAuth: 'header',
  webhookHeader: 'x-switchboard-secret',
  hmacPrefix: '',
  webhookLimit: '1024',
  poll: false,
  pollInterval: '30',
};
