import { prepareEndpoint } from '../kit/editor/endpoint-dialog.js';
import { address, number, text, when } from '../kit/editor/validate.js';
import type { EndpointCredentials } from '../kit/endpoint.config.js';
import { prepareEntityTypes, readEntityTypes } from './entity-type-list.editor.js';
import type { ServiceNowEndpointConfig } from './servicenow-endpoint.config.js';

RED.nodes.registerType<ServiceNowEndpointConfig, EndpointCredentials>('switchboard-servicenow-endpoint', {
  category: 'config',
  defaults: {
    name: { value: '' },
    store: { value: '', type: 'switchboard-store', required: true },
    baseUrl: { value: '', validate: address() },
    auth: { value: 'basic' },
    apiKeyHeader: { value: 'x-sn-apikey', validate: when((node) => node.auth === 'apiKey', text()) },
    tokenUrl: { value: '', validate: when((node) => node.auth.startsWith('oauth'), address({ orPath: true })) },
    scope: { value: '' },
    tls: { value: '', type: 'tls-config', required: false },
    timeout: { value: '30', validate: number({ from: 1, to: 600 }) },
    rateLimit: { value: '0', validate: number({ from: 0 }) },
    concurrency: { value: '8', validate: number({ from: 1, to: 64 }) },
    maxTries: { value: '12', validate: number({ from: 1, to: 1000 }) },
    retryDelay: { value: '2', validate: number({ from: 0, to: 300 }) },
    integrationUser: { value: '' },
    entityTypes: {
      value: [
        { name: 'incident', table: 'incident', fields: '' },
        { name: 'problem', table: 'problem', fields: '' },
        { name: 'change', table: 'change_request', fields: '' },
        { name: 'request', table: 'sc_request', fields: '' },
        { name: 'requestItem', table: 'sc_req_item', fields: '' },
        { name: 'catalogTask', table: 'sc_task', fields: '' },
        { name: 'case', table: 'sn_customerservice_case', fields: '' },
      ],
    },
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
    return this.name || this.baseUrl || 'servicenow endpoint';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    prepareEntityTypes(this);
    prepareEndpoint(this, () => ({ entityTypes: readEntityTypes() }));
  },
  oneditsave() {
    this.entityTypes = readEntityTypes();
  },
});
