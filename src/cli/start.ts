import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writePrivateFile } from '../private-files.js';
import { numberOffsetByTime, startSandbox } from '../sandbox/sandbox.js';
import { packageFolder } from './node-red.js';
import { print } from './output.js';
import { run, USER_FOLDER } from './run.js';

const HOST = '127.0.0.1';

const EXAMPLES = ['1-trouble-ticket.json', '2-order-fan-out.json', '3-routing.json'];
/** For each webhook path of the examples the tables whose business rules post to it. */
const WEBHOOKS: Record<string, string[]> = {
  customer: ['incident', 'problem', 'change_request', 'sn_customerservice_case'],
  orders: ['sn_ind_tmt_orm_order', 'sn_ind_tmt_orm_order_line_item'],
  requests: ['sc_request', 'sc_req_item'],
};

/** Starts the sandbox and Node-RED with the examples deployed (`npm start`). */
export async function start(): Promise<void> {
  const port = Number(process.env.SWITCHBOARD_PORT ?? 1880);
  const sandboxPort = Number(process.env.SWITCHBOARD_SANDBOX_PORT ?? 1881);
  const userDir = process.env.SWITCHBOARD_USER_DIR ?? join(packageFolder(), USER_FOLDER);
  // The sandbox keeps nothing between runs, but the store does: a reused number would be treated as the same ticket.
  const sandbox = await startSandbox({ port: sandboxPort, numberOffset: numberOffsetByTime() });
  Object.assign(process.env, sandbox.environment);
  const flow = join(userDir, 'example.json');
  // `run` looks after one that exists.
  if (!existsSync(userDir)) privateFolder(userDir);
  const examples = EXAMPLES.flatMap(
    (name) => JSON.parse(readFileSync(join(packageFolder(), 'examples', name), 'utf8')) as unknown[],
  );
  writePrivateFile(flow, JSON.stringify(examples, null, 2).replaceAll('http://127.0.0.1:1881', sandbox.url));
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
  const webhook = (path: string, tables: string[]) => ({
    url: `${running.url}/switchboard/${path}`,
    secret: sandbox.environment.SANDBOX_WEBHOOK_SECRET ?? '',
    tables,
  });
  sandbox.servicenow.webhooks = Object.entries(WEBHOOKS).map(([path, tables]) => webhook(path, tables));
  for (const [path, desk] of Object.entries(sandbox.routed.customers)) desk.webhooks = [webhook(path, ['incident'])];
  const stop = () => {
    running
      .stop()
      .then(() => sandbox.close())
      .finally(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await running.opened;
  print(`
  Switchboard is running on Node-RED ${running.version}.

  Sandbox                   ${sandbox.url}/   (orders: ${sandbox.url}/#orders, routing: ${sandbox.url}/#routing)
  Editor                    ${running.url}/
  Messages                  ${running.url}/switchboard/page
  Health                    ${running.url}/health

  Open a ticket or place an order on the customer's desk in the sandbox and watch it appear at the providers. Stop with Ctrl+C.`);
}
