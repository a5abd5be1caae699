import { prepareEndpoint } from '../kit/editor/endpoint-dialog.js';
import { endpointFields } from '../kit/editor/endpoint-fields.js';
import { type EndpointCredentials, endpointCredentials } from '../kit/endpoint.config.js';
import { prepareEntityTypes, readEntityTypes } from './entity-type-list.editor.js';
import { type ServiceNowEndpointConfig, serviceNowEndpointDefaults } from './servicenow-endpoint.config.js';

RED.nodes.registerType<ServiceNowEndpointConfig, EndpointCredentials>('switchboard-servicenow-endpoint', {
  category: 'config',
  defaults: {
    ...endpointFields(serviceNowEndpointDefaults),
    entityTypes: { value: serviceNowEndpointDefaults.entityTypes },
  },
  credentials: endpointCredentials,
  label() {
    return this.name || this.baseUrl || 'servicenow endpoint';
  },
  labelStyle() {
    return this.name ? 'node_label_italic' : '';
  },
  oneditprepare() {
    const current = prepareEndpoint(this, () => ({ entityTypes: readEntityTypes() }));
    prepareEntityTypes(this, current);
  },
  oneditsave() {
    this.entityTypes = readEntityTypes();
  },
});
