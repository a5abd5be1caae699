import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { HttpOptions } from '../../src/http/http.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { httpOptions } from './endpoint.js';
import { endpointNode } from './parties.js';
import { choices, fields, tables } from './pick-lists.js';
import { withEnvironment } from './settings.js';

type MakeClient = (config: EndpointConfig, credentials: EndpointCredentials, http: HttpOptions) => EndpointClient;

interface Request {
  params: { id: string };
  query: Record<string, unknown>;
  body?: { type?: string; config?: Partial<EndpointConfig>; credentials?: EndpointCredentials };
}
interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

/** How the editor says that a password was not changed. */
const UNCHANGED = '__PWRD__';

const factories = new WeakMap<object, Map<string, MakeClient>>();

/**
 * What the dialogs ask about an endpoint. With the settings as they stand in the dialog, saved or not, in the body {type, config, credentials}
 * (credentials that were not typed anew are taken from the deployed node; that is why only those who may write may ask):
 *
 *     POST switchboard/endpoints/:id/test       [{name, ok, text}]
 *     POST switchboard/endpoints/:id/tables     what there is to choose from, as below
 *
 * With the deployed settings, for those who may read; {items, note?}, see servicenow/dictionary.ts:
 *
 *     GET switchboard/endpoints/:id/tables
 *     GET switchboard/endpoints/:id/fields?entityType=… | ?table=…
 *     GET switchboard/endpoints/:id/choices?field=…&entityType=… | &table=…
 */
export function serveAdminRoutes(RED: NodeAPI, type: string, makeClient: MakeClient): void {
  const admin = RED.httpAdmin as unknown as App;
  const known = factories.get(admin);
  if (known) {
    known.set(type, makeClient);
    return;
  }
  const makers = new Map([[type, makeClient]]);
  factories.set(admin, makers);
  const mayWrite = RED.auth.needsPermission('switchboard.write');
  const mayRead = RED.auth.needsPermission('switchboard.read');
  const withTyped = (work: Work) => answering((req) => ofTyped(RED, makers, req, work));
  const withDeployed = (work: Work) =>
    answering(({ params, query }) => work(endpointNode(RED, params.id, 'This endpoint').client, query));
  admin.post(
    '/switchboard/endpoints/:id/test',
    mayWrite,
    withTyped((client) => client.test()),
  );
  admin.post('/switchboard/endpoints/:id/tables', mayWrite, withTyped(tables));
  admin.get('/switchboard/endpoints/:id/tables', mayRead, withDeployed(tables));
  admin.get('/switchboard/endpoints/:id/fields', mayRead, withDeployed(fields));
  admin.get('/switchboard/endpoints/:id/choices', mayRead, withDeployed(choices));
}

type Work = (client: EndpointClient, query: Request['query']) => Promise<unknown>;

function answering(work: (req: Request) => Promise<unknown>) {
  return (req: Request, res: Response) => {
    Promise.resolve()
      .then(() => work(req))
      .then(
        (answer) => res.json(answer),
        (error) =>
          res
            .status(400)
            .json({ code: error?.code ?? 'SWB_CONFIG', message: error instanceof Error ? error.message : String(error) }),
      );
  };
}

async function ofTyped(RED: NodeAPI, makers: Map<string, MakeClient>, req: Request, work: Work): Promise<unknown> {
  const { type = '', config = {}, credentials = {} } = req.body ?? {};
  const make = makers.get(type);
  if (!make) throw new SwitchboardError('SWB_CONFIG', `«${type}» is no endpoint type.`, { hint: 'Reload the editor.' });
  const saved = (RED.nodes.getCredentials(req.params.id) ?? {}) as Record<string, string | undefined>;
  const merged: Record<string, string | undefined> = { ...saved };
  for (const [name, value] of Object.entries(credentials)) if (value !== UNCHANGED) merged[name] = value;
  const secrets = withEnvironment(RED, null, merged) as EndpointCredentials;
  const settings = withEnvironment(RED, null, { ...endpointDefaults, ...config });
  const http = httpOptions(RED, settings, secrets, settings.name || 'This endpoint');
  const client = make(settings, secrets, http);
  try {
    return await work(client, req.query);
  } finally {
    client.close();
  }
}
