import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { rawRequest } from '../http/raw-request.js';
import { addressOf, listRoutes } from '../live/admin-routes.js';
import type { FlowNode } from '../live/node-red.js';
import { LiveRig } from '../live/rig.js';
import { withParts } from '../package/page-parts.js';
import { access, adminAuth, type Identity, NOBODY, signedIn } from './identities.js';

const PAGE = 'docs/security.md';
const WAY = { version: 'v4', customer: 'webhook', provider: 'hub' } as const;
const HINT = JSON.stringify({ table: 'incident', sys_id: '0c5f3cece1b12010f877971dea0b1449', operation: 'insert' });
const EVENT = JSON.stringify({ eventType: 'TroubleTicketStatusChangeEvent', event: { troubleTicket: { id: 'TT-9' } } });

const SECRET = 'the-right-secret';
/** How a flow file refers to the environment. */
const reference = (name: string) => `\${${name}}`;

/** In nodes with the other ways to authenticate a webhook. */
const webhooks: FlowNode[] = ['basic', 'hmac', 'timed'].map((webhookAuth) => ({
  id: `in-${webhookAuth}`,
  type: 'switchboard-servicenow-in',
  z: 'sb1-flow',
  name: webhookAuth,
  endpoint: 'sb1-sn',
  entityType: 'incident',
  webhook: true,
  path: `switchboard/${webhookAuth}`,
  webhookAuth,
  webhookHeader: webhookAuth === 'basic' ? '' : 'x-signature',
  credentials: {
    secret: reference('ACCESS_SECRET'),
    webhookUser: reference('ACCESS_USER'),
    webhookPassword: reference('ACCESS_SECRET'),
  },
  wires: [['sb1-norm-sn']],
}));

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (heading: string[], rows: string[][]) => [row(heading), row(heading.map(() => '---')), ...rows.map(row)].join('\n');

describe('who may use which route', () => {
  let open: LiveRig;
  let guarded: LiveRig;
  before(async () => {
    const prepare = listRoutes;
    open = await LiveRig.start(WAY, {}, webhooks, { prepare, env: { ACCESS_USER: 'acme', ACCESS_SECRET: SECRET } });
    guarded = await LiveRig.start(WAY, {}, [], { prepare, settings: { adminAuth } });
  });
  after(async () => {
    await open?.stop();
    await guarded?.stop();
  });

  const routes = async () => ((await (await fetch(`${guarded.live.url}/routes`)).json()) as string[]).sort(byPath);

  /** Every route of ours that the running Node-RED has, by every identity. */
  async function adminTable(): Promise<string> {
    const asked: [string, Identity][] = [
      ...NOBODY.map((one): [string, Identity] => [open.live.url, one]),
      ...(await signedIn(guarded.live.url)).map((one): [string, Identity] => [guarded.live.url, one]),
    ];
    const rows: string[][] = [];
    for (const route of await routes()) {
      const { method, path } = addressOf(route);
      const cells = asked.map(([url, identity]) => access(url, identity, method, path));
      rows.push([`\`${route}\``, ...(await Promise.all(cells))]);
    }
    return table(['route below `switchboard/`', ...asked.map(([, { name }]) => name)], rows);
  }

  async function inboundTable(): Promise<string> {
    const { url } = open.live;
    const callback = String(open.sandbox.tmf('v4').hubs()[0]?.callback);
    const post = async (address: string, headers: Record<string, string>, body = HINT) =>
      String((await rawRequest(address, 'POST', { 'Content-Type': 'application/json', ...headers }, body)).status);
    const webhook = async (name: string, path: string, given: (right: boolean) => Record<string, string>) => [
      name,
      await post(`${url}/switchboard/${path}`, {}),
      await post(`${url}/switchboard/${path}`, given(false)),
      await post(`${url}/switchboard/${path}`, given(true)),
    ];
    const secret = open.sandbox.environment.SANDBOX_WEBHOOK_SECRET!;
    const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    const mac = (key: string, text = HINT) => createHmac('sha256', key).update(text).digest('hex');
    const time = Math.floor(Date.now() / 1000);
    const health = await Promise.all(
      ['', '/live', '/ready'].map(async (path) => [
        `\`GET /health${path}\``,
        String((await fetch(`${url}/health${path}`)).status),
        '',
        '',
      ]),
    );
    const rows = [
      await webhook('webhook, secret in a header', 'customer', (right) => ({ 'x-switchboard-secret': right ? secret : 'guess' })),
      await webhook('webhook, basic', 'basic', (right) => basic(`acme:${right ? SECRET : 'guess'}`)),
      await webhook('webhook, HMAC', 'hmac', (right) => ({ 'x-signature': mac(right ? SECRET : 'guess') })),
      await webhook('webhook, HMAC with time', 'timed', (right) => ({
        'x-signature': `t=${time},v1=${mac(right ? SECRET : 'guess', `${time}.${HINT}`)}`,
      })),
      [
        'callback of a hub, secret in the path',
        await post(callback.replace(/\/[^/]+$/, ''), {}, EVENT),
        await post(callback.replace(/[^/]+$/, 'guess'), {}, EVENT),
        await post(callback, {}, EVENT),
      ],
      ...health,
    ];
    return table(['what', 'no secret', 'a wrong one', 'the right one'], rows);
  }

  it(`is what ${PAGE} says (UPDATE_DOCS=1 writes it)`, async () => {
    const made = withParts(PAGE, { access: await adminTable(), 'inbound access': await inboundTable() });
    if (process.env.UPDATE_DOCS) writeFileSync(PAGE, made);
    assert.equal(readFileSync(PAGE, 'utf8'), made);
  });
});

/** By path, and by method where a path has several. */
function byPath(a: string, b: string): number {
  const key = (route: string) => route.split(' ').reverse().join(' ');
  return key(a) < key(b) ? -1 : 1;
}
