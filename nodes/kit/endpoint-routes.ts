import type { NodeAPI } from 'node-red';
import type { Check, EndpointClient } from '../../src/endpoints/endpoint.js';
import { type EndpointForm, settingsOf as formSettings } from '../../src/endpoints/form.js';
import { systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { adminRoutes, type Request } from './admin-routes.js';
import { noteRequest } from './audited.js';
import { type EndpointConfig, endpointDefaults } from './endpoint.config.js';
import { makeClient } from './make-client.js';
import { migrate } from './migrate.js';
import type { EndpointNode } from './parties.js';
import { credentialsFor } from './saved-secrets.js';
import { credentialsWithEnvironment, withEnvironment } from './settings.js';

/** `body`: the body of the request. */
type ClientCall<T = unknown> = (client: EndpointClient, body: Record<string, unknown>) => Promise<T>;

/** An endpoint's form, and Node-RED as its node set knows it: with the labels of its dialog. */
interface Registered {
  RED: NodeAPI;
  form: EndpointForm;
}

const formsOf = new WeakMap<object, Map<string, Registered>>();

/**
 * Routes for the dialogs of endpoints. Each makes the server send a request, so each needs the permission to deploy, and is a
 * POST: a GET can be triggered by any link or image. These use the settings shown in the dialog, saved or not, from the body
 * {type, config, credentials}; saved-secrets.ts handles credentials that were not entered again:
 *
 *     POST switchboard/endpoints/:id/test             [{name, ok, text}]
 *     POST switchboard/endpoints/:id/typed/:list      a pick list: {items, note?}
 *
 * This one uses the deployed settings; the body holds the parameters of the pick list:
 *
 *     POST switchboard/endpoints/:id/lists/:list
 */
export function serveEndpointRoutes(RED: NodeAPI, type: string, form: EndpointForm): void {
  const admin = RED.httpAdmin;
  const known = formsOf.get(admin);
  if (known) {
    known.set(type, { RED, form });
    return;
  }
  const forms = new Map([[type, { RED, form }]]);
  formsOf.set(admin, forms);
  const routes = adminRoutes(RED);
  const post = (path: string, handler: (req: Request) => Promise<unknown>) =>
    routes.post(`endpoints/:id/${path}`, handler, 'flows.write');
  const isFailed = (checks: Check[]) => checks.some(({ ok }) => ok === false);
  post('test', (req) => noteRequest(req, 'test', () => withDialogSettings(forms, req, (client) => client.test()), isFailed));
  post('typed/:list', (req) => noteRequest(req, 'lookUp', () => withDialogSettings(forms, req, pickListOf(req))));
  post('lists/:list', async (req) => pickListOf(req)(deployedClient(RED, req), req.body ?? {}));
}

/** Calls the pick list of the system that the path names. */
function pickListOf({ params }: Request): ClientCall {
  return async (client, body) => {
    const { label, pickLists } = systemOf(client.system);
    const { list = '' } = params;
    const pick = pickLists && Object.hasOwn(pickLists, list) ? pickLists[list] : undefined;
    if (pick) return pick(client, body);
    throw new SwitchboardError('SWB_CONFIG', say`${client.name} is a ${label} endpoint, which has no pick list of ${list}.`, {
      field: 'endpoint',
      hint: say`Use the fields of the standard.`,
    });
  };
}

function deployedClient(RED: NodeAPI, { params }: Request): EndpointClient {
  const node = RED.nodes.getNode(params.id ?? '') as EndpointNode | null;
  if (node?.client) return node.client;
  throw new SwitchboardError('SWB_CONFIG', say`This endpoint is not deployed, or its settings are incomplete.`, {
    hint: say`Complete the endpoint’s settings and deploy.`,
  });
}

/**
 * Calls a client that is created from the settings in the dialog. Placeholders `${NAME}` are filled in, as they are on deploy.
 */
async function withDialogSettings<T>(forms: Map<string, Registered>, req: Request, call: ClientCall<T>): Promise<T> {
  const { type, config, credentials } = req.body ?? {};
  const registered = forms.get(String(type));
  if (!registered)
    throw new SwitchboardError('SWB_CONFIG', say`"${String(type)}" is not an endpoint type.`, { hint: say`Reload the editor.` });
  const { RED, form } = registered;
  const settings = withEnvironment(RED, null, settingsOf(form, config));
  const credentialValues = credentialsFor(RED, form, {
    id: req.params.id ?? '',
    type: String(type),
    config: settings,
    credentials: (credentials ?? {}) as Record<string, unknown>,
  });
  const secrets = credentialsWithEnvironment(RED, null, credentialValues);
  const where = settings.name || 'This endpoint';
  const client = makeClient(RED, { id: 'test', form, where }, settings, secrets);
  try {
    return await call(client, req.body ?? {});
  } finally {
    client.close();
  }
}

/** The rows of a table in a request, with a text in each column. */
function rowsOf(form: EndpointForm, name: string, rows: unknown[]): Record<string, string>[] {
  const setting = formSettings(form).find((one) => one.name === name);
  const columns = setting?.kind === 'rows' ? setting.columns : [];
  const isRow = (row: unknown) => typeof row === 'object' && row !== null;
  const textIn = (row: Record<string, unknown>, column: string) => (typeof row[column] === 'string' ? row[column] : '');
  return (rows.filter(isRow) as Record<string, unknown>[]).map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, textIn(row, column.name)])),
  );
}

/** The settings of a request; one that is missing, or has the wrong type, gets its default. */
function settingsOf(form: EndpointForm, config: unknown): EndpointConfig {
  const received = migrate((config ?? {}) as Record<string, unknown>, form.migrations);
  const typeOf = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);
  const settings = Object.entries(endpointDefaults(form)).map(([name, value]) => {
    // Flow files edited manually may hold numbers instead of text.
    const one = typeof value === 'string' && typeof received[name] === 'number' ? String(received[name]) : received[name];
    if (Array.isArray(one) && Array.isArray(value)) return [name, rowsOf(form, name, one)];
    return [name, typeOf(one) === typeOf(value) ? one : value];
  });
  return Object.fromEntries(settings) as EndpointConfig;
}
