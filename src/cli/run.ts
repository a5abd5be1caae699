import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { brokers } from '../delivery/brokers.js';
import { SwitchboardError } from '../errors.js';
import { credentialSecret, encryptCredentials } from './credentials.js';
import { checkExposure, isLoopback } from './exposure.js';
import { readFlows } from './flow-file.js';
import { health } from './health.js';
import { mount, type Roots } from './mount.js';
import { findNodeRed, packageFolder, startFlows } from './node-red.js';
import { serve } from './server.js';
import { readSettings, rootOf, type UserSettings } from './user-settings.js';

export interface RunOptions {
  /** The flow file; its copy in the user folder is what runs. */
  flow: string;
  userDir: string;
  /** Node-RED settings file: who may sign in, https, roots and what else it says. */
  settings?: string;
  /** Else those of the settings file, else loopback and 1880. */
  host?: string;
  port?: number;
  /** Serves the editor and the operator's pages too. */
  editor: boolean;
  envFile?: string;
  /** The user folder has flows already, perhaps changed in the editor: run those. */
  keepFlows?: boolean;
  /** Milliseconds to finish what is under way when told to stop. */
  drain: number;
  /** Else as the settings file says, else `info`. */
  logLevel?: string;
}

export interface Running {
  url: string;
  /** Address of the editor, where it is served; the operator's page is `switchboard/page` below it. */
  editor?: string;
  version: string;
  stop(): Promise<void>;
}

/** Runs a flow file in an embedded Node-RED, with a health endpoint. Resolves when the flows are started. */
export async function run(options: RunOptions): Promise<Running> {
  if (options.envFile)
    for (const [name, value] of Object.entries(parseEnv(readFileSync(options.envFile, 'utf8')))) process.env[name] ??= value;
  const settings = options.settings ? readSettings(options.settings) : {};
  const host = plainHost(options.host ?? settings.uiHost ?? '127.0.0.1');
  const port = options.port ?? Number(settings.uiPort ?? 1880);
  const roots: Roots = {
    admin: options.editor && rootOf(settings.httpAdminRoot, settings.httpRoot),
    node: rootOf(settings.httpNodeRoot, settings.httpRoot),
  };
  if (options.editor) await checkEditor(host, roots, settings, options.settings);
  const { flows, credentials, missing } = readFlows(readFileSync(options.flow, 'utf8'), options.flow, process.env);
  const found = findNodeRed();
  const userDir = resolve(options.userDir);
  mkdirSync(userDir, { recursive: true });
  const secret = settings.credentialSecret || credentialSecret(userDir);
  if (!options.keepFlows) {
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows, null, 2), { mode: 0o600 });
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(encryptCredentials(credentials, secret)), { mode: 0o600 });
  }

  const RED = found.load();
  let starting = true;
  let stopping = false;
  const app = found.express();
  app.get('/health', (_req, res) => {
    health(stopping ? 'stopping' : starting ? 'starting' : undefined).then(({ status, body }) => res.status(status).json(body));
  });
  // Until the flows run, their paths are unknown: a sender that is told "not found" would give up, told "later" it comes again.
  app.use('/', (_req: IncomingMessage, res: ServerResponse, next: () => void) => {
    if (starting) res.writeHead(503, { 'Retry-After': '2' }).end('Switchboard is starting.');
    else next();
  });
  const web = await serve(app, settings, host, port);
  RED.init(web.server, {
    editorTheme: { tours: false },
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: 'info', metrics: false, audit: false } },
    ...settings,
    ...(options.logLevel && { logging: { console: { level: options.logLevel, metrics: false, audit: false } } }),
    userDir,
    flowFile: 'flows.json',
    credentialSecret: secret,
    uiHost: host,
    uiPort: web.port,
    httpAdminRoot: roots.admin,
    httpNodeRoot: roots.node,
    nodesDir: [packageFolder(), ...[settings.nodesDir ?? []].flat()],
    disableEditor: !options.editor,
    // Node-RED takes it in another form than a settings file has it.
    httpStatic: undefined,
  });
  mount(app, web, RED, found, roots, settings);
  const problem = await startFlows(RED);
  starting = false;
  if (problem && !options.editor) {
    await RED.stop();
    await web.close();
    throw problem;
  }
  if (problem) RED.log.error(problem.message);
  if (missing.length) RED.log.warn(`These environment variables are named in the flows but not set: ${missing.join(', ')}`);
  if (settings.httpStatic) RED.log.warn('httpStatic of the settings file is not served.');
  if (roots.admin && web.url.startsWith('http:') && !(await isLoopback(host)))
    RED.log.warn(
      'Other machines reach the editor over http, which anyone on the way can read: set https in the settings file, or use a proxy with TLS.',
    );
  return {
    url: web.url,
    ...(roots.admin && { editor: `${web.url}${roots.admin}` }),
    version: found.version,
    stop: async () => {
      if (stopping) return;
      stopping = true;
      await Promise.all(brokers().map((broker) => broker.drain(options.drain)));
      await RED.stop();
      await web.close();
    },
  };
}

/** An address as it is listened on: without the brackets that an IPv6 address has in a URL. */
function plainHost(host: string): string {
  return host.trim().replace(/^\[(.*)\]$/, '$1');
}

/** Throws SWB_CONFIG when the editor cannot be served, or would be open to everyone. */
async function checkEditor(host: string, roots: Roots, settings: UserSettings, settingsFile?: string): Promise<void> {
  if (!roots.admin)
    throw new SwitchboardError('SWB_CONFIG', 'httpAdminRoot is switched off, and --editor needs it.', {
      where: settingsFile,
      field: 'httpAdminRoot',
      hint: 'Leave out one of them.',
    });
  await checkExposure(host, settings, settingsFile);
}
