import { prepareEndpoint, values } from '../kit/editor/endpoint-dialog.js';
import { address, number, text, when } from '../kit/editor/validate.js';
import type { EndpointCredentials } from '../kit/endpoint.config.js';
import type { TmfEndpointConfig } from './tmf-endpoint.config.js';

RED.nodes.registerType<TmfEndpointConfig, EndpointCredentials>('switchboard-tmf-endpoint', {
  category: 'config',
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'switchboard-store', required: true },
    baseUrl: { value: '', validate: address() },
    auth: { value: 'oauthClientCredentials' },
    apiKeyHeader: { value: 'x-api-key', validate: when((node) => node.auth === 'apiKey', text()) },
    tokenUrl: { value: '', validate: when((node) => node.auth.startsWith('oauth'), address({ orPath: true })) },
    scope: { value: '' },
    tls: { value: '', type: 'tls-config', required: false },
    timeout: { value: '30', validate: number({ from: 1, to: 600 }) },
    rateLimit: { value: '0', validate: number({ from: 0 }) },
    concurrency: { value: '8', validate: number({ from: 1, to: 64 }) },
    maxTries: { value: '12', validate: number({ from: 1, to: 1000 }) },
    retryDelay: { value: '2', validate: number({ from: 0, to: 300 }) },
    integrationUser: { value: '' },
    version: { value: 'v4' },
    profile: { value: 'standard' },
    apiPath: { value: '' },
    arrayMode: { value: 'replace' },
  },
  credentials: {
    user: { type: 'text' },
    password: { type: 'password' },
    token: { type: 'password' },
    apiKey: { type: 'password' },
    clientId: { type: 'text' },
    clientSecret: { type: 'password' },
    refreshToken: { type: 'password' },
  },
  label() {
    return this.name || this.baseUrl || 'tmf endpoint';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepareEndpoint(this, () => values(['version', 'profile', 'apiPath', 'arrayMode']));
  },
});
