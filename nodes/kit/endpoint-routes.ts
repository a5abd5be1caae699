import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { HttpOptions } from '../../src/http/http.js';
import { adminRoutes, type Request } from './admin-routes.js';
import type { EndpointConfig, EndpointCredentials } from './endpoint.config.js';
import { httpOptions } from './endpoint.js';
import type { EndpointNode } from './parties.js';
import { choices, fields, tables } from './pick-lists.js';
import { credentialsFor } from './saved-secrets.js';
import { withEnvironment } from './settings.js';

type MakeClient = (config: EndpointConfig, credentials: EndpointCredentials, http: HttpOptions) => EndpointClient;
/** `asked`: the body of the request. */
type Work = (client: EndpointClient, asked: Record<string, unknown>) => Promise<unknown>;

/** What an endpoint's type says of itself. */
interface Maker {
  defaults: EndpointConfig;
  makeClient: MakeClient;
}

const makersOf = new WeakMap<object, Map<string, Maker>>();

/**
 * What the dialogs ask about an endpoint. All of it makes the server send, so it is for those who may deploy, and a POST: a GET is sent by
 * any link or picture.
 * With the settings as they stand in the dialog, saved or not, in the body {type, config, credentials}; see saved-secrets.ts for credentials
 * that were not typed again:
 *
 *     POST switchboard/endpoints/:id/test       [{name, ok, text}]
 *     POST switchboard/endpoints/:id/tables     what there is to choose from: {items, note?}, see servicenow/dictionary.ts
 *
 * With the deployed settings:
 *
 *     POST switchboard/endpoints/:id/fields     {entityType} or {table}
 *     POST switchboard/endpoints/:id/choices    {field, entityType} or {field, table}
 */
export function serveEndpointRoutes(RED: NodeAPI, type: string, defaults: EndpointConfig, makeClient: MakeClient): void {
  const admin = RED.httpAdmin;
  const known = makersOf.get(admin);
  if (known) {
    known.set(type, { defaults, makeClient });
    return;
  }
  const makers = new Map([[type, { defaults, makeClient }]]);
  makersOf.set(admin, makers);
  const routes = adminRoutes(RED);
  const post = (path: string, answer: (req: Request) => Promise<unknown>) =>
    routes.post(`endpoints/:id/${path}`, answer, 'flows.write');
  const typed = (work: Work) => (req: Request) => withTyped(RED, makers, req, work);
  const deployed = (work: Work) => async (req: Request) => work(deployedClient(RED, req), req.body ?? {});
  post(
    'test',
    typed((client) => client.test()),
  );
  post('tables', typed(tables));
  post('fields', deployed(fields));
  post('choices', deployed(choices));
}

function deployedClient(RED: NodeAPI, { params }: Request): EndpointClient {
  const node = RED.nodes.getNode(params.id ?? '') as EndpointNode | null;
  if (node?.client) return node.client;
  throw new SwitchboardError('SWB_CONFIG', 'This endpoint is not deployed, or not set up completely.', {
    hint: 'Complete its settings and deploy.',
  });
}

/** Does the work with a client made of what the dialog sent. Placeholders `${NAME}` are filled in, as they are when the flow is deployed. */
async function withTyped(RED: NodeAPI, makers: Map<string, Maker>, req: Request, work: Work): Promise<unknown> {
  const { type, config, credentials } = req.body ?? {};
  const maker = makers.get(String(type));
  if (!maker) throw new SwitchboardError('SWB_CONFIG', `«${String(type)}» is no endpoint type.`, { hint: 'Reload the editor.' });
  const settings = withEnvironment(RED, null, settingsOf(maker.defaults, config));
  const kept = credentialsFor(RED, {
    id: req.params.id ?? '',
    type: String(type),
    config: settings,
    credentials: (credentials ?? {}) as Record<string, unknown>,
  });
  const secrets = withEnvironment(RED, null, kept);
  const where = settings.name || 'This endpoint';
  const client = maker.makeClient(settings, secrets, httpOptions(RED, settings, secrets, where));
  try {
    return await work(client, req.body ?? {});
  } finally {
    client.close();
  }
}

/** The settings of a request; one that is missing, or of another kind than the setting, is as it is by default. */
function settingsOf(defaults: EndpointConfig, config: unknown): EndpointConfig {
  const given = (config ?? {}) as Record<string, unknown>;
  const kindOf = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);
  const settings = Object.entries(defaults).map(([name, value]) => {
    // Flows that were written by hand have numbers as numbers.
    const one = typeof value === 'string' && typeof given[name] === 'number' ? String(given[name]) : given[name];
    return [name, kindOf(one) === kindOf(value) ? one : value];
  });
  return Object.fromEntries(settings);
}
