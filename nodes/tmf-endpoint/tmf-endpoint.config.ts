import { type EndpointConfig, endpointDefaults } from '../kit/endpoint.config.js';

/** Settings of the `tmf-endpoint` config node. */
export interface TmfEndpointConfig extends EndpointConfig {
  version: 'v4' | 'v5';
  /** standard, or the dialect of ServiceNow's own TMF621. */
  profile: 'standard' | 'servicenow';
  /** Path of the API below the base URL; empty = the standard one of the version, or the profile's. */
  apiPath: string;
  /** How notes and attachments are added with PATCH. */
  arrayMode: 'replace' | 'append' | 'jsonPatch';
}
export const tmfEndpointDefaults: TmfEndpointConfig = {
  ...endpointDefaults,
  auth: 'oauthClientCredentials',
  apiKeyHeader: 'x-api-key',
  version: 'v4',
  profile: 'standard',
  apiPath: '',
  arrayMode: 'replace',
};
