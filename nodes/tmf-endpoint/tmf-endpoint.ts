import type { NodeAPI, NodeDef } from 'node-red';
import type { TmfClient } from '../../src/endpoints/tmf/client.js';
import { createTmf621Client } from '../../src/endpoints/tmf621/client.js';
import { createTmf622Client, type Tmf622Options } from '../../src/endpoints/tmf622/client.js';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { steadyClock } from '../../src/steady-clock.js';
import { type EndpointCredentials, endpointCredentials } from '../kit/endpoint.config.js';
import { endpointRuntime } from '../kit/endpoint.js';
import { serveEndpointRoutes } from '../kit/endpoint-routes.js';
import type { EndpointNode } from '../kit/parties.js';
import { withEnvironment } from '../kit/settings.js';
import { type TmfEndpointConfig, tmfEndpointDefaults } from './tmf-endpoint.config.js';

const TYPE = 'switchboard-tmf-endpoint';

const CLIENTS: Record<TmfEndpointConfig['api'], (options: Tmf622Options) => TmfClient> = {
  tmf621: createTmf621Client,
  tmf622: createTmf622Client,
};

/** The client of a TMF provider from the node's settings. */
function makeClient(id: string, config: TmfEndpointConfig, http: HttpOptions): TmfClient {
  return CLIENTS[config.api || tmfEndpointDefaults.api]({
    id,
    name: http.name,
    http: createHttpClient(http),
    version: config.version || tmfEndpointDefaults.version,
    profile: config.profile || tmfEndpointDefaults.profile,
    apiPath: config.apiPath || undefined,
    // An endpoint saved before there was a choice.
    arrayMode: config.arrayMode || 'replace',
    wholeItems: config.wholeItems ?? tmfEndpointDefaults.wholeItems,
    integrationUser: config.integrationUser || undefined,
    clock: steadyClock(),
  });
}

export = (RED: NodeAPI) => {
  type ThisNode = EndpointNode<TmfClient> & { credentials: EndpointCredentials };
  function TmfEndpoint(this: ThisNode, given: NodeDef & TmfEndpointConfig) {
    RED.nodes.createNode(this, given);
    const config = withEnvironment(RED, this, given);
    endpointRuntime(RED, this, config, 'TMF', (http) => makeClient(this.id, config, http));
  }
  RED.nodes.registerType(TYPE, TmfEndpoint as never, { credentials: endpointCredentials });
  serveEndpointRoutes(RED, TYPE, tmfEndpointDefaults, (config, _credentials, http) =>
    makeClient('test', config as TmfEndpointConfig, http),
  );
};
