import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { allOpen, brokers } from '../delivery/brokers.js';
import { SwitchboardError } from '../errors.js';
import { health } from '../health/health.js';
import { liveness, readiness } from '../health/readiness.js';
import { privateFolder } from '../private-files.js';
import { oneLine } from '../text/printable.js';
import { credentialSecret } from './credentials.js';
import { checkExposure, isLoopback } from './exposure.js';
import { readFlows } from './flow-file.js';
import { mount, type Roots } from './mount.js';
import { findNodeRed, packageFolder, startFlows } from './node-red.js';
import { serve } from './server.js';
import { placeFlows } from './user-flows.js';
import { readSettings, rootOf, type UserSettings } from './user-settings.js';

/** The usual name of the user folder. */
export const USER_FOLDER = '.switchboard';

export interface RunOptions {
  /** The flow file; a copy of it in the user folder is run, unless it is the one there (user-flows.ts). */
  flow: string;
  userDir: string;
  /** Node-RED settings file. */
  settings?: string;
  /** Default: those of the settings file, otherwise loopback and 1880. */
  host?: string;
  port?: number;
  /** Also serves the editor and the operator pages. */
  editor: boolean;
  envFile?: string;
  /** Runs the flows already in the user folder, which may have been changed in the editor. */
  keepFlows?: boolean;
  /** Milliseconds to finish work in progress when stopping. */
  drain: number;
  /** Default: that of the settings file, otherwise `info`. */
  logLevel?: string;
}

export interface RunningInstance {
  url: string;
  /** URL of the editor, if it is served; the operator page is at `switchboard/page` below it. */
  editor?: string;
  version: string;
  /** Resolves once every store is open: a store that cannot be opened is tried again. */
  opened: Promise<void>;
  stop(): Promise<void>;
}

/** Runs a flow file in an embedded Node-RED with a health endpoint. Resolves when the flows are started. */
export async function run(options: RunOptions): Promise<RunningInstance> {
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
  const flows = readFlows(readFileSync(options.flow, 'utf8'), options.flow, process.env);
  const installation = findNodeRed();
  const userDir = resolve(options.userDir);
  const wasOpen = openUserFolder(userDir);
  const secret = settings.credentialSecret || credentialSecret(userDir);
  const replaced = options.keepFlows ? undefined : placeFlows(userDir, options.flow, flows, secret);

  const RED = installation.load();
  let starting = true;
  let stopping = false;
  const app = installation.express();
  const phase = () => (stopping ? 'stopping' : starting ? 'starting' : undefined);
  const checks = { '/health': health, '/health/live': liveness, '/health/ready': readiness };
  for (const [path, check] of Object.entries(checks))
    app.get(path, (_req, res) => {
      Promise.resolve(check(phase())).then(({ status, body }) => res.status(status).json(body));
    });
  // Until the flows run, their paths are unknown: on 404 a sender would give up, on 503 it retries.
  app.use('/', (_req: IncomingMessage, res: ServerResponse, next: () => void) => {
    if (starting) res.writeHead(503, { 'Retry-After': '2' }).end('Switchboard is starting.');
    else next();
  });
  const web = await serve(app, settings, host, port);
  RED.init(web.server, {
    editorTheme: { tours: false },
    telemetry: { enabled: false, updateNotification: false },
    // Mappings are part of the flow file: one line per value makes changes readable in git.
    flowFilePretty: true,
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
    // The embedding API expects httpStatic in another form than a settings file.
    httpStatic: undefined,
  });
  mount(app, web, RED, installation, roots, settings);
  const problem = await startFlows(RED);
  starting = false;
  if (problem && !options.editor) {
    await RED.stop();
    await web.close();
    throw problem;
  }
  const warn = (text: string) => RED.log.warn(oneLine(text));
  if (problem) RED.log.error(problem.message);
  if (wasOpen) warn(wasOpen);
  if (replaced) warn(replaced);
  if (flows.missing.length) warn(`These environment variables are used in the flows but not set: ${flows.missing.join(', ')}`);
  if (settings.httpStatic) warn('httpStatic in the settings file is ignored.');
  if (roots.admin && web.url.startsWith('http:') && !(await isLoopback(host)))
    warn('Other machines can reach the editor over unencrypted HTTP. Set https in the settings file, or use a proxy with TLS.');
  return {
    url: web.url,
    ...(roots.admin && { editor: `${web.url}${roots.admin}` }),
    version: installation.version,
    opened: allOpen(),
    stop: async () => {
      if (stopping) return;
      stopping = true;
      await Promise.all(brokers().map((broker) => broker.drain(options.drain)));
      await RED.stop();
      await web.close();
    },
  };
}

/**
 * Makes the folder for the store and Node-RED's files. One of another name may be anything, such as a project's own folder: it is
 * left as open as it is. Returns what there is to log.
 */
function openUserFolder(path: string): string | undefined {
  return basename(path) === USER_FOLDER || !existsSync(path) ? privateFolder(path) : undefined;
}

/** The address to listen on: without the brackets of an IPv6 address in a URL. */
function plainHost(host: string): string {
  return host.trim().replace(/^\[(.*)\]$/, '$1');
}

/** Throws SWB_CONFIG if the editor cannot be served, or would be open to everyone. */
async function checkEditor(host: string, roots: Roots, settings: UserSettings, settingsFile?: string): Promise<void> {
  if (!roots.admin)
    throw new SwitchboardError('SWB_CONFIG', 'httpAdminRoot is false, but --editor needs it.', {
      where: settingsFile,
      field: 'httpAdminRoot',
      hint: 'Remove httpAdminRoot from the settings file, or run without --editor.',
    });
  await checkExposure(host, settings, settingsFile);
}
