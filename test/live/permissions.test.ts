import assert from 'node:assert/strict';
import type { Access, AuditEntry } from '../../nodes/sidebar/views.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { rawRequest } from '../http/raw-request.js';
import { serve, type TestServer } from '../http/server.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';
import { seedStore } from '../nodes/sidebar/seed.js';
import { addressOf, listRoutes, RIGHTS } from './admin-routes.js';

const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
/** Who there is, and which rights each has. */
const RIGHTS_OF: Record<string, string[]> = {
  nobody: [],
  reader: ['switchboard.read'],
  operator: ['switchboard.read', 'switchboard.write'],
  exporter: ['switchboard.read', 'switchboard.export'],
  integrator: ['switchboard.read', 'switchboard.write', 'switchboard.export', 'flows.write'],
};
const users = [
  { username: 'nobody', password: PASSWORD, permissions: 'flows.read' },
  { username: 'reader', password: PASSWORD, permissions: 'read' },
  { username: 'operator', password: PASSWORD, permissions: ['read', 'switchboard.write'] },
  { username: 'exporter', password: PASSWORD, permissions: ['read', 'switchboard.export'] },
  { username: 'integrator', password: PASSWORD, permissions: '*' },
];
const JSON_TYPE = { 'Content-Type': 'application/json' };

const flow = (partner: TestServer) => [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  { id: 'tmf1', type: 'switchboard-tmf-endpoint', ...tmfEndpointDefaults, store: 'store1', baseUrl: 'http://127.0.0.1:9' },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme',
    auth: 'none',
    store: 'store1',
    baseUrl: partner.url,
  },
];
const prepare = async (folder: string) => {
  await seedStore(folder);
  listRoutes(folder);
};

describe('the admin routes', () => {
  /** A partner that counts who comes. */
  let partner: TestServer;
  let visits = 0;
  before(async () => {
    partner = await serve((_req, res) => {
      visits++;
      res.writeHead(503).end();
    });
  });
  after(() => partner?.close());

  describe('in a Node-RED with users', () => {
    let server: EditorServer;
    const tokens: Record<string, string> = {};

    before(async () => {
      server = await startEditor({ flow: flow(partner), prepare, settings: { adminAuth: { type: 'credentials', users } } });
      for (const { username } of users) {
        const answer = await fetch(`${server.url}auth/token`, {
          method: 'POST',
          headers: JSON_TYPE,
          body: JSON.stringify({ client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: 'secret' }),
        });
        tokens[username] = ((await answer.json()) as { access_token: string }).access_token;
      }
    });
    after(() => server?.stop());

    const ask = (route: string, user?: string, body: object = {}, headers: Record<string, string> = {}) => {
      const { method, path } = addressOf(route);
      const signedIn: Record<string, string> = user ? { Authorization: `Bearer ${tokens[user]}` } : {};
      const text = method === 'POST' ? JSON.stringify(body) : '';
      return rawRequest(`${server.url}${path}`, method, { ...JSON_TYPE, ...signedIn, ...headers }, text);
    };

    it('are all listed with their permission', async () => {
      const there = (await (await fetch(`${server.url}routes`)).json()) as string[];
      assert.deepEqual([...there].sort(), Object.keys(RIGHTS).sort());
    });

    for (const [route, right] of Object.entries(RIGHTS)) {
      it(`${route} is allowed for ${right}`, async () => {
        for (const user of [undefined, ...Object.keys(RIGHTS_OF)]) {
          const may = right === 'anyone' || (user !== undefined && RIGHTS_OF[user]?.includes(right));
          const { status } = await ask(route, user);
          assert.equal(status === 401, !may, `${user}: ${status}`);
        }
      });
    }

    it('tell a view what its user may do, so that it offers nothing else', async () => {
      for (const user of ['reader', 'operator', 'exporter', 'integrator']) {
        const rights = RIGHTS_OF[user] ?? [];
        const { write, export: mayExport } = JSON.parse((await ask('GET access', user)).body) as Access;
        assert.deepEqual([write, mayExport], [rights.includes('switchboard.write'), rights.includes('switchboard.export')], user);
      }
    });

    it('do not let a reader make the server send anything', async () => {
      const typed = {
        type: 'switchboard-servicenow-endpoint',
        config: { baseUrl: partner.url, auth: 'none' },
        entityType: 'incident',
        field: 'state',
      };
      for (const user of ['reader', 'operator']) {
        visits = 0;
        for (const route of Object.keys(RIGHTS)) await ask(route, user, typed);
        assert.equal(visits, 0, user);
      }
      for (const route of Object.keys(RIGHTS).filter((one) => RIGHTS[one] === 'flows.write')) {
        visits = 0;
        await ask(route, 'integrator', typed);
        assert.notEqual(visits, 0, `who may deploy does: ${route}`);
      }
    });

    it('accept a signed-in user under any proxy host name, but not from the page of another site', async () => {
      assert.equal((await ask('GET messages', 'reader', {}, { Host: 'desk.example' })).status, 200);
      assert.equal((await ask('GET messages', 'reader', {}, { Origin: 'http://evil.example' })).status, 403);
    });

    it('record who made the server send something, who read what, and who took it away', async () => {
      const typed = { type: 'switchboard-servicenow-endpoint', config: { name: 'Acme', baseUrl: partner.url, auth: 'none' } };
      const get = (path: string, user: string) =>
        fetch(`${server.url}switchboard/${path}`, { headers: { Authorization: `Bearer ${tokens[user]}` } });
      await ask('POST endpoints/:id/test', 'integrator', typed);
      for (let i = 0; i < 3; i++) await ask('GET messages/:id', 'exporter');
      await get('conversations/c1', 'operator');
      await ask('POST conversations/c1/fixture', 'integrator', {});
      await ask('POST conversations/c2/fixture', 'integrator', { people: true });
      const person = { person: ['Nobody Known'] };
      await ask('POST people/preview', 'operator', person);
      assert.match(
        (await ask('POST people/erase', 'operator', { ...person, confirm: 3 })).body,
        /3 was confirmed, but 0 would be/,
      );
      await ask('POST routes/preview', 'reader', { rules: { parties: [], rules: [], matches: 'all', otherwise: '' } });
      await ask('POST audit/export', 'exporter', {});
      const entries = (await (await get('audit?all=true', 'reader')).json()) as AuditEntry[];
      const noted = entries.map(
        ({ by, action, target, outcome, people }) =>
          `${by} ${action} ${target.kind} ${target.name ?? target.id} ${outcome}${people ? ' people' : ''}`,
      );
      for (const line of [
        'integrator test endpoint Acme failed',
        'exporter read message INC0010021 done people',
        'operator read conversation SWB-7K3M9Q2X4F1A done people',
        'integrator export conversation c1 done',
        'integrator export conversation c2 done people',
        'operator lookFor person  done',
        'reader preview mapping route done people',
        'exporter export trail  done',
      ])
        assert.ok(noted.includes(line), `${line} is not in:\n${noted.join('\n')}`);
      assert.equal(noted.filter((line) => line.startsWith('exporter read message')).length, 1, 'an open view is one entry');
      const actions = ((await (await get('audit', 'reader')).json()) as AuditEntry[]).map(({ action }) => action);
      assert.ok(!actions.includes('read') && actions.includes('export'));
    });

    it('refuse a request to erase that is too long, instead of leaving a part of it out', async () => {
      for (const [body, says] of [
        [{ person: Array.from({ length: 51 }, (_, n) => `Jane Doe ${n}`) }, /51 texts are too many: at most 50 at once/],
        [{ ticket: ['INC1', 'x'.repeat(301)] }, /The text \\"x{40} …\\" is too long: at most 300 characters/],
        [{ person: 'Jane Doe' }, /This is not a list of texts/],
        [{ person: [7] }, /This is not a list of texts/],
      ] as const)
        for (const route of ['POST people/preview', 'POST people/erase']) {
          const { status, body: answer } = await ask(route, 'operator', { ...body, confirm: 0 });
          assert.equal(status, 400);
          assert.match(answer, says);
        }
    });

    it('record the user of an action', async () => {
      const answer = await fetch(`${server.url}switchboard/deliveries/d2/skip`, {
        method: 'POST',
        headers: { ...JSON_TYPE, Authorization: `Bearer ${tokens.operator}` },
        body: JSON.stringify({ reason: 'By phone.' }),
      });
      assert.equal(answer.status, 200);
      const [entry] = JSON.parse((await ask('GET audit', 'reader')).body) as AuditEntry[];
      assert.deepEqual([entry?.by, entry?.action, entry?.target.id, entry?.reason], ['operator', 'skip', 'd2', 'By phone.']);
    });

    it('serve the page to anyone, because it contains no data', async () => {
      assert.ok(!(await ask('GET page')).body.includes('INC001'));
    });
  });

  describe('in a Node-RED without adminAuth', () => {
    let server: EditorServer;
    before(async () => {
      server = await startEditor({ flow: flow(partner), prepare });
    });
    after(() => server?.stop());

    const ask = (route: string, headers: Record<string, string>, body = '{}') => {
      const { method, path } = addressOf(route);
      return rawRequest(`${server.url}${path}`, method, { ...JSON_TYPE, ...headers }, method === 'POST' ? body : '');
    };
    const FOREIGN: Record<string, Record<string, string>> = {
      'another site’s page': { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://evil.example' },
      'a page of another port': { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:1' },
      'a page of an older browser': { Origin: 'http://evil.example' },
      'a page whose name was made to lead here': { Host: 'evil.example', 'Sec-Fetch-Site': 'same-origin' },
    };

    for (const [route, right] of Object.entries(RIGHTS)) {
      if (right === 'anyone') {
        it(`${route} has the security headers of a page`, async () => {
          const { headers } = await ask(route, {});
          const policy = String(headers['content-security-policy']);
          assert.match(policy, /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
          assert.ok(!policy.includes('unsafe'));
          assert.equal(headers['x-content-type-options'], 'nosniff');
        });
        continue;
      }
      it(`${route} has no effect for other sites`, async () => {
        for (const [who, headers] of Object.entries(FOREIGN)) {
          const { status, body } = await ask(route, headers);
          assert.equal(status, 403, `${who}: ${body}`);
          assert.equal((JSON.parse(body) as { code: string }).code, 'SWB_FORBIDDEN');
        }
        assert.notEqual((await ask(route, {})).status, 403, 'a program may');
        if (route.startsWith('GET')) return;
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
          assert.equal((await ask(route, { 'Content-Type': type })).status, 415, type);
        assert.equal((await ask(route, { 'Content-Type': '' }, '')).status, 415, 'nothing said');
      });
    }
  });
});
