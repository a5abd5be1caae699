import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { brokers } from '../delivery/brokers.js';
import { credentialSecret, encryptCredentials } from './credentials.js';
import { readFlows } from './flow-file.js';
import { findNodeRed, packageFolder, startFlows } from './node-red.js';

export interface RunOptions {
  /** The flow file; its copy in the user folder is what runs. */
  flow: string;
  userDir: string;
  host: string;
  port: number;
  /** Serves the editor too. */
  editor: boolean;
  envFile?: string;
  /** The user folder has flows already, perhaps changed in the editor: run those. */
  keepFlows?: boolean;
  /** Milliseconds to finish what is under way when told to stop. */
  drain: number;
  logLevel: string;
}

export interface Running {
  url: string;
  version: string;
  stop(): Promise<void>;
}

/** Runs a flow file in an embedded Node-RED, with a health endpoint. Resolves when the flows are started. */
export async function run(options: RunOptions): Promise<Running> {
  if (options.envFile)
    for (const [name, value] of Object.entries(parseEnv(readFileSync(options.envFile, 'utf8')))) process.env[name] ??= value;
  const { flows, credentials, missing } = readFlows(readFileSync(options.flow, 'utf8'), options.flow, process.env);
  const found = findNodeRed();
  const userDir = resolve(options.userDir);
  mkdirSync(userDir, { recursive: true });
  const secret = credentialSecret(userDir);
  if (!options.keepFlows) {
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows, null, 2), { mode: 0o600 });
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(encryptCredentials(credentials, secret)), { mode: 0o600 });
  }

  const RED = found.load();
  let starting = true;
  let stopping = false;
  const app = found.express();
  app.get('/health', (_req, res) => {
    health(stopping).then(({ status, body }) => res.status(status).json(body));
  });
  // Until the flows run, their paths are unknown: a sender that is told "not found" would give up, told "later" it comes again.
  app.use('/', (_req: IncomingMessage, res: ServerResponse, next: () => void) => {
    if (starting) res.writeHead(503, { 'Retry-After': '2' }).end('Switchboard is starting.');
    else next();
  });
  const server = createServer(app);
  const port = await listen(server, options);
  RED.init(server, {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: secret,
    uiHost: options.host,
    uiPort: port,
    httpAdminRoot: options.editor ? '/' : false,
    httpNodeRoot: '/',
    nodesDir: [packageFolder()],
    disableEditor: !options.editor,
    editorTheme: { tours: false },
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: options.logLevel, metrics: false, audit: false } },
  });
  if (options.editor) app.use('/', RED.httpAdmin);
  app.use('/', RED.httpNode);
  const problem = await startFlows(RED);
  starting = false;
  if (problem && !options.editor) {
    await RED.stop();
    server.close();
    throw problem;
  }
  if (problem) RED.log.error(problem.message);
  if (missing.length) RED.log.warn(`These environment variables are named in the flows but not set: ${missing.join(', ')}`);
  return {
    url: `http://${options.host}:${port}`,
    version: found.version,
    stop: async () => {
      if (stopping) return;
      stopping = true;
      await Promise.all(brokers().map((broker) => broker.drain(options.drain)));
      await RED.stop();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function listen(server: Server, { host, port }: RunOptions): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, () => {
      server.removeListener('error', fail);
      const address = server.address();
      done(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** `ok` when every store answers; what waits and what failed is told with it, for dashboards and alerts. */
async function health(stopping: boolean): Promise<{ status: number; body: unknown }> {
  try {
    const stores = await Promise.all(
      brokers().map(async (broker) => {
        const { waiting, ...counts } = await broker.store.counts();
        const endpoints = broker.workers().map(({ client, status }) => ({
          name: client.name,
          state: status.suspended ? 'suspended' : status.circuit === 'open' ? 'down' : 'up',
          waiting: waiting[client.id] ?? 0,
          ...(status.suspended && { suspendedAt: status.suspended.at }),
        }));
        return { name: broker.name, ...counts, endpoints };
      }),
    );
    const ready = stores.length > 0 && !stopping;
    return { status: ready ? 200 : 503, body: { status: stopping ? 'stopping' : ready ? 'ok' : 'no store is open', stores } };
  } catch (error) {
    return { status: 503, body: { status: error instanceof Error ? error.message : String(error) } };
  }
}
