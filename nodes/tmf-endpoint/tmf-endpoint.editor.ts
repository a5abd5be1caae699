import { prepareEndpoint, values } from '../kit/editor/endpoint-dialog.js';
import { endpointFields } from '../kit/editor/endpoint-fields.js';
import { type EndpointCredentials, endpointCredentials } from '../kit/endpoint.config.js';
import { type TmfEndpointConfig, tmfEndpointDefaults } from './tmf-endpoint.config.js';

RED.nodes.registerType<TmfEndpointConfig, EndpointCredentials>('switchboard-tmf-endpoint', {
  category: 'config',
  defaults: {
    ...endpointFields(tmfEndpointDefaults),
    version: { value: tmfEndpointDefaults.version },
    profile: { value: tmfEndpointDefaults.profile },
    apiPath: { value: tmfEndpointDefaults.apiPath },
    arrayMode: { value: tmfEndpointDefaults.arrayMode },
  },
  credentials: endpointCredentials,
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
