import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../http/certificates.js';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { type FlowNode, until } from './node-red.js';
import { command, type Run } from './product.js';

const API = '/tmf-api/troubleTicket/v4';
const EVENT = { eventType: 'TroubleTicketStatusChangeEvent', event: { troubleTicket: { id: 'TT-1', status: 'resolved' } } };

/** A provider with a hub, and without tickets. */
class Provider {
  readonly callbacks: string[] = [];
  lists = 0;
  url = '';
  private server: TestServer | undefined;

  async start(): Promise<void> {
    this.server = await serve(async (req, res) => {
      const json = (status: number, body: object) =>
        res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      const body = await bodyOf(req);
      if (req.url === `${API}/hub` && req.method === 'POST') {
        const { callback } = JSON.parse(body) as { callback: string };
        this.callbacks.push(callback);
        json(201, { id: 'h1', callback });
      } else if (req.url?.startsWith(`${API}/hub`)) json(405, { code: '405', reason: 'not offered' });
      else {
        this.lists++;
        json(200, []);
      }
    });
    this.url = this.server.url;
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }
}

describe('the callback that is registered at a hub', () => {
  let folder: string;
  let provider: Provider;
  let certificates: Certificates | undefined;
  const runs: Run[] = [];
  before(() => {
    certificates = Certificates.make();
  });
  after(() => certificates?.remove());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-callback-'));
    provider = new Provider();
    await provider.start();
  });
  afterEach(async () => {
    for (const { process: child, ended } of runs.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await provider.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (settings: string, ...args: string[]): Run => {
    const flow: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'Test' },
      { id: 'cb-store', type: 'switchboard-store', name: 'The store', path: join(folder, 'store') },
      {
        id: 'cb-north',
        type: 'switchboard-tmf-endpoint',
        name: 'North',
        store: 'cb-store',
        baseUrl: provider.url,
        auth: 'none',
        api: 'tmf621',
      },
      {
        id: 'cb-in',
        type: 'switchboard-tmf621-in',
        z: 'tab',
        name: 'north in',
        endpoint: 'cb-north',
        hub: true,
        poll: false,
        wires: [[]],
      },
    ];
    writeFileSync(join(folder, 'flow.json'), JSON.stringify(flow));
    writeFileSync(join(folder, 'settings.js'), `module.exports = { ${settings} };\n`);
    const files = ['--user-dir', join(folder, 'user'), '--settings', join(folder, 'settings.js')];
    const run = command(['dist/src/cli/switchboard.js', 'run', join(folder, 'flow.json'), ...files, '--port', '0', ...args]);
    runs.push(run);
    return run;
  };
  const address = (run: Run) => until('the address', () => /: (https?:\S+) \(health/.exec(run.output())?.[1]);
  const registered = () => until('the registration', () => provider.callbacks[0]);
  const post = (url: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json' };
      const send = url.startsWith('https:') ? httpsRequest : httpRequest;
      const sent = send(url, { method: 'POST', headers, rejectUnauthorized: false }, (res) => resolve(res.resume().statusCode));
      sent.once('error', reject).end(JSON.stringify(EVENT));
    });

  it('is reachable over TLS and below httpNodeRoot', async function () {
    if (!certificates) return this.skip();
    const [key, cert] = ['server.key', 'server.crt'].map((name) => JSON.stringify(certificates!.pem(name)));
    const run = start(`https: { key: ${key}, cert: ${cert} }, httpNodeRoot: '/red/nodes'`);
    const { port } = new URL(await address(run));
    const callback = await registered();
    assert.ok(callback.startsWith(`https://127.0.0.1:${port}/red/nodes/switchboard/tmf621/cb-in/`), callback);
    assert.equal(await post(callback), 201);
  });

  it('is reachable at an IPv6 address', async function () {
    if (!Object.values(networkInterfaces()).some((list) => list?.some(({ address: own }) => own === '::1'))) return this.skip();
    const run = start('', '--host', '::1');
    const { port } = new URL(await address(run));
    const callback = await registered();
    assert.ok(callback.startsWith(`http://[::1]:${port}/switchboard/tmf621/cb-in/`), callback);
    assert.equal(await post(callback), 201);
  });

  it('is reachable where Node-RED listens at all addresses', async () => {
    const run = start('', '--host', '0.0.0.0');
    const { port } = new URL(await address(run));
    const callback = await registered();
    assert.ok(callback.startsWith(`http://127.0.0.1:${port}/switchboard/tmf621/cb-in/`), callback);
    assert.equal(await post(callback), 201);
  });

  it('does not exist where Node-RED serves no paths of nodes: the log says what to do, and changes are polled', async () => {
    const run = start('httpNodeRoot: false', '--log', 'warn');
    await until('the reason', () => /north in: Node-RED serves no paths of nodes.*Set httpNodeRoot/.test(run.output()));
    await until('a poll', () => provider.lists > 0);
    assert.deepEqual(provider.callbacks, []);
  });
});
