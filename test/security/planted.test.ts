import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { Certificates } from '../http/certificates.js';
import { ProxyServer } from '../http/proxy-server.js';
import { rawRequest } from '../http/raw-request.js';
import { listRoutes } from '../live/admin-routes.js';
import { type FlowNode, until } from '../live/node-red.js';
import { LiveRig } from '../live/rig.js';
import { Gateway } from './gateway.js';
import { filesBelow, type Leak, leaksIn, type Mark, plant } from './marks.js';
import { Environment, providerNodes, SIGN_IN, secretFields, WEBHOOKS, webhookNodes } from './planted-flow.js';
import { everyAnswer } from './planted-reads.js';

const TITLE = 'No dial tone in Ghent';
const PROXIED = 'none';
const OVER_TLS = 'basic';
const UNCHANGED = '__PWRD__';
const JSON_TYPE = { 'Content-Type': 'application/json' };

describe('secrets, after a scenario with each way to sign in', () => {
  const gateways = new Map<string, Gateway>();
  const env = new Environment();
  const webhooks = webhookNodes(env);
  const proxyPassword = plant('proxy, password');
  const passphrase = plant('TLS key, passphrase');
  const typed = plant('typed into a dialog, token', { plain: true });
  let privateKey: Mark | undefined;
  let certificates: Certificates | undefined;
  let proxy: ProxyServer;
  let rig: LiveRig;
  /** By where it was found. */
  const leaks: (Leak & { where: string })[] = [];

  before(async () => {
    certificates = Certificates.make();
    proxy = await ProxyServer.start();
    proxy.credentials = `Basic ${Buffer.from(`planted:${proxyPassword.value}`).toString('base64')}`;
    for (const method of SIGN_IN) {
      const tls = method.id === OVER_TLS ? certificates?.mutualTls() : undefined;
      gateways.set(method.id, await Gateway.start(method.id, secretFields(method), tls));
    }
    const nodes = [...webhooks.nodes, proxyNode(), ...tlsNodes()];
    for (const gateway of gateways.values()) nodes.push(...providerNodes(gateway, env, transport(gateway.method)));
    const toAll = { wires: [0, 1].map(() => ['sb1-map-tmf', ...SIGN_IN.map(({ id }) => `map-${id}`)]) };
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-corr-sn': toAll, 'sb1-sn': { recordTraffic: true }, 'sb1-tmf': { recordTraffic: true } },
      nodes,
      { prepare: listRoutes, env: env.values },
    );
    await scenario();
    await misfortune();
    await dialogs();
    await look();
  });
  after(async () => {
    await rig?.stop();
    for (const gateway of gateways.values()) await gateway.close();
    await proxy?.close();
    certificates?.remove();
  });

  function proxyNode(): FlowNode {
    const credentials = { username: env.refer('planted'), password: env.refer(proxyPassword.value) };
    return { id: 'the-proxy', type: 'http proxy', name: 'corp', url: `http://${proxy.host}`, noproxy: [], credentials };
  }

  /** Its key is encrypted, and kept in Node-RED. */
  function tlsNodes(): FlowNode[] {
    if (!certificates) return [];
    const cipher = ['pkcs8', '-topk8', '-in', certificates.path('client.key'), '-v2', 'aes-256-cbc', '-passout', 'stdin'];
    const { stdout, stderr } = spawnSync('openssl', cipher, { input: `${passphrase.value}\n`, encoding: 'utf8' });
    assert.match(stdout, /ENCRYPTED PRIVATE KEY/, stderr);
    privateKey = { name: 'TLS, private key', value: stdout, core: stdout.split('\n')[5] ?? '' };
    const kept = {
      certdata: certificates.pem('client.crt'),
      keydata: stdout,
      cadata: certificates.pem('ca.crt'),
      passphrase: passphrase.value,
    };
    const credentials = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, env.refer(value)]));
    return [
      {
        id: 'the-tls',
        type: 'tls-config',
        name: 'mutual',
        cert: '',
        key: '',
        ca: '',
        certname: 'c',
        keyname: 'k',
        caname: 'a',
        verifyservercert: true,
        credentials,
      },
    ];
  }

  function transport(method: string): Record<string, unknown> {
    return {
      ...(method === PROXIED && { proxyUse: 'node', proxy: 'the-proxy' }),
      ...(method === OVER_TLS && certificates && { tls: 'the-tls' }),
    };
  }

  const marks = (): Mark[] => [
    ...[...gateways.values()].flatMap((gateway) => gateway.marks),
    ...Object.values(webhooks.marks).flatMap((own) => Object.values(own)),
    ...(certificates ? [passphrase] : []),
    ...(privateKey ? [privateKey] : []),
    proxyPassword,
    typed,
    ...rig.sandbox
      .tmf('v4')
      .hubs()
      .map(({ callback }): Mark => ({ name: 'hub, path secret', value: callback, core: callback.split('/').at(-1)! })),
    ...Object.entries(rig.sandbox.environment)
      .filter(([name]) => /PASSWORD|SECRET/.test(name))
      .map(([name, value]): Mark => ({ name, value, core: value })),
  ];

  const allTickets = () => [...gateways.values()].map(({ desk }) => desk.tickets().find(({ name }) => name === TITLE));
  const hint = (id: string) => JSON.stringify({ table: 'incident', sys_id: id, operation: 'update' });

  /** A ticket at all providers, with comments and files both ways. */
  async function scenario(): Promise<void> {
    const { servicenow } = rig.sandbox;
    const { sys_id: id } = rig.open(TITLE);
    await until('the tickets of all providers', () => allTickets().every(Boolean)).catch((error: Error) => {
      throw new Error(`${error.message}\n${rig.live.output().slice(-5_000)}`);
    });
    servicenow.comment('incident', id, 'Any news?');
    servicenow.attach('incident', id, 'line.txt', 'text/plain', Buffer.from('a capture'));
    await until('comment and file', () =>
      [...gateways.values()].every(({ desk }) =>
        /Any news\?.*line\.txt|line\.txt.*Any news\?/s.test(JSON.stringify(desk.tickets())),
      ),
    );
    for (const { desk, method } of gateways.values()) desk.addNote(String(desk.tickets()[0]?.id), `Technician of ${method}`);
    await until('the notes', () =>
      SIGN_IN.every(({ id: method }) => servicenow.journal(id).some(({ value }) => value?.includes(`Technician of ${method}`))),
    );
    for (const [kind, own] of Object.entries(webhooks.marks)) {
      const body = hint(id);
      const secret = own.secret?.value ?? '';
      const authorization = `Basic ${Buffer.from(`planted:${own.webhookPassword?.value}`).toString('base64')}`;
      const mac = (text: string) => createHmac('sha256', secret).update(text).digest('hex');
      const time = Math.floor(Date.now() / 1000);
      const timed = `t=${time},v1=${mac(`${time}.${body}`)}`;
      const all = { 'x-planted': secret, 'x-signature': mac(body), 'x-timed': timed, authorization };
      const url = `${rig.live.url}/switchboard/planted-${kind}`;
      assert.equal((await rawRequest(url, 'POST', { ...JSON_TYPE, ...all }, body)).status, 202, kind);
      // The right secret at the wrong place: in the address, in the body, in another header.
      await rawRequest(
        `${url}/${encodeURIComponent(secret)}?secret=${encodeURIComponent(secret)}`,
        'POST',
        { ...JSON_TYPE, 'x-other': secret },
        JSON.stringify({ secret }),
      );
    }
  }

  /** Everybody repeats what they were sent; tokens are no longer valid. */
  async function misfortune(): Promise<void> {
    for (const gateway of gateways.values()) {
      gateway.revoke();
      gateway.echoes = 6;
    }
    const id = rig.sandbox.servicenow.rows('incident')[0]!.sys_id;
    rig.sandbox.servicenow.comment('incident', id, 'Still nothing');
    await until('the errors', () => [...gateways.values()].every(({ echoes }) => echoes === 0));
  }

  /** The test of a connection, with what was saved and with what was typed; everybody repeats it once more. */
  async function dialogs(): Promise<void> {
    for (const { method, url, secrets } of gateways.values()) {
      const type = 'switchboard-tmf-endpoint';
      const config = {
        name: 'Planted',
        baseUrl: url,
        auth: method,
        version: 'v4',
        tokenUrl: `${url}/token`,
        apiKeyHeader: 'x-planted-key',
        ...transport(method),
      };
      const saved = Object.fromEntries(Object.keys(secrets).map((name) => [name, UNCHANGED]));
      const dialog = async (settings: object, credentials: object) => {
        const body = JSON.stringify({
          type,
          config: settings,
          credentials: { user: 'planted', clientId: 'planted', ...credentials },
        });
        const answer = await rawRequest(`${rig.live.url}/switchboard/endpoints/ep-${method}/test`, 'POST', JSON_TYPE, body);
        found('answer of the test of a connection', answer.body);
      };
      await dialog(config, saved);
      gateways.get(method)!.echoes = 2;
      await dialog(config, saved);
      gateways.get(method)!.echoes = 2;
      await dialog({ ...config, auth: 'bearer' }, { token: typed.value });
      gateways.get(method)!.echoes = 0;
    }
  }

  function found(where: string, text: string): void {
    leaks.push(...leaksIn(text, marks()).map((leak) => ({ ...leak, where })));
  }

  async function look(): Promise<void> {
    const types = Object.fromEntries([
      ...webhooks.nodes.map(({ id, type }) => [id, type]),
      ...SIGN_IN.map(({ id }) => [`ep-${id}`, 'switchboard-tmf-endpoint']),
    ] as const);
    for (const [path, text] of await everyAnswer(rig.live.url, types))
      found(`answer of ${path.replace(/\/[\w-]{16,}/g, '/…')}`, text);
    await rig.live.stop();
    for (const [path, content] of filesBelow(join(rig.folder, 'user'))) found(`file ${path.slice(rig.folder.length)}`, content);
    found('log', rig.live.output());
  }

  const noneOf = (group: string) => {
    const own = leaks.filter(({ mark }) => mark.startsWith(group));
    const places = [...new Map(own.map((leak) => [`${leak.mark} in ${leak.where.replace(/\?.*/, '')}`, leak])).entries()];
    assert.deepEqual(
      places.slice(0, 10).map(([place, { shown }]) => `${place}: ${JSON.stringify(shown)}`),
      [],
    );
  };

  for (const method of SIGN_IN) {
    it(`of ${method.id} are used, and are nowhere in files, log, answers and exports`, () => {
      const { entered, echoed } = gateways.get(method.id)!;
      assert.ok(entered > 0 && echoed > 0, `${entered} requests with the right secrets, ${echoed} repeated`);
      noneOf(`${method.id},`);
    });
  }
  for (const kind of Object.keys(WEBHOOKS)) it(`of webhooks by ${kind} are nowhere`, () => noneOf(`webhook ${kind}`));
  it('in the path of a hub’s callback are nowhere', () => noneOf('hub'));
  it('of a proxy are used, and are nowhere', () => {
    assert.ok(proxy.seen.some(({ authorization }) => authorization === proxy.credentials));
    noneOf('proxy');
  });
  it('of a TLS key are nowhere', () => noneOf('TLS'));
  it('that were typed into a dialog are nowhere', () => noneOf('typed'));
  it('of the example are nowhere', () => noneOf('SANDBOX'));
});
