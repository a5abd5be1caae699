import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { EndpointForm } from '../../src/endpoints/form.js';
import { systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { adminRoutes, type Request } from './admin-routes.js';
import { type EndpointConfig, endpointDefaults } from './endpoint.config.js';
import { makeClient } from './endpoint.js';
import { migrated } from './migrate.js';
import type { EndpointNode } from './parties.js';
import { credentialsFor } from './saved-secrets.js';
import { withEnvironment } from './settings.js';

/** `asked`: the body of the request. */
type Work = (client: EndpointClient, asked: Record<string, unknown>) => Promise<unknown>;

const formsOf = new WeakMap<object, Map<string, EndpointForm>>();

/**
 * What the dialogs ask about an endpoint. All of it makes the server send, so it is for those who may deploy, and a POST: a GET is sent by
 * any link or picture.
 * With the settings as they stand in the dialog, saved or not, in the body {type, config, credentials}; see saved-secrets.ts for credentials
 * that were not typed again:
 *
 *     POST switchboard/endpoints/:id/test             [{name, ok, text}]
 *     POST switchboard/endpoints/:id/typed/:list      what there is to choose from: {items, note?}, see the system's pick lists
 *
 * With the deployed settings, any pick list of its system; what it needs to know stands in the body:
 *
 *     POST switchboard/endpoints/:id/lists/:list
 */
export function serveEndpointRoutes(RED: NodeAPI, type: string, form: EndpointForm): void {
  const admin = RED.httpAdmin;
  const known = formsOf.get(admin);
  if (known) {
    known.set(type, form);
    return;
  }
  const forms = new Map([[type, form]]);
  formsOf.set(admin, forms);
  const routes = adminRoutes(RED);
  const post = (path: string, answer: (req: Request) => Promise<unknown>) =>
    routes.post(`endpoints/:id/${path}`, answer, 'flows.write');
  post('test', (req) => withTyped(RED, forms, req, (client) => client.test()));
  post('typed/:list', (req) => withTyped(RED, forms, req, picked(req)));
  post('lists/:list', async (req) => picked(req)(deployedClient(RED, req), req.body ?? {}));
}

/** One of the system's pick lists. */
function picked({ params }: Request): Work {
  return async (client, asked) => {
    const { label, pickLists } = systemOf(client.system);
    const { list = '' } = params;
    const pick = pickLists?.[list];
    if (pick) return pick(client, asked);
    throw new SwitchboardError('SWB_CONFIG', say`${client.name} is ${label}, which has no list of ${list}.`, {
      field: 'endpoint',
      hint: say`The fields are those of the standard.`,
    });
  };
}

function deployedClient(RED: NodeAPI, { params }: Request): EndpointClient {
  const node = RED.nodes.getNode(params.id ?? '') as EndpointNode | null;
  if (node?.client) return node.client;
  throw new SwitchboardError('SWB_CONFIG', say`This endpoint is not deployed, or not set up completely.`, {
    hint: say`Complete its settings and deploy.`,
  });
}

/** Does the work with a client made of what the dialog sent. Placeholders `${NAME}` are filled in, as they are when the flow is deployed. */
async function withTyped(RED: NodeAPI, forms: Map<string, EndpointForm>, req: Request, work: Work): Promise<unknown> {
  const { type, config, credentials } = req.body ?? {};
  const form = forms.get(String(type));
  if (!form)
    throw new SwitchboardError('SWB_CONFIG', say`"${String(type)}" is not an endpoint type.`, { hint: say`Reload the editor.` });
  const settings = withEnvironment(RED, null, settingsOf(form, config));
  const kept = credentialsFor(RED, form, {
    id: req.params.id ?? '',
    type: String(type),
    config: settings,
    credentials: (credentials ?? {}) as Record<string, unknown>,
  });
  const secrets = withEnvironment(RED, null, kept);
  const where = settings.name || 'This endpoint';
  const client = makeClient(RED, { id: 'test', form, where }, settings, secrets);
  try {
    return await work(client, req.body ?? {});
  } finally {
    client.close();
  }
}

/** The settings of a request; one that is missing, or of another kind than the setting, is as it is by default. */
function settingsOf(form: EndpointForm, config: unknown): EndpointConfig {
  const given = migrated((config ?? {}) as Record<string, unknown>, form.migrations);
  const kindOf = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);
  const settings = Object.entries(endpointDefaults(form)).map(([name, value]) => {
    // Flows that were written by hand have numbers as numbers.
    const one = typeof value === 'string' && typeof given[name] === 'number' ? String(given[name]) : given[name];
    return [name, kindOf(one) === kindOf(value) ? one : value];
  });
  return Object.fromEntries(settings) as EndpointConfig;
}
