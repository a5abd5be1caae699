import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { EndpointForm } from '../../src/endpoints/form.js';
import { systemOfSettings } from '../../src/endpoints/registry.js';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { httpOptions } from './http-options.js';

/** Creates an endpoint's client from saved or entered settings; throws SWB_CONFIG. `mayWrite`: see HttpOptions. */
export function makeClient(
  RED: NodeAPI,
  { id, form, where }: { id: string; form: EndpointForm; where: string },
  config: EndpointConfig,
  credentials: EndpointCredentials,
  mayWrite?: HttpOptions['mayWrite'],
): EndpointClient {
  const system = systemOfSettings(form.node, { ...config });
  return system.createClient({
    id,
    name: where,
    settings: { ...endpointDefaults(form), ...config },
    credentials,
    http: () => createHttpClient({ ...httpOptions(RED, system, config, credentials, where), mayWrite }),
    clock: Date.now,
  });
}
