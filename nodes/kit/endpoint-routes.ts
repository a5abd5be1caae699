import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { HttpOptions } from '../../src/http/http.js';
import { adminRoutes, type Request } from './admin-routes.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { httpOptions } from './endpoint.js';
import { endpointNode } from './parties.js';
import { choices, fields, tables } from './pick-lists.js';
import { credentialsFor } from './saved-secrets.js';
import { withEnvironment } from './settings.js';

type MakeClient = (config: EndpointConfig, credentials: EndpointCredentials, http: HttpOptions) => EndpointClient;
type Work = (client: EndpointClient, query: Request['query']) => Promise<unknown>;

const factories = new WeakMap<object, Map<string, MakeClient>>();

/**
 * What the dialogs ask about an endpoint. All of it makes the server send, so it is for those who may deploy.
 * With the settings as they stand in the dialog, saved or not, in the body {type, config, credentials}; see saved-secrets.ts for credentials
 * that were not typed again:
 *
 *     POST switchboard/endpoints/:id/test       [{name, ok, text}]
 *     POST switchboard/endpoints/:id/tables     what there is to choose from, as below
 *
 * With the deployed settings; {items, note?}, see servicenow/dictionary.ts:
 *
 *     GET switchboard/endpoints/:id/tables
 *     GET switchboard/endpoints/:id/fields?entityType=… | ?table=…
 *     GET switchboard/endpoints/:id/choices?field=…&entityType=… | &table=…
 */
export function serveEndpointRoutes(RED: NodeAPI, type: string, makeClient: MakeClient): void {
  const admin = RED.httpAdmin;
  const known = factories.get(admin);
  if (known) {
    known.set(type, makeClient);
    return;
  }
  const makers = new Map([[type, makeClient]]);
  factories.set(admin, makers);
  const routes = adminRoutes(RED);
  const post = (path: string, work: Work) =>
    routes.post(`endpoints/:id/${path}`, (req) => withTyped(RED, makers, req, work), 'flows.write');
  const get = (path: string, work: Work) =>
    routes.get(`endpoints/:id/${path}`, (req) => work(deployedClient(RED, req), req.query), 'flows.write');
  post('test', (client) => client.test());
  post('tables', tables);
  get('tables', tables);
  get('fields', fields);
  get('choices', choices);
}

function deployedClient(RED: NodeAPI, { params }: Request): EndpointClient {
  return endpointNode(RED, params.id ?? '', 'This endpoint').client;
}

/** Does the work with a client made of what the dialog sent. Placeholders `${NAME}` are filled in, as they are when the flow is deployed. */
async function withTyped(RED: NodeAPI, makers: Map<string, MakeClient>, req: Request, work: Work): Promise<unknown> {
  const { type, config, credentials } = req.body ?? {};
  const make = makers.get(String(type));
  if (!make) throw new SwitchboardError('SWB_CONFIG', `«${String(type)}» is no endpoint type.`, { hint: 'Reload the editor.' });
  const settings = withEnvironment(RED, null, settingsOf(config));
  const kept = credentialsFor(RED, {
    id: req.params.id ?? '',
    type: String(type),
    config: settings,
    credentials: (credentials ?? {}) as Record<string, unknown>,
  });
  const secrets = withEnvironment(RED, null, kept);
  const client = make(settings, secrets, httpOptions(RED, settings, secrets, settings.name || 'This endpoint'));
  try {
    return await work(client, req.query);
  } finally {
    client.close();
  }
}

/** The settings of a request; those that every endpoint has are texts, whatever came. */
function settingsOf(config: unknown): EndpointConfig {
  const given = typeof config === 'object' && config !== null ? (config as Record<string, unknown>) : {};
  const common = Object.entries(endpointDefaults).map(([name, value]) => [name, String(given[name] ?? value)]);
  return { ...given, ...Object.fromEntries(common) };
}
