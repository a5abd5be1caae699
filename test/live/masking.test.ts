import assert from 'node:assert/strict';
import type { ConversationList } from '../../nodes/sidebar/conversation-views.js';
import type { Access, MessageList, MessageView, UnmappedView } from '../../nodes/sidebar/views.js';
import { storeDefaults } from '../../nodes/switchboard-store/switchboard-store.config.js';
import { tmf621v4 } from '../../src/endpoints/tmf621/presets.js';
import type { Json } from '../../src/model/message.js';
import type { Change } from '../../src/store/store.js';
import { type EditorServer, startEditor } from '../browser/editor.js';
import { rawRequest } from '../http/raw-request.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../nodes/defaults.js';
import { conversation, delivery, message, seedStore } from '../nodes/sidebar/seed.js';
import { addressOf, RIGHTS } from './admin-routes.js';

const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
const users = [
  { username: 'reader', password: PASSWORD, permissions: 'read' },
  { username: 'operator', password: PASSWORD, permissions: ['read', 'switchboard.write'] },
  { username: 'exporter', password: PASSWORD, permissions: ['read', 'switchboard.write', 'switchboard.export'] },
];
/** What must not be seen, and what is seen instead. */
const PLANTED = ['Lovelace', 'lovelace', 'Babbage', 'b.somerville', 'Somerville', '1234517', 'ada@'];
const TITLE = 'Ada Lovelace has no dial tone, call +44 20 1234517';
const ERROR = 'North refused: Mr Babbage (ada@acme.example) is unknown.';

const row = {
  sys_id: '0c5f0c5f0c5f0c5f0c5f0c5f0c5f007',
  number: 'INC0010027',
  short_description: TITLE,
  description: 'Babbage, +44 20 1234517, ada@acme.example',
  state: '2',
  caller_id: { value: '46d44a40a9fe19810012d100cca80666', display_value: 'Ada Lovelace' },
  assigned_to: { value: '56d44a40a9fe19810012d100cca80666', display_value: 'Charles Babbage' },
};
const incident = {
  table: 'incident',
  record: row,
  journal: [
    {
      sys_id: 'j1',
      element: 'comments',
      value: 'Somerville will call Lovelace',
      sys_created_by: 'b.somerville',
      sys_created_on: '2026-03-02 08:20:11',
    },
  ],
  attachments: [{ sys_id: 'f1', file_name: 'Lovelace.pdf', content_type: 'application/pdf', sys_created_by: 'b.somerville' }],
};
const ticket = {
  name: TITLE,
  note: [{ text: 'Call Lovelace', author: 'b.somerville' }],
  relatedParty: [{ id: 'c-1', name: 'Ada Lovelace', role: 'requester', '@referredType': 'Individual' }],
};
const failure = { code: 'SWB_PARTNER_REFUSED', message: ERROR, at: new Date().toISOString(), status: 400 };
const SEED: Change[] = [
  { kind: 'conversation', record: conversation(7, { title: TITLE }) },
  { kind: 'message', record: message(7, { conversation: 'c7' }), bodies: { received: incident as Json, read: incident as Json } },
  {
    kind: 'delivery',
    record: delivery(7, {
      state: 'failed',
      entityId: undefined,
      number: undefined,
      attempts: [{ at: failure.at, took: 1, what: 'create troubleTicket', status: 400, http: 0, error: ERROR }],
      error: failure,
    }),
    bodies: {
      request: {
        fields: ticket,
        changed: [],
        sources: {},
        generic: { title: TITLE, requester: { name: 'Ada Lovelace' } },
      } as Json,
      http0: [
        {
          at: failure.at,
          took: 1,
          method: 'POST',
          url: 'https://north.example/ticket?user=ada%40acme.example',
          sent: { headers: { from: 'ada@acme.example' }, body: JSON.stringify(ticket) },
          got: { status: 400, headers: {}, body: JSON.stringify({ message: ERROR }) },
        },
      ] as Json,
      response: { message: ERROR },
    },
  },
  {
    kind: 'message',
    record: message(8, { state: 'failed', outcome: undefined, error: failure, entityId: 'x8' }),
    bodies: { received: incident as Json },
  },
  {
    kind: 'setting',
    key: 'unmapped',
    value: [
      { mapping: 'own', direction: 'in', field: 'caller_id_name', value: 'Ada Lovelace', times: 1 },
      { mapping: 'own', direction: 'in', field: 'u_contact', value: 'ada@acme.example', times: 1 },
    ],
  },
];
const flow = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults, maskNames: true, maskEmail: true, maskPhone: true },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme',
    auth: 'none',
    store: 'store1',
    baseUrl: 'http://127.0.0.1:9',
  },
  {
    id: 'tmf1',
    type: 'switchboard-tmf-endpoint',
    ...tmfEndpointDefaults,
    name: 'North',
    auth: 'none',
    store: 'store1',
    baseUrl: 'http://127.0.0.1:9',
  },
];

describe('people’s data that a store masks', () => {
  let server: EditorServer;
  const tokens: Record<string, string> = {};
  before(async () => {
    server = await startEditor({
      flow,
      prepare: (folder) => seedStore(folder, SEED),
      settings: { adminAuth: { type: 'credentials', users } },
    });
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

  const ask = (user: string, path: string, method = 'GET', body: object = {}) =>
    rawRequest(
      `${server.url}switchboard/${path}`,
      method,
      { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens[user]}` },
      method === 'POST' ? JSON.stringify(body) : '',
    );
  const json = async <T>(user: string, path: string) => JSON.parse((await ask(user, path)).body) as T;
  const assertMasked = (text: string, what: string) => {
    for (const word of PLANTED) assert.ok(!text.includes(word), `${what}: ${word} in ${text}`);
  };

  it('is in no answer to a reader or operator', async () => {
    const typed = {
      mapping: { ...tmf621v4, name: 'own', rules: [{ field: 'name', generic: 'title' }] },
      direction: 'out',
      sample: { fields: { title: TITLE } },
      rules: { parties: ['sn1'], rules: [{ from: 'sn1', when: [], to: ['sn1'] }], matches: 'first', otherwise: '' },
      selection: { search: 'Lovelace', state: 'all' },
      action: 'replay',
      preview: true,
      rule: 0,
    };
    const query = 'system=servicenow&entityType=incident';
    const routes = Object.entries(RIGHTS).filter(([, right]) => right === 'switchboard.read');
    const asked = [
      ...routes.map(([route]) => addressOf(route)).map(({ method, path }) => [method, path.replace('switchboard/', '')] as const),
      ...['messages/m7', 'messages/m8', 'messages?state=problems&limit=200', 'conversations/c7', 'conversations/c7?known=x'].map(
        (path) => ['GET', path] as const,
      ),
      ...['fields', 'samples', 'samples/m7', 'samples/m8'].flatMap((path) =>
        ['in', 'out'].map((direction) => ['GET', `mappings/${path}?${query}&direction=${direction}`] as const),
      ),
      ['POST', 'bulk'] as const,
    ];
    for (const [method, path] of asked)
      for (const user of ['reader', 'operator']) {
        const { body } = await ask(user, path, method, typed);
        assertMasked(body, `${method} ${path}`);
      }
    const shown = await json<MessageView>('reader', 'messages/m7');
    assert.equal(shown.title, 'A… L… has no dial tone, call +44 … 17');
    assert.equal(shown.sent[0]?.error?.message, 'North refused: Mr B… (a…@acme.example) is unknown.');
    assert.equal(shown.number, 'INC0010027');
  });

  it('is shown in clear to who may export and asks for it, and to nobody else', async () => {
    const clear = await json<MessageView>('exporter', 'messages/m7?clear=true');
    assert.equal(clear.title, TITLE);
    assert.deepEqual(clear.payload, incident as Json);
    assertMasked(JSON.stringify(await json('exporter', 'messages/m7')), 'without asking');
    for (const user of ['reader', 'operator'])
      for (const path of ['messages/m7?clear=true', 'conversations/c7?clear=true', 'messages?clear=true'])
        assert.equal((await ask(user, path)).status, 401, `${user} ${path}`);
    assert.deepEqual(await json<Access>('exporter', 'access'), {
      write: true,
      export: true,
      masked: ['names', 'email', 'phone'],
    });
  });

  it('is not found by a search of who does not see it', async () => {
    for (const search of ['Lovelace', 'Lovel', 'ada lovelace', '1234517']) {
      assert.deepEqual((await json<MessageList>('reader', `messages?search=${search}`)).messages, [], search);
      assert.deepEqual((await json<ConversationList>('reader', `conversations?search=${search}`)).conversations, [], search);
      assert.equal((await json<MessageList>('exporter', `messages?search=${search}&clear=true`)).messages[0]?.id, 'm7', search);
    }
    for (const search of ['dial tone', 'INC0010027', 'SWB-7K3M9Q2X4F7A']) {
      assert.equal((await json<MessageList>('reader', `messages?search=${search}`)).messages[0]?.id, 'm7', search);
      assert.equal((await json<ConversationList>('reader', `conversations?search=${search}`)).conversations[0]?.id, 'c7', search);
    }
  });

  it('can be dealt with as it is shown: an unknown value is forgotten', async () => {
    const values = await json<UnmappedView[]>('operator', 'unmapped');
    assert.deepEqual(values.map(({ value }) => value).sort(), ['A… L…', 'a…@acme.example']);
    assert.equal((await ask('operator', 'unmapped/forget', 'POST', { values })).status, 200);
    assert.deepEqual(await json('operator', 'unmapped'), []);
  });

  it('cannot be edited as masked, so that no mask is sent to a partner', async () => {
    const shown = await json<MessageView>('operator', 'messages/m8');
    for (const path of ['messages/m8/edit', 'deliveries/d7/edit']) {
      const { status, body } = await ask('operator', path, 'POST', { payload: shown.payload });
      assert.equal(status, 409, path);
      assert.match((JSON.parse(body) as { message: string }).message, /People’s data is masked.*switchboard\.export/);
    }
    assert.equal((await ask('operator', 'messages/m8/edit?clear=true', 'POST', { payload: {} })).status, 401);
  });
});
