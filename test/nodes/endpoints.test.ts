import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { findNodeRed } from '../../src/cli/node-red.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { Certificates } from '../http/certificates.js';
import { ProxyServer } from '../http/proxy-server.js';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { nodeSets, testHelper } from './node-helper.js';

const helper = testHelper();
const CORE_FOLDERS = ['node_modules', '..'].map((path) => join(findNodeRed().folder, path, '@node-red/nodes/core/network'));

/** Environment variables, which the settings use as `${NAME}`. */
const ENVIRONMENT: Record<string, string> = {
  SWB_T_USER: 'ann',
  SWB_T_PASSWORD: 'p4ss-word',
  SWB_T_TOKEN: 't0ken-fixed',
  SWB_T_KEY: 'k3y-fixed',
  SWB_T_HEADER: 'x-acme-key',
  SWB_T_CLIENT: 'the-client',
  SWB_T_SECRET: 's3cret-of-client',
  SWB_T_REFRESH: 'r3fresh-token',
  SWB_T_TIMEOUT: '7',
  SWB_T_TRIES: '3',
};
const env = (name: string) => `\${SWB_T_${name}}`;

/** A partner that records the credentials it receives, and issues tokens. */
class AuthRecorder {
  readonly seen: Record<string, string>[] = [];
  readonly forms: Record<string, string>[] = [];

  readonly answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await bodyOf(req);
    res.setHeader('Content-Type', 'application/json');
    if (req.url === '/token') {
      this.forms.push(Object.fromEntries(new URLSearchParams(body)));
      res.end(JSON.stringify({ access_token: 'a-token-of-the-day', expires_in: 1800 }));
      return;
    }
    this.seen.push({
      url: req.url ?? '',
      ...Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)])),
      peer: (req.socket as Partial<TLSSocket>).getPeerCertificate?.()?.subject?.CN as string,
    });
    res.end(JSON.stringify({ result: [] }));
  };
}

describe('an endpoint node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-endpoints-'));
  let recorder: AuthRecorder;
  let server: TestServer;
  before(async () => {
    Object.assign(process.env, ENVIRONMENT);
    recorder = new AuthRecorder();
    server = await serve(recorder.answer);
    process.env.SWB_T_URL = server.url;
    process.env.SWB_T_HOST = new URL(server.url).host;
    await new Promise<void>((done) => helper.startServer(done));
  });
  after(async () => {
    for (const name of [...Object.keys(ENVIRONMENT), 'SWB_T_URL', 'SWB_T_HOST']) delete process.env[name];
    await server.close();
    await new Promise<void>((done) => helper.stopServer(() => done()));
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    recorder.seen.length = 0;
    recorder.forms.length = 0;
  });
  afterEach(() => helper.unload());

  interface Endpoint {
    client: EndpointClient & { http: { options: { timeout: number; allowedHosts: object[] } } };
    broker: Promise<unknown>;
  }
  /** Loads a node with these settings; throws if they are invalid. */
  const load = async (
    settings: object,
    credentials: object = {},
    more: object[] = [],
    moreCredentials: object = {},
  ): Promise<Endpoint> => {
    await helper.unload();
    const store = { id: 'id-store', type: 'switchboard-store', name: 'store', path: join(folder, `s${Math.random()}`) };
    const node = {
      id: 'id-sn',
      type: 'switchboard-servicenow-endpoint',
      name: 'Acme',
      store: 'id-store',
      baseUrl: env('URL'),
      entityTypes: [{ name: 'incident', table: 'incident', fields: '' }],
      ...settings,
    };
    const sets = [
      ...nodeSets('switchboard-store', 'servicenow-endpoint'),
      ...(more.length ? [coreNode('05-tls.js'), coreNode('06-httpproxy.js')] : []),
    ];
    await new Promise<void>((done) =>
      helper.load(sets, [store, ...more, node], { 'id-sn': credentials, ...moreCredentials }, done),
    );
    const endpoint = helper.getNode('id-sn') as unknown as Endpoint;
    await endpoint.broker;
    return endpoint;
  };
  const ask = async (endpoint: Endpoint) => {
    await endpoint.client.find?.('incident', 'SWB-X');
    return recorder.seen.at(-1)!;
  };

  const basic = `Basic ${Buffer.from('ann:p4ss-word').toString('base64')}`;
  const CASES: [string, object, Record<string, string>, Record<string, string>][] = [
    ['basic', {}, { user: env('USER'), password: env('PASSWORD') }, { authorization: basic }],
    ['bearer', {}, { token: env('TOKEN') }, { authorization: 'Bearer t0ken-fixed' }],
    ['apiKey', { apiKeyHeader: env('HEADER') }, { apiKey: env('KEY') }, { 'x-acme-key': 'k3y-fixed' }],
  ];
  for (const [auth, settings, credentials, headers] of CASES) {
    it(`authenticates with ${auth}, with all settings from environment variables`, async () => {
      const seen = await ask(await load({ auth, ...settings }, credentials));
      for (const [name, value] of Object.entries(headers)) assert.equal(seen[name], value);
    });
  }

  const client = { clientId: env('CLIENT'), clientSecret: env('SECRET') };
  const GRANTS: [string, Record<string, string>, Record<string, string>][] = [
    ['oauthClientCredentials', {}, { grant_type: 'client_credentials' }],
    [
      'oauthPassword',
      { user: env('USER'), password: env('PASSWORD') },
      { grant_type: 'password', username: 'ann', password: 'p4ss-word' },
    ],
    ['oauthRefreshToken', { refreshToken: env('REFRESH') }, { grant_type: 'refresh_token', refresh_token: 'r3fresh-token' }],
  ];
  for (const [auth, credentials, form] of GRANTS) {
    it(`authenticates with ${auth}, with a path as token URL and all other settings from environment variables`, async () => {
      const seen = await ask(await load({ auth, tokenUrl: '/token', scope: 'tickets' }, { ...client, ...credentials }));
      assert.equal(seen.authorization, 'Bearer a-token-of-the-day');
      const whole = { ...form, scope: 'tickets', client_id: 'the-client', client_secret: 's3cret-of-client' };
      assert.deepEqual(recorder.forms, [whole]);
    });
  }

  describe('with settings and secrets in files that the environment names', () => {
    const file = (name: string, content: string) => {
      process.env[`SWB_T_${name}_FILE`] = join(folder, name);
      writeFileSync(join(folder, name), content);
    };
    afterEach(() => {
      for (const name of Object.keys(process.env)) if (/^SWB_T_.*_FILE$/.test(name)) delete process.env[name];
    });

    it('uses their contents', async () => {
      file('MOUNTED_PASSWORD', 'p4ss-word\n');
      file('MOUNTED_URL', `${server.url}\n`);
      const mounted = { user: env('USER'), password: env('MOUNTED_PASSWORD') };
      const seen = await ask(await load({ auth: 'basic', baseUrl: env('MOUNTED_URL') }, mounted));
      assert.equal(seen.authorization, basic);
    });

    it('reports a file without a value, and never its content', async () => {
      const bearer = () => load({ auth: 'bearer' }, { token: env('MOUNTED') });
      process.env.SWB_T_MOUNTED_FILE = join(folder, 'not-mounted');
      await assert.rejects(bearer(), /Acme: The file .*not-mounted, which .* SWB_T_MOUNTED_FILE names, does not exist\. Mount/);
      file('MOUNTED', '\n');
      await assert.rejects(bearer(), /Acme: The file .*MOUNTED, which .* SWB_T_MOUNTED_FILE names, is empty/);
    });

    it('does not read files that a flow names', async () => {
      const path = join(folder, 'of-a-flow');
      writeFileSync(path, 'secret of the machine');
      const tab = { id: 'id-tab', type: 'tab', env: [{ name: 'SWB_T_FLOW_FILE', value: path, type: 'str' }] };
      await assert.rejects(load({ auth: 'bearer', z: 'id-tab' }, { token: env('FLOW') }, [tab]), /SWB_T_FLOW is not set/);
    });
  });

  it('warns once at a deploy of what is not protected on its way', async () => {
    const risky = { tls: 'id-tls', proxyUse: 'node', proxy: 'id-proxy', auth: 'oauthClientCredentials' };
    const more = [
      { id: 'id-tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: false },
      { id: 'id-proxy', type: 'http proxy', url: 'http://proxy.example:3128' },
    ];
    const addresses = { baseUrl: 'http://acme.example', tokenUrl: 'http://login.example/token' };
    await load({ ...risky, ...addresses }, client, more, { 'id-proxy': { username: 'us', password: 'pa55word' } });
    const warnings = () => helper.log().args.map(([entry]) => String(entry?.msg));
    const [warning = '', ...others] = warnings().filter((text) => text.startsWith('Acme: '));
    assert.match(warning, /Use https: .* \(base URL, token URL, proxy, which gets a password\)\. The TLS .* does not verify/);
    assert.deepEqual(others, []);
    await load({ auth: 'none' });
    assert.deepEqual(
      warnings().filter((text) => text.startsWith('Acme: ')),
      [],
    );
  });

  it('accepts numbers from environment variables', async () => {
    const { client } = await load({ auth: 'none', timeout: env('TIMEOUT'), maxTries: env('TRIES') });
    assert.equal(client.http.options.timeout, 7_000);
  });

  it('allows other hosts, from an environment variable as well, and names one that is none', async () => {
    const { client } = await load({ auth: 'none', allowedHosts: `files.partner.example, ${env('HOST')}` });
    const [host, port] = process.env.SWB_T_HOST!.split(':');
    assert.deepEqual(client.http.options.allowedHosts, [{ host: 'files.partner.example' }, { host, port }]);
    await assert.rejects(
      load({ auth: 'none', allowedHosts: 'files.partner.example https://x.example/y' }),
      /Acme: "https:\/\/x\.example\/y" is not a host\. Enter host names or IP addresses separated by commas or spaces/,
    );
  });

  for (const [rule, types, message] of [
    ['only', '', /Acme: No type of file is listed\. Enter extensions and media types/],
    ['except', ' , ', /Acme: No type of file is listed/],
    ['only', 'pdf, *', /Acme: "\*" is not a type of file\. Enter extensions and media types/],
    ['except', 'tar.gz', /Acme: "tar\.gz" is not a type of file/],
  ] as const)
    it(`rejects "${rule} ${types}" for attachments`, () =>
      assert.rejects(load({ auth: 'none', attachments: rule, attachmentTypes: types }), message));

  it('accepts any list while all types of attachments pass', async () => {
    const { client } = await load({ auth: 'none', attachments: 'all', attachmentTypes: '*' });
    assert.ok(client);
  });

  for (const tokenUrl of ['ftp://login.example/token', 'javascript:1', 'http://['])
    it(`rejects the token URL ${tokenUrl}`, () =>
      assert.rejects(
        load({ auth: 'oauthClientCredentials', tokenUrl }, { clientId: 'c', clientSecret: 's' }),
        /Acme: .*is not the URL of a token endpoint/,
      ));

  it('rejects a header for the API key whose name no header can have', () =>
    assert.rejects(
      load({ auth: 'apiKey', apiKeyHeader: 'bad header!' }, { apiKey: 'k' }),
      /Acme: No header can have the name "bad header!"\. Set "apiKeyHeader" to letters without accents, digits/,
    ));

  it('reports which environment variable is not set', async () => {
    await assert.rejects(load({ auth: 'none', baseUrl: env('NOT_SET') }), /Acme: .*SWB_T_NOT_SET.* is not set/);
    await assert.rejects(load({ auth: 'none', baseUrl: `http://${env('NOT_SET')}/x` }), /Acme: .*SWB_T_NOT_SET.* is not set/);
    await assert.rejects(load({ auth: 'bearer' }, { token: env('NOT_SET') }), /Acme: .*SWB_T_NOT_SET.* is not set/);
    await assert.rejects(load({ auth: 'none', timeout: env('NOT_SET') }), /Acme: .*SWB_T_NOT_SET.*is not set/);
  });

  it('accepts an environment variable as part of a URL', async () => {
    const seen = await ask(await load({ auth: 'none', baseUrl: `http://${env('HOST')}/acme` }));
    assert.match(seen.url ?? '', /^\/acme\/api\/now/);
  });

  describe('with a TLS configuration', () => {
    let certificates: Certificates | undefined;
    let mutualTls: TestServer;
    before(async function () {
      certificates = Certificates.make();
      if (!certificates) return this.skip();
      mutualTls = await serve(recorder.answer, certificates.mutualTls());
    });
    after(async () => {
      await mutualTls?.close();
      certificates?.remove();
    });

    it('sends its client certificate and trusts its CA', async () => {
      const [cert, key, ca] = ['client.crt', 'client.key', 'ca.crt'].map((name) => certificates!.path(name));
      const tls = { id: 'id-tls', type: 'tls-config', name: 'mine', cert, key, ca, verifyservercert: true };
      const seen = await ask(await load({ auth: 'none', baseUrl: mutualTls.url, tls: 'id-tls' }, {}, [tls]));
      assert.equal(seen.peer, 'client');
    });

    it('that no longer exists, reports that instead of connecting without a certificate', async () => {
      const loading = load({ auth: 'none', baseUrl: mutualTls.url, tls: 'id-gone' });
      await assert.rejects(loading, /Acme: The TLS configuration does not exist or is disabled/);
    });
  });

  describe('behind a proxy', () => {
    const INSIDE = 'http://acme.only-inside.example';
    let proxy: ProxyServer;
    let outside: string;
    const environment = { ...process.env };
    before(async () => {
      proxy = await ProxyServer.start();
      outside = `${INSIDE}:${new URL(server.url).port}`;
    });
    beforeEach(() => {
      proxy.seen.length = 0;
      proxy.credentials = undefined;
      for (const name of ['http_proxy', 'no_proxy', 'NO_PROXY']) delete process.env[name];
      process.env.HTTP_PROXY = `http://${proxy.host}`;
    });
    afterEach(() => {
      for (const name of ['http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'])
        if (environment[name] === undefined) delete process.env[name];
        else process.env[name] = environment[name];
    });
    after(() => proxy.close());
    const configured = (more: object = {}) => ({ id: 'id-proxy', type: 'http proxy', url: `http://${proxy.host}`, ...more });

    it('of the environment, sends its requests through it', async () => {
      await ask(await load({ auth: 'none', baseUrl: outside }));
      assert.ok(proxy.seen[0]?.target.startsWith(`${outside}/api/now`));
    });

    it('of the environment, saved without the setting, addresses this machine directly', async () => {
      await ask(await load({ auth: 'none' }));
      assert.deepEqual(proxy.seen, []);
    });

    it('of the environment, sends its requests directly if it is set so', async () => {
      const { client } = await load({ auth: 'none', baseUrl: outside, proxyUse: 'none' });
      await assert.rejects(client.find!('incident', 'SWB-X'), /got no response: the host name/);
      assert.deepEqual(proxy.seen, []);
    });

    it('of Node-RED’s proxy configuration, sends its requests through it with its credentials', async () => {
      delete process.env.HTTP_PROXY;
      proxy.credentials = `Basic ${Buffer.from('ann:p4ss@word').toString('base64')}`;
      const settings = { auth: 'none', baseUrl: outside, proxyUse: 'node', proxy: 'id-proxy' };
      const credentials = { 'id-proxy': { username: 'ann', password: 'p4ss@word' } };
      await ask(await load(settings, {}, [configured()], credentials));
      assert.ok(proxy.seen[0]?.target.startsWith(outside));
    });

    it('of Node-RED’s proxy configuration, addresses its exceptions directly', async () => {
      const noproxy = [new URL(server.url).host];
      await ask(await load({ auth: 'none', proxyUse: 'node', proxy: 'id-proxy' }, {}, [configured({ noproxy })]));
      assert.deepEqual(proxy.seen, []);
    });

    it('that no longer exists, reports that instead of connecting directly', async () => {
      const loading = load({ auth: 'none', baseUrl: outside, proxyUse: 'node', proxy: 'id-gone' });
      await assert.rejects(loading, /Acme: The proxy configuration does not exist, is disabled, or has no URL/);
    });

    it('that is no HTTP proxy, reports that without its credentials', async () => {
      process.env.HTTP_PROXY = 'socks5://ann:s3cret-of-proxy@127.0.0.1:1080';
      await assert.rejects(load({ auth: 'none', baseUrl: outside }), ({ message }: Error) => {
        assert.match(message, /Acme: "socks5:\/\/127.0.0.1:1080" is not the URL of an HTTP proxy/);
        return !message.includes('s3cret-of-proxy');
      });
    });
  });
});

/** A config node of Node-RED itself. */
function coreNode(file: string): unknown {
  for (const folder of CORE_FOLDERS) {
    try {
      return require(join(folder, file));
    } catch (error) {
      if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`Node-RED has no ${file}.`);
}
