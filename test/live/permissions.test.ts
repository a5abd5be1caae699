import assert from 'node:assert/strict';
import type { AuditEntry } from '../../nodes/sidebar/views.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { tmfEndpointDefaults } from '../../nodes/tmf-endpoint/tmf-endpoint.config.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { seedStore } from '../nodes/sidebar/seed.js';

const FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults },
  {
    id: 'tmf1',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'North',
    store: 'store1',
    baseUrl: 'http://127.0.0.1:9',
  },
];
const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
const users = [
  { username: 'reader', password: PASSWORD, permissions: 'read' },
  { username: 'looker', password: PASSWORD, permissions: 'switchboard.read' },
  { username: 'anna', password: PASSWORD, permissions: ['read', 'switchboard.write'] },
];

/** Every route of ours that shows something, and every one that does something. */
const READS = [
  'messages',
  'messages/m1',
  'counts',
  'endpoints',
  'unmapped',
  'audit',
  'presets',
  `presets/${encodeURIComponent('TMF621 v4 trouble ticket')}`,
];
const WRITES = [
  ...['replay', 'edit', 'skip', 'undo'].flatMap((action) => [`messages/m9/${action}`, `deliveries/d9/${action}`]),
  'bulk',
  'endpoints/tmf1/suspend',
  'endpoints/tmf1/resume',
  'endpoints/tmf1/test',
  'unmapped/forget',
];

describe('permissions in a Node-RED with users', () => {
  let server: EditorServer;
  const tokens: Record<string, string> = {};

  before(async () => {
    server = await startEditor({ flow: FLOW, prepare: seedStore, settings: { adminAuth: { type: 'credentials', users } } });
    for (const { username } of users) {
      const answer = await fetch(`${server.url}auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: 'secret' }),
      });
      tokens[username] = ((await answer.json()) as { access_token: string }).access_token;
    }
  });
  after(() => server?.stop());

  const ask = (path: string, method: string, user?: string, body: object = {}) =>
    fetch(`${server.url}switchboard/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(user && { Authorization: `Bearer ${tokens[user]}` }) },
      ...(method === 'POST' && { body: JSON.stringify(body) }),
    });

  for (const path of READS) {
    it(`lets who may read see ${path}, and nobody else`, async () => {
      assert.equal((await ask(path, 'GET')).status, 401);
      for (const user of ['reader', 'looker', 'anna']) assert.equal((await ask(path, 'GET', user)).status, 200, user);
    });
  }

  for (const path of WRITES) {
    it(`lets who may write do ${path}, and nobody else`, async () => {
      for (const user of [undefined, 'reader', 'looker']) assert.equal((await ask(path, 'POST', user)).status, 401, user);
      assert.notEqual((await ask(path, 'POST', 'anna')).status, 401);
    });
  }

  it('keeps the name of who did something', async () => {
    assert.equal((await ask('deliveries/d2/skip', 'POST', 'anna', { reason: 'By phone.' })).status, 200);
    const [entry] = (await (await ask('audit', 'GET', 'looker')).json()) as AuditEntry[];
    assert.deepEqual([entry?.by, entry?.action, entry?.target.id, entry?.reason], ['anna', 'skip', 'd2', 'By phone.']);
  });

  it('serves the page to anyone, because it holds nothing', async () => {
    const page = await (await fetch(`${server.url}switchboard/page`)).text();
    assert.ok(!page.includes('INC001'));
  });
});
