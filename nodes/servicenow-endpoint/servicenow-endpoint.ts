import type { NodeAPI, NodeDef } from 'node-red';
import { createServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { compile } from '../../src/mapping/compile.js';
import { presets } from '../../src/mapping/presets/index.js';
import { type EndpointCredentials, endpointCredentials } from '../kit/endpoint.config.js';
import { endpointRuntime } from '../kit/endpoint.js';
import { serveEndpointRoutes } from '../kit/endpoint-routes.js';
import type { EndpointNode } from '../kit/parties.js';
import { withEnvironment } from '../kit/settings.js';
import { type ServiceNowEndpointConfig, serviceNowEndpointDefaults } from './servicenow-endpoint.config.js';

const TYPE = 'switchboard-servicenow-endpoint';

/** The client of a ServiceNow instance from the node's settings. */
function makeClient(id: string, config: ServiceNowEndpointConfig, credentials: EndpointCredentials, http: HttpOptions) {
  const types = config.entityTypes?.length ? config.entityTypes : serviceNowEndpointDefaults.entityTypes;
  return createServiceNowClient({
    id,
    name: http.name,
    http: createHttpClient(http),
    entityTypes: types.map((t) => ({ name: t.name, table: t.table, fields: columnsOf(t.name, t.fields) })),
    integrationUser: config.integrationUser || credentials.user,
    clock: Date.now,
  });
}

/** Named columns, and beside them those that the preset reads: leaving one of these out would empty a field. None named = all are read. */
function columnsOf(entityType: string, named: string): string[] {
  const columns = named.split(/[\s,]+/).filter(Boolean);
  if (columns.length === 0) return [];
  const known = presets.find((p) => p.system === 'servicenow' && p.entityType === entityType);
  return [...(known ? compile(known).reads : []), ...columns];
}

export = (RED: NodeAPI) => {
  type ThisNode = EndpointNode & { credentials: EndpointCredentials };
  function ServiceNowEndpoint(this: ThisNode, given: NodeDef & ServiceNowEndpointConfig) {
    RED.nodes.createNode(this, given);
    const config = withEnvironment(RED, this, given);
    endpointRuntime(RED, this, config, 'ServiceNow', (http) => makeClient(this.id, config, this.credentials ?? {}, http));
  }
  RED.nodes.registerType(TYPE, ServiceNowEndpoint as never, { credentials: endpointCredentials });
  serveEndpointRoutes(RED, TYPE, serviceNowEndpointDefaults, (config, credentials, http) =>
    makeClient('test', config as ServiceNowEndpointConfig, credentials, http),
  );
};
