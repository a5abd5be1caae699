import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { type FlowNode, type Live, startNodeRed, until } from './node-red.js';

/** A partner whose refresh tokens work once each: using one again ends them all, as RFC 9700 §4.14 recommends. */
class RotatingPartner {
  readonly refreshTokens = ['refresh-token-entered'];
  readonly accessTokens: string[] = [];
  refused = 0;
  /** Requests of the API with the newest access token. */
  served = 0;
  server!: TestServer;

  async start(): Promise<this> {
    this.server = await serve(async (req, res) => {
      const reply = (status: number, body: object) =>
        res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      const form = new URLSearchParams(await bodyOf(req));
      if (req.url === '/token') {
        if (form.get('refresh_token') !== this.refreshTokens.at(-1)) {
          this.refused++;
          return reply(400, { error: 'invalid_grant', error_description: `${form.get('refresh_token')} is not valid` });
        }
        this.refreshTokens.push(`refresh-token-rotated-${this.refreshTokens.length}`);
        this.accessTokens.push(`access-token-of-partner-${this.accessTokens.length}`);
        this.served = 0;
        return reply(200, {
          access_token: this.accessTokens.at(-1),
          refresh_token: this.refreshTokens.at(-1),
          expires_in: 3600,
        });
      }
      if (req.headers.authorization !== `Bearer ${this.accessTokens.at(-1)}`) return reply(401, { error: { message: 'no' } });
      this.served++;
      return reply(200, { result: [] });
    });
    return this;
  }
}

describe('a refresh token that the partner rotates', () => {
  let folder: string;
  let partner: RotatingPartner;
  const running: Live[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-refresh-'));
    partner = await new RotatingPartner().start();
    writeFileSync(join(folder, 'mounted-secret'), 'refresh-token-entered\n');
  });
  after(async () => {
    for (const live of running) await live.kill();
    await partner?.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async () => {
    const { url } = partner.server;
    const endpoint = { id: 'id-sn', type: 'switchboard-servicenow-endpoint', name: 'Acme', store: 'id-store', baseUrl: url };
    const flow = [
      { id: 'id-tab', type: 'tab', label: 'flow' },
      { id: 'id-store', type: 'switchboard-store', name: 'store', path: 'store' },
      {
        ...endpoint,
        auth: 'oauthRefreshToken',
        tokenUrl: `${url}/token`,
        entityTypes: [{ name: 'incident', table: 'incident', fields: '' }],
        credentials: { clientId: `\${ACME_CLIENT}`, clientSecret: '', refreshToken: `\${ACME_REFRESH}` },
      },
      {
        id: 'id-in',
        type: 'switchboard-servicenow-in',
        z: 'id-tab',
        x: 100,
        y: 100,
        wires: [[]],
        endpoint: 'id-sn',
        entityType: 'incident',
        poll: true,
        pollInterval: '0.2',
      },
    ] as FlowNode[];
    const env = { ACME_CLIENT: 'switchboard', ACME_REFRESH_FILE: join(folder, 'mounted-secret') };
    const live = await startNodeRed({
      folder: join(folder, 'run'),
      flow,
      env,
    });
    running.push(live);
    return live;
  };

  it('goes on with the newest one after a kill, and shows none of them anywhere', async () => {
    for (const round of [1, 2]) {
      const live = await start();
      await until('the API to be asked with the new token', () => partner.accessTokens.length === round && partner.served > 0);
      assert.equal(await live.kill(), 'SIGKILL');
    }
    assert.equal(partner.refused, 0);
    assert.equal(partner.refreshTokens.length, 3);
    const output = running.map((live) => live.output()).join('');
    const files = (readdirSync(join(folder, 'run'), { recursive: true }) as string[])
      .map((name) => join(folder, 'run', name))
      .filter((path) => statSync(path).isFile());
    assert.ok(files.some((path) => path.endsWith('.log')));
    for (const token of [...partner.refreshTokens, ...partner.accessTokens]) {
      assert.ok(!output.includes(token), output);
      for (const path of files) assert.ok(!readFileSync(path).includes(token), `${token} in ${path}`);
    }
  });

  it('that is no longer valid is reported without it, with what to do', async () => {
    partner.refreshTokens.push('refresh-token-issued-elsewhere');
    const live = await start();
    await until('the error', () => /no longer valid\. Have the partner issue a new one/.test(live.output()));
    assert.match(live.output(), /••• is not valid/);
    assert.doesNotMatch(live.output(), /refresh-token-/);
  });
});
