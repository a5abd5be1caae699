import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';
import { seedStore } from '../nodes/sidebar/seed.js';
import { listRoutes } from './admin-routes.js';
import { until } from './node-red.js';

const SECRET = 'the-secret-of-the-webhook';
const NOWHERE = { auth: 'none', store: 'store1', baseUrl: 'http://127.0.0.1:9' };
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  { id: 'tmf1', type: 'switchboard-tmf-endpoint', ...tmfEndpointDefaults, ...NOWHERE, name: 'North' },
  { id: 'sn1', type: 'switchboard-servicenow-endpoint', ...serviceNowEndpointDefaults, ...NOWHERE, name: 'Acme' },
  {
    ...{
      id: 'in1',
      type: 'switchboard-servicenow-in',
      z: 'tab',
      endpoint: 'sn1',
      webhook: true,
      path: 'hooks/acme',
      wires: [[]],
    },
    credentials: { secret: SECRET },
  },
];

/** Values of any field, as they stand in JSON: of wrong types, huge, deep, or with names that mean something to JavaScript. */
const VALUES = [
  'null',
  'true',
  '-1',
  '1e999',
  '123456789012345678901234567890',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"constructor"',
  `"${'x'.repeat(10_000)}"`,
  '[]',
  '[null]',
  '{}',
  '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}',
  '{"toString":1,"hasOwnProperty":null,"length":-1}',
  `${'{"a":'.repeat(50)}1${'}'.repeat(50)}`,
];
/** Those that each value of an understood body is replaced by. */
const REPLACEMENTS = VALUES.filter((_, at) => [0, 2, 6, 8, 11, 12, 14].includes(at));
/** Bodies that are no JSON object, or too much of one. */
const BODIES: (string | Buffer)[] = [
  ...VALUES,
  '',
  '{',
  '\u0000',
  Buffer.from('{"\xff\xfe":1}', 'latin1'),
  '['.repeat(100_000),
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
];
/** Parts of a path where an id belongs. */
const IDS = [
  '%',
  '%zz',
  '%00',
  '%ff%fe',
  '%ed%a0%80',
  '__proto__',
  'constructor',
  '..%2f..',
  'x'.repeat(3_000),
  '%20',
  "'",
  '{}',
];
const QUERY_FIELDS = [
  ...['before', 'direction', 'endpoint', 'entityType', 'known', 'limit', 'mask', 'reason', 'search', 'since', 'state', 'system'],
  ...['until', 'version'],
];
const QUERY_VALUES = ['%', '%00', '%ff', '%ed%a0%80', '', '-1', '1e999', '__proto__', 'x'.repeat(500)];
const SUBJECT = 'system=tmf621&entityType=troubleTicket&version=v4&direction=in';

const MAPPING = {
  name: 'Own',
  system: 'tmf621',
  version: 'v4',
  entityType: 'troubleTicket',
  rules: [
    { field: 'name', generic: 'title', required: 'out', default: { in: 'x' } },
    { field: 'severity', generic: 'severity', values: [{ partner: 'Major', generic: 'major' }], condition: 'title' },
    { field: 'x', generic: 'custom.x', direction: 'out', expression: '$uppercase(title)' },
  ],
};
const DIALOG = {
  type: 'switchboard-servicenow-endpoint',
  config: { ...serviceNowEndpointDefaults, ...NOWHERE },
  credentials: { user: 'u', password: 'p' },
  ...{ entityType: 'incident', field: 'state' },
};
const EDIT = { kind: 'link', endpoint: 'sn1', entityType: 'incident', entity: 'INC001', other: 'c2' };
const REASON = { reason: 'x' };
/** A body that each route understands; every value in it is then replaced by each of the others. */
const UNDERSTOOD: Record<string, object> = {
  bulk: {
    action: 'skip',
    undoes: 'skip',
    ids: ['m1'],
    selection: { search: 'x', state: 'failed', since: '2026-01-01' },
    preview: true,
  },
  'messages/:id/replay': {},
  'messages/:id/edit': { payload: { short_description: 'x', nested: { a: [1] } } },
  'messages/:id/skip': REASON,
  'messages/:id/seen': {},
  'messages/:id/undo': {},
  'deliveries/:id/replay': {},
  'deliveries/:id/sendAgain': {},
  'deliveries/:id/edit': { payload: { name: 'x', note: [{ text: 'x' }] } },
  'deliveries/:id/skip': REASON,
  'deliveries/:id/seen': {},
  'deliveries/:id/undo': {},
  'endpoints/:id/suspend': REASON,
  'endpoints/:id/resume': {},
  'endpoints/:id/renewSecret': {},
  'audit/export': { from: '2026-01-01', until: '2026-02-01' },
  'conversations/:id/fixture': { people: true },
  'people/preview': { person: ['Jane Doe'], ticket: ['INC0000001'] },
  'people/erase': { person: ['Jane Doe'], ticket: ['INC0000001'], confirm: 1 },
  'unmapped/forget': { values: [{ store: 'store1', mapping: 'm', field: 'f', value: 'v', direction: 'in' }] },
  'conversations/:id/preview': EDIT,
  'conversations/:id/apply': { ...EDIT, kind: 'merge' },
  'conversations/:id/undo': { operation: 1 },
  'mappings/preview': { mapping: MAPPING, direction: 'out', sample: { fields: { title: 'x' } } },
  'mappings/values': { mapping: MAPPING, table: 'order', rule: 1 },
  'mappings/changes': { id: 'x', mapping: MAPPING },
  'routes/preview': {
    rules: {
      ...{ parties: ['sn1', 'tmf1'], matches: 'all', otherwise: 'tmf1' },
      rules: [{ from: 'sn1', to: ['tmf1'], when: [{ field: 'title', operator: 'contains', value: 'x' }] }],
    },
  },
  'endpoints/:id/test': DIALOG,
  'endpoints/:id/typed/:list': { ...DIALOG, config: NOWHERE },
  'endpoints/:id/lists/:list': { entityType: 'incident', field: 'state' },
};

/** The JSON text of a value, once for each value in it, which is replaced by another JSON text. */
function variants(value: unknown, other: string): string[] {
  if (typeof value !== 'object' || value === null) return [other];
  const entries = Object.entries(value);
  const text = (parts: string[]) =>
    Array.isArray(value) ? `[${parts}]` : `{${parts.map((part, at) => `${JSON.stringify(entries[at]?.[0])}:${part}`)}}`;
  const parts = entries.map(([, part]) => JSON.stringify(part));
  return [other, ...entries.flatMap(([, part], at) => variants(part, other).map((one) => text(parts.with(at, one))))];
}

interface Malformed {
  method: string;
  path: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
}

describe('malformed requests', () => {
  let server: EditorServer;
  /** As they are in the running Node-RED, so that new ones are included. */
  let routes: { method: string; path: string }[];
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  before(async () => {
    server = await startEditor({
      flow: FLOW,
      prepare: async (folder) => {
        await seedStore(folder);
        listRoutes(folder);
      },
    });
    // Credentials are saved by a deploy only.
    const deployed = await fetch(`${server.url}flows`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(FLOW),
    });
    assert.equal(deployed.status, 204);
    await until('the store', async () => (await send({ method: 'GET', path: 'switchboard/health' })).status === 200);
    const listed = (await (await fetch(`${server.url}routes`)).json()) as string[];
    routes = listed.map((route) => ({ method: route.split(' ')[0]!, path: route.split(' ')[1]! }));
  });
  after(() => {
    agent.destroy();
    return server?.stop();
  });

  const send = ({ method, path, body, headers = {} }: Malformed) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const json = body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
      const req = request({ hostname, port, method, path: `/${path}`, agent, headers: { ...json, ...headers } }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
      });
      req.on('error', reject);
      req.end(body);
    });
  const INNER = /TypeError|RangeError|URIError|SyntaxError|Cannot read|is not a function|is not iterable|^\s+at /m;
  /** All are answered in words, and not with a failure of ours. */
  const answered = async (requests: Malformed[]) => {
    const bad: string[] = [];
    const queue = requests.values();
    const next = async () => {
      for (const one of queue) {
        const { status, text } = await send(one).catch((error: Error) => ({ status: 0, text: error.message }));
        if (status >= 200 && status < 500 && !INNER.test(text) && !(status >= 400 && text.startsWith('<'))) continue;
        bad.push(
          `${one.method} /${one.path.slice(0, 90)} ${String(one.body ?? '').slice(0, 200)}\n→ ${status} ${text.slice(0, 300)}`,
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, next));
    const failures = new Set(
      server
        .output()
        .match(/\[error\] \/switchboard.*\n.*\n.*/g)
        ?.map((text) => text.slice(8)),
    );
    const report = [...bad.slice(0, 20), ...[...failures].slice(0, 20)].join('\n');
    assert.equal(bad.length, 0, `${bad.length} of ${requests.length}:\n${report}`);
    assert.equal(({} as { x?: unknown }).x, undefined);
    const health = await send({ method: 'GET', path: 'switchboard/health' });
    assert.equal(health.status, 200, health.text);
  };
  const address = (path: string, id?: string) => {
    const usual = path.startsWith('conversations')
      ? 'c1'
      : path.startsWith('endpoints')
        ? 'sn1'
        : path.startsWith('deliv')
          ? 'd9'
          : 'm1';
    return `switchboard/${path
      .replace(':list', id ?? 'tables')
      .replace(':name', id ?? 'x')
      .replace(':id', id ?? usual)}`;
  };
  const bodyOf = (method: string) => (method === 'POST' ? '{}' : undefined);

  it('to any path are answered in words', () =>
    answered(
      routes
        .filter(({ path }) => path.includes(':'))
        .flatMap(({ method, path }) =>
          IDS.map((id) => ({ method, path: `${address(path, id)}?${SUBJECT}`, body: bodyOf(method) })),
        ),
    ));

  it('with any query are answered in words', () =>
    answered(
      routes
        .filter(({ method }) => method === 'GET')
        .flatMap(({ method, path }) =>
          [
            ...QUERY_VALUES.map((value) => QUERY_FIELDS.map((name) => `${name}=${value}`).join('&')),
            ...QUERY_FIELDS.flatMap((name) =>
              ['%00', '-1', 'constructor'].map((value) => `${SUBJECT.replace(`${name}=`, '_=')}&${name}=${value}`),
            ),
            `${SUBJECT}&limit=1&limit=2`,
            `${SUBJECT}&search[__proto__][x]=1&state[]=1`,
            '__proto__=1&constructor=2&__proto__[x]=1&%=%',
          ].map((query) => ({ method, path: `${address(path)}?${query}` })),
        ),
    ));

  it('with any body are answered in words', () => {
    const posts = routes.filter(({ method }) => method === 'POST');
    assert.deepEqual(posts.map(({ path }) => path).sort(), Object.keys(UNDERSTOOD).sort(), 'give a new route its body here');
    return answered(
      posts.flatMap(({ method, path }) =>
        [...BODIES, ...REPLACEMENTS.flatMap((value) => variants(UNDERSTOOD[path], value))].map((body) => ({
          method,
          path: address(path),
          body,
        })),
      ),
    );
  });

  it('to a webhook are answered in words', async () => {
    const event = { table: 'incident', sys_id: '0c5f3cece1b12010f877971dea0b1449', data: [{ record: { id: 'x' } }] };
    const good = { 'x-switchboard-secret': SECRET };
    const hook = { method: 'POST', path: 'hooks/acme' };
    await until(
      'the in node to listen',
      async () => (await send({ ...hook, body: '{"sys_id":"1"}', headers: good })).status === 202,
    );
    const types = [
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/x; charset=nope',
    ];
    const bodies = [
      ...BODIES,
      ...VALUES.flatMap((value) => variants(event, value)),
      'a='.repeat(50_000),
      '%=%&%00=%ff',
      '--x\r\n\r\n--x--',
    ];
    return answered(
      [
        ...bodies.flatMap((body) => types.map((type) => ({ body, headers: { ...good, 'Content-Type': type } }))),
        ...['gzip', 'br', 'deflate', `${'gzip,'.repeat(500)}`].map((coding) => ({
          body: 'not packed',
          headers: { ...good, 'Content-Encoding': coding },
        })),
        ...IDS.map((id) => ({ path: `hooks/acme/${id}`, body: '{}', headers: good })),
        ...IDS.map((id) => ({ path: `hooks/acme?${id}=${id}&${id}=x`, body: '{}', headers: good })),
        ...['', 'x'.repeat(8_000), '\u00ff'].map((secret) => ({ body: '{}', headers: { 'x-switchboard-secret': secret } })),
        ...['GET', 'PUT', 'DELETE', 'OPTIONS'].map((method) => ({ method })),
      ].map((one) => ({ ...hook, ...one })),
    );
  });
});
