import type { NodeAPI, NodeDef } from 'node-red';
import { createServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { serveAdminRoutes } from '../kit/admin-routes.js';
import type { EndpointCredentials } from '../kit/endpoint.config.js';
import { endpointRuntime } from '../kit/endpoint.js';
import type { EndpointNode } from '../kit/parties.js';
import { type ServiceNowEndpointConfig, serviceNowEndpointDefaults } from './servicenow-endpoint.config.js';

const TYPE = 'switchboard-servicenow-endpoint';

/** The client of a ServiceNow instance from the node's settings. */
function makeClient(id: string, config: ServiceNowEndpointConfig, credentials: EndpointCredentials, http: HttpOptions) {
  const types = config.entityTypes?.length ? config.entityTypes : serviceNowEndpointDefaults.entityTypes;
  return createServiceNowClient({
    id,
    name: http.name,
    http: createHttpClient(http),
    entityTypes: types.map((t) => ({ name: t.name, table: t.table, fields: t.fields.split(/[\s,]+/).filter(Boolean) })),
    integrationUser: config.integrationUser || credentials.user,
    clock: Date.now,
  });
}

export = (RED: NodeAPI) => {
  type ThisNode = EndpointNode & { credentials: EndpointCredentials };
  function ServiceNowEndpoint(this: ThisNode, config: NodeDef & ServiceNowEndpointConfig) {
    RED.nodes.createNode(this, config);
    endpointRuntime(RED, this, config, 'ServiceNow', (http) => makeClient(this.id, config, this.credentials ?? {}, http));
  }
  RED.nodes.registerType(TYPE, ServiceNowEndpoint as never, {
    credentials: {
      user: { type: 'text' },
      password: { type: 'password' },
      token: { type: 'password' },
      apiKey: { type: 'password' },
      clientId: { type: 'text' },
      clientSecret: { type: 'password' },
      refreshToken: { type: 'password' },
    },
  });
  serveAdminRoutes(RED, TYPE, (config, credentials, http) =>
    makeClient('test', config as ServiceNowEndpointConfig, credentials, http),
  );
};
