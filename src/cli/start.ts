import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSandbox } from '../sandbox/sandbox.js';
import { packageFolder } from './node-red.js';
import { run } from './run.js';

const HOST = '127.0.0.1';

/** Starts the sandbox of partner systems and Node-RED with the first example deployed: what `npm start` does. */
export async function start(): Promise<void> {
  const port = Number(process.env.SWITCHBOARD_PORT ?? 1880);
  const sandboxPort = Number(process.env.SWITCHBOARD_SANDBOX_PORT ?? 1881);
  const userDir = process.env.SWITCHBOARD_USER_DIR ?? join(packageFolder(), '.switchboard');
  const sandbox = await startSandbox({ host: HOST, port: sandboxPort });
  Object.assign(process.env, sandbox.environment);
  const flow = join(userDir, 'example.json');
  mkdirSync(userDir, { recursive: true });
  const example = readFileSync(join(packageFolder(), 'examples', '1-trouble-ticket.json'), 'utf8');
  writeFileSync(flow, example.replaceAll('http://127.0.0.1:1881', sandbox.url));
  const running = await run({
    flow,
    keepFlows: existsSync(join(userDir, 'flows.json')),
    userDir,
    host: HOST,
    port,
    editor: true,
    drain: 10_000,
    logLevel: 'warn',
  });
  sandbox.servicenow.webhook = {
    url: `${running.url}/switchboard/customer`,
    secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET ?? '',
  };
  process.stdout.write(`
  Switchboard runs on Node-RED ${running.version}.

  Both desks side by side   ${sandbox.url}/
  Editor                    ${running.url}/
  Messages                  ${running.url}/switchboard/page
  Health                    ${running.url}/health

  Open a ticket on the customer's desk and watch it appear at the provider. Stop with Ctrl+C.
`);
  const stop = () => {
    running
      .stop()
      .then(() => sandbox.close())
      .finally(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
