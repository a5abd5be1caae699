import { routeDefaults } from '../../../nodes/route/route.config.js';
import { storeDefaults } from '../../../nodes/switchboard-store/switchboard-store.config.js';
import { preset } from '../../../src/endpoints/registry.js';
import type { Json } from '../../../src/model/message.js';
import type { Change } from '../../../src/store/store.js';
import { type EditorServer, startEditor } from '../../browser/editor.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../defaults.js';
import { conversation, delivery, message, seedStore } from './seed.js';

const PASSWORD = '$2b$04$lMjvzk6lsJBaByImLpHm8O5GKdZi08LXULIJzRmHuNPXwnexUXjFu'; // secret
const PEOPLE_USERS = [
  { username: 'reader', password: PASSWORD, permissions: 'read' },
  { username: 'operator', password: PASSWORD, permissions: ['read', 'switchboard.write'] },
  { username: 'exporter', password: PASSWORD, permissions: ['read', 'switchboard.write', 'switchboard.export'] },
  { username: 'integrator', password: PASSWORD, permissions: '*' },
];
export const TITLE = 'Ada Lovelace has no dial tone, call +44 20 1234517';
const ERROR = 'North refused: Mr Babbage (ada@acme.example) is unknown.';

const row = {
  sys_id: '0c5f0c5f0c5f0c5f0c5f0c5f0c5f007',
  number: 'INC0010027',
  short_description: TITLE,
  description: 'Babbage, +44 20 1234517, ada@acme.example',
  state: '2',
  sys_created_by: 'exporter',
  sys_updated_by: 'svc.acme',
  caller_id: { value: '46d44a40a9fe19810012d100cca80666', display_value: 'Ada Lovelace' },
  u_informed: { 'Ada Lovelace': 'by ada@acme.example' },
  assigned_to: { value: '56d44a40a9fe19810012d100cca80666', display_value: 'Charles Babbage' },
};
export const PEOPLE_INCIDENT = {
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
const CHANGES: Change[] = [
  { kind: 'conversation', record: conversation(7, { title: TITLE }) },
  {
    kind: 'message',
    record: message(7, { conversation: 'c7' }),
    bodies: { received: PEOPLE_INCIDENT as Json, read: PEOPLE_INCIDENT as Json },
  },
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
    bodies: { received: PEOPLE_INCIDENT as Json },
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
const PEOPLE_FLOW = [
  { id: 'tab', type: 'tab', label: 'Test' },
  { id: 'store1', type: 'switchboard-store', ...storeDefaults, maskNames: true, maskEmail: true, maskPhone: true },
  {
    id: 'sn1',
    type: 'switchboard-servicenow-endpoint',
    ...serviceNowEndpointDefaults,
    name: 'Acme',
    auth: 'none',
    integrationUser: 'svc.acme',
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
  { id: 'incidents', type: 'switchboard-mapping', name: 'Incidents', preset: '', mapping: preset('servicenow', 'incident') },
  {
    id: 'route1',
    z: 'tab',
    type: 'switchboard-route',
    ...routeDefaults,
    parties: ['sn1', 'tmf1'],
    rules: [{ from: 'sn1', when: [{ field: 'title', operator: 'contains', value: 'Ada Lovelace' }], to: ['tmf1'] }],
    outputs: 3,
    wires: [[], [], []],
    x: 200,
    y: 100,
  },
];

/** A Node-RED whose store masks people's data and holds some, everywhere where there can be any. */
export async function startWithPeople(): Promise<{ server: EditorServer; tokens: Record<string, Token> }> {
  const server = await startEditor({
    flow: PEOPLE_FLOW,
    prepare: (folder) => seedStore(folder, CHANGES),
    settings: { adminAuth: { type: 'credentials', users: PEOPLE_USERS } },
  });
  const tokens: Record<string, Token> = {};
  for (const { username } of PEOPLE_USERS) {
    const answer = await fetch(`${server.url}auth/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ client_id: 'node-red-editor', grant_type: 'password', scope: '', username, password: 'secret' }),
    });
    tokens[username] = (await answer.json()) as Token;
  }
  return { server, tokens };
}

export interface Token {
  access_token: string;
}
