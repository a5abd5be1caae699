import { type EndpointConfig, endpointDefaults } from '../kit/endpoint.config.js';

/** Settings of the `tmf-endpoint` config node. */
export interface TmfEndpointConfig extends EndpointConfig {
  /** The API it speaks: trouble tickets or product orders. */
  api: 'tmf621' | 'tmf622';
  version: 'v4' | 'v5';
  /** standard, or ServiceNow's own dialect of it. */
  profile: 'standard' | 'servicenow';
  /** Path of the API below the base URL; empty = the standard one of the version, or the profile's. */
  apiPath: string;
  /** How notes and attachments are added with PATCH. */
  arrayMode: 'auto' | 'replace' | 'append' | 'jsonPatch';
  /** TMF622: every change carries all items of the order. */
  wholeItems: boolean;
}
export const tmfEndpointDefaults: TmfEndpointConfig = {
  ...endpointDefaults,
  auth: 'oauthClientCredentials',
  apiKeyHeader: 'x-api-key',
  api: 'tmf621',
  version: 'v4',
  profile: 'standard',
  apiPath: '',
  arrayMode: 'auto',
  wholeItems: false,
};
