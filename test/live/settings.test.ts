import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '../http/certificates.js';
import { rawRequest } from '../http/raw-request.js';
import { until } from './node-red.js';
import { command, type Run } from './product.js';

const CLI = 'dist/src/cli/switchboard.js';
const HASH = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
const USER = `{ username: 'admin', password: '${HASH}', permissions: '*' }`;
const ADMIN_AUTH = `adminAuth: { type: 'credentials', users: [${USER}] }`;
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'in', type: 'http in', z: 'tab', url: '/hello', method: 'get', wires: [['out']] },
  { id: 'out', type: 'http response', z: 'tab', wires: [] },
];

describe('switchboard run with a settings file', () => {
  let folder: string;
  const runs: Run[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-settings-'));
    writeFileSync(join(folder, 'flow.json'), JSON.stringify(FLOW));
  });
  afterEach(async () => {
    for (const { process: child, ended } of runs.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => {
    const started = command([CLI, 'run', join(folder, 'flow.json'), '--user-dir', join(folder, 'user'), ...args]);
    runs.push(started);
    return started;
  };
  const settings = (text: string) => {
    const file = join(folder, 'settings.js');
    writeFileSync(file, `module.exports = { ${text} };\n`);
    return ['--settings', file];
  };
  const ready = async (started: Run) => {
    return await until('the address', () => /: (https?:\S+) \(health/.exec(started.output())?.[1]);
  };
  const ANY_PORT = ['--port', '0', '--log', 'warn'];

  describe('does not serve an editor that other machines reach without a login', () => {
    const refused = async (...args: string[]) => {
      const started = run('--editor', ...ANY_PORT, ...args);
      assert.equal(await started.ended, '1', started.output());
      assert.match(started.output(), /The editor and the operator pages would be open to everyone who can reach/);
      return started.output();
    };
    for (const host of ['0.0.0.0', '::', '', '::ffff:0.0.0.0', '[::]', ' 0.0.0.0'])
      it(`listening on ${host}`, async () => {
        const output = await refused('--host', host);
        assert.match(output, /module\.exports = \{ adminAuth: \{ type: 'credentials', users: \[/);
        assert.match(output, /--settings settings\.js/);
      });
    it('if the settings file sets the host, and names that file', async () => {
      assert.match(await refused(...settings("uiHost: '0.0.0.0'")), /Add this line to \S+settings\.js:\s+adminAuth:/);
    });
    it('if adminAuth allows access without a login', async () => {
      const file = settings(`adminAuth: { type: 'credentials', users: [${USER}], default: { permissions: 'read' } }`);
      assert.match(await refused('--host', '0.0.0.0', ...file), /adminAuth\.default/);
    });
  });

  it('works with the line that the error suggests: only signed-in users see the operator pages', async () => {
    const refusal = run('--editor', ...ANY_PORT, '--host', '0.0.0.0');
    await refusal.ended;
    const [line = ''] = /module\.exports = .*/.exec(refusal.output()) ?? [];
    const file = join(folder, 'settings.js');
    writeFileSync(file, line.replace('<hash>', HASH));
    const started = run('--editor', ...ANY_PORT, '--host', '0.0.0.0', '--settings', file);
    const url = (await ready(started)).replace('0.0.0.0', '127.0.0.1');
    for (const path of ['flows', 'switchboard/messages']) assert.equal((await fetch(`${url}/${path}`)).status, 401, path);
    const body = JSON.stringify({
      client_id: 'node-red-editor',
      grant_type: 'password',
      scope: '',
      username: 'admin',
      password: 'secret',
    });
    const signIn = await fetch(`${url}/auth/token`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    const { access_token: token } = (await signIn.json()) as { access_token: string };
    const asked = await fetch(`${url}/switchboard/messages`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(asked.status, 200);
    assert.match(started.output(), /reach the editor over unencrypted HTTP/);
  });

  it('needs no login beyond this machine if no editor is served', async () => {
    const url = (await ready(run(...ANY_PORT, '--host', '0.0.0.0'))).replace('0.0.0.0', '127.0.0.1');
    assert.equal((await fetch(`${url}/hello`)).status, 200);
    assert.equal((await fetch(`${url}/flows`)).status, 404);
  });

  it('serves over https below the configured roots, with a login', async function () {
    const certificates = Certificates.make();
    if (!certificates) return this.skip();
    try {
      const pem = (name: string) => `require('node:fs').readFileSync(${JSON.stringify(certificates.path(name))})`;
      const file = settings(
        `${ADMIN_AUTH}, https: async () => ({ key: ${pem('server.key')}, cert: ${pem('server.crt')} }), httpAdminRoot: '/ops', httpNodeRoot: 'flows/'`,
      );
      const started = run('--editor', ...ANY_PORT, ...file);
      const url = await ready(started);
      assert.match(url, /^https:/);
      await until('the pages’ addresses', () =>
        started.output().includes(`Editor: ${url}/ops/ · Messages: ${url}/ops/switchboard/page`),
      );
      const agent = new Agent({ ca: certificates.pem('ca.crt') });
      const status = (path: string) =>
        new Promise<number>((resolve, reject) => {
          secureRequest(`${url}${path}`, { agent }, (res) => resolve(res.resume().statusCode ?? 0))
            .once('error', reject)
            .end();
        });
      assert.equal(await status('/health'), 503, 'no store is open');
      assert.equal(await status('/ops/switchboard/page'), 200);
      assert.equal(await status('/ops/switchboard/messages'), 401);
      assert.equal(await status('/switchboard/page'), 404);
      assert.equal(await status('/flows/hello'), 200);
      assert.equal(await status('/hello'), 404);
    } finally {
      certificates.remove();
    }
  });

  it('protects the flows’ paths by httpNodeAuth', async () => {
    const url = await ready(run(...ANY_PORT, ...settings(`httpNodeAuth: { user: 'partner', pass: '${HASH}' }`)));
    const ask = async (proof?: string) => {
      const headers = proof ? { Authorization: `Basic ${Buffer.from(proof).toString('base64')}` } : undefined;
      return (await fetch(`${url}/hello`, { headers })).status;
    };
    const proofs = [undefined, 'partner:wrong', 'other:secret', 'partner:secret', 'partner:secret', 'partner:', 'partner:wrong'];
    const got: number[] = [];
    for (const proof of proofs) got.push(await ask(proof));
    assert.deepEqual(got, [401, 401, 401, 200, 200, 401, 401]);
  });

  it('reports settings that it does not use', async () => {
    const started = run(
      ...ANY_PORT,
      ...settings(`httpStatic: ${JSON.stringify(folder)}, flowFile: 'other.json', userDir: '/nonesuch'`),
    );
    assert.equal((await fetch(`${await ready(started)}/hello`)).status, 200);
    assert.match(started.output(), /httpStatic in the settings file is ignored/);
  });

  it('listens where the settings file says, unless overridden', async () => {
    const file = settings("uiHost: '127.0.0.2', uiPort: 0, logging: { console: { level: 'warn' } }");
    assert.match(await ready(run(...file)), /^http:\/\/127\.0\.0\.2:/);
    assert.match(await ready(run('--host', '127.0.0.1', ...file)), /^http:\/\/127\.0\.0\.1:/);
  });

  it('reports an invalid settings file', async () => {
    const ended = async (text: string, ...args: string[]) => {
      const started = run(...ANY_PORT, ...settings(text), ...args);
      assert.equal(await started.ended, '1');
      return started.output();
    };
    assert.match(await ended('a: ['), /settings\.js: The settings file cannot be loaded: /);
    assert.match(await ended('httpAdminRoot: false', '--editor'), /httpAdminRoot is false, but --editor needs it/);
  });

  describe('on loopback without a login', () => {
    let url: string;
    beforeEach(async () => {
      url = await ready(run('--editor', ...ANY_PORT));
    });
    const CROSS = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors', Origin: 'http://evil.example' };

    it('lets the page of another site reach the paths of the flows, but not the admin API', async () => {
      const form = { ...CROSS, 'Content-Type': 'application/x-www-form-urlencoded' };
      const deploy = await rawRequest(`${url}/flow`, 'POST', form, 'label=evil&nodes[0][id]=evil1&nodes[0][type]=debug');
      assert.equal(deploy.status, 403);
      assert.match(deploy.body, /The request comes from a page of another site \(http:\/\/evil\.example\)/);
      for (const path of ['flows', 'settings', 'switchboard/messages', '']) {
        assert.equal((await rawRequest(`${url}/${path}`, 'GET', CROSS)).status, 403, path);
        const rebound = { Host: 'evil.example', 'Sec-Fetch-Site': 'same-origin' };
        assert.equal((await rawRequest(`${url}/${path}`, 'GET', rebound)).status, 403, path);
      }
      const preflight = { ...CROSS, 'Access-Control-Request-Method': 'POST' };
      assert.equal((await rawRequest(`${url}/flows`, 'OPTIONS', preflight)).status, 403);
      assert.ok(!(await (await fetch(`${url}/flows`)).text()).includes('evil'));
      assert.equal((await rawRequest(`${url}/hello`, 'GET', CROSS)).status, 200);
      assert.equal((await rawRequest(`${url}/hello`, 'GET', { Host: 'hooks.example' })).status, 200);
    });

    it('can be opened by a link on another page, but not in a frame', async () => {
      const from = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
      const editor = await rawRequest(`${url}/`, 'GET', { ...from, 'Sec-Fetch-Dest': 'document' });
      assert.equal(editor.status, 200);
      assert.equal(editor.headers['x-frame-options'], 'SAMEORIGIN');
      assert.equal((await rawRequest(`${url}/hello`, 'GET')).headers['x-frame-options'], undefined, 'what flows serve is theirs');
      assert.equal((await rawRequest(`${url}/`, 'GET', { ...from, 'Sec-Fetch-Dest': 'iframe' })).status, 403);
    });

    it('does not let the page of another site listen to the editor’s live channel', async () => {
      const key = { 'Sec-WebSocket-Key': 'c3dpdGNoYm9hcmQgdGVzdA==', 'Sec-WebSocket-Version': '13' };
      const hears = (origin: string) =>
        new Promise<boolean>((resolve) => {
          const headers = { ...key, Connection: 'Upgrade', Upgrade: 'websocket', Origin: origin };
          request(`${url}/comms`, { headers })
            .once('upgrade', (_res, socket) => resolve(Boolean(socket.destroy())))
            .once('response', () => resolve(false))
            .once('error', () => resolve(false))
            .end();
        });
      assert.equal(await hears(url), true);
      assert.equal(await hears('http://evil.example'), false);
    });
  });
});
