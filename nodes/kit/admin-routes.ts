import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { HttpOptions } from '../../src/http/http.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import { httpOptions } from './endpoint.js';
import { withEnvironment } from './settings.js';

type MakeClient = (config: EndpointConfig, credentials: EndpointCredentials, http: HttpOptions) => EndpointClient;

interface Request {
  params: { id: string };
  body?: { type?: string; config?: Partial<EndpointConfig>; credentials?: EndpointCredentials };
}
interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}

/** How the editor says that a password was not changed. */
const UNCHANGED = '__PWRD__';

const factories = new WeakMap<object, Map<string, MakeClient>>();

/**
 * `POST switchboard/endpoints/:id/test` {type, config, credentials}: tries the settings as they stand in the dialog, saved or not, and
 * answers [{name, ok, text}]. Credentials that were not typed anew are taken from the deployed node.
 */
export function serveAdminRoutes(RED: NodeAPI, type: string, makeClient: MakeClient): void {
  const admin = RED.httpAdmin as unknown as { post(path: string, ...handlers: unknown[]): void };
  const known = factories.get(admin);
  if (known) {
    known.set(type, makeClient);
    return;
  }
  const makers = new Map([[type, makeClient]]);
  factories.set(admin, makers);
  admin.post('/switchboard/endpoints/:id/test', RED.auth.needsPermission('switchboard.write'), (req: Request, res: Response) => {
    test(RED, makers, req).then(
      (checks) => res.json(checks),
      (error) =>
        res
          .status(400)
          .json({ code: error?.code ?? 'SWB_CONFIG', message: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function test(RED: NodeAPI, makers: Map<string, MakeClient>, req: Request) {
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
    return await client.test();
  } finally {
    client.close();
  }
}
