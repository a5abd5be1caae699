import { join } from 'node:path';
import type { Json } from '../../../src/model/message.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { Change, ConversationRecord, DeliveryRecord, MessageRecord } from '../../../src/store/store.js';
import { inAnyState } from '../../store/any-state.js';

const AT = Date.now() - 10 * 60_000;
const at = (minutes: number) => new Date(AT + minutes * 60_000).toISOString();

/** A ticket text that would run a script if it were inserted as markup. */
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'"> Router <b>down</b>';

export const message = (n: number, more: Partial<MessageRecord>): MessageRecord => ({
  id: `m${n}`,
  version: 0,
  node: 'a',
  origin: 'webhook',
  endpoint: 'sn1',
  entityType: 'incident',
  entityId: `0c5f0c5f0c5f0c5f0c5f0c5f0c5f00${n}`,
  number: `INC001002${n}`,
  key: `k${n}`,
  receivedAt: at(n),
  state: 'settled',
  outcome: 'routed',
  emissions: 1,
  settledAt: at(n),
  ...more,
});

export const delivery = (n: number, more: Partial<DeliveryRecord>): DeliveryRecord => ({
  id: `d${n}`,
  version: 0,
  message: `m${n}`,
  conversation: `c${n}`,
  node: 'e',
  endpoint: 'tmf1',
  entityType: 'troubleTicket',
  leg: '',
  part: 'entity',
  lane: `c${n}|tmf1`,
  state: 'delivered',
  tries: 1,
  attempts: [{ at: at(n), took: 182, what: 'create troubleTicket', status: 201 }],
  answers: false,
  entityId: `900${n}`,
  number: `TT-900${n}`,
  createdAt: at(n),
  updatedAt: at(n),
  ...more,
});

export const conversation = (n: number, more: Partial<ConversationRecord>): ConversationRecord => ({
  id: `c${n}`,
  version: 0,
  reference: `SWB-7K3M9Q2X4F${n}A`,
  entity: 'incident',
  title: 'No connection in Ghent',
  state: 'open',
  links: [
    {
      endpoint: 'sn1',
      entityType: 'incident',
      leg: '',
      id: `0c5f0c5f0c5f0c5f0c5f0c5f0c5f00${n}`,
      number: `INC001002${n}`,
      url: `https://acme.service-now.com/incident.do?n=${n}`,
      origin: 'theirs',
      lastKnown: {},
      raw: {},
      writtenBy: {},
      seen: [],
      since: at(n),
    },
  ],
  written: [],
  createdAt: at(n),
  updatedAt: at(n),
  ...more,
});

const row = {
  sys_id: '0c5f0c5f0c5f0c5f0c5f0c5f0c5f001',
  number: 'INC0010021',
  short_description: 'No connection in Ghent',
  state: '2',
  priority: '1',
  urgency: '1',
  description: HOSTILE,
  contact_type: 'phone',
  resolved_at: '',
};
const incident = { table: 'incident', record: row };
const ticket = {
  name: 'No connection in Ghent',
  severity: 'Critical',
  status: 'inProgress',
  externalId: 'SWB-7K3M9Q2X4F1A',
  note: [{ text: HOSTILE }],
};

/** The origin of a ticket's fields, as recorded by map and normalize. */
const MADE = {
  changed: ['name', 'severity', 'status'],
  defaults: ['ticketType'],
  sources: { name: ['title'], severity: ['severity'], status: ['state'] },
  generic: { title: row.short_description, severity: 'critical', state: 'inProgress' },
  made: {
    mapping: 'tmf621-v4',
    trace: {
      status: { rule: 0, source: ['state'], row: 1, kind: 'source' },
      name: { rule: 1, source: ['title'], kind: 'source' },
      severity: { rule: 4, source: ['severity'], row: 0, kind: 'source' },
      externalId: { rule: 9, source: [], kind: 'constant' },
    },
  },
  read: {
    mapping: 'Acme incident',
    node: 'map1',
    trace: {
      title: { rule: 0, source: ['short_description'], kind: 'source' },
      severity: { rule: 5, source: ['priority'], row: 0, kind: 'source' },
      state: { rule: 6, source: ['state', 'hold_reason'], row: 1, kind: 'source' },
    },
  },
};

const EXCHANGES = [
  {
    at: at(2),
    took: 96,
    method: 'POST',
    url: 'https://north.example/tmf-api/troubleTicket/v4/troubleTicket',
    sent: { headers: { Authorization: '•••', 'Content-Type': 'application/json' }, body: '{"severity":"Highest"}' },
    got: {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"20","reason":"Invalid body field","message":"severity"}',
    },
  },
];

const UNMAPPED = [
  { mapping: 'Acme incident', node: 'map1', direction: 'in', field: 'state', value: '99', times: 3 },
  { mapping: 'TMF621 v4 trouble ticket', direction: 'in', field: 'severity', value: 'Apocalyptic', times: 1 },
];

const CHANGES: Change[] = [
  { kind: 'setting', key: 'unmapped', value: UNMAPPED as Json },
  { kind: 'conversation', record: conversation(1, {}) },
  { kind: 'conversation', record: conversation(2, { title: HOSTILE }) },
  { kind: 'conversation', record: conversation(3, { title: 'Second line is slow' }) },
  { kind: 'message', record: message(1, { conversation: 'c1' }), bodies: { received: incident, read: incident } },
  {
    kind: 'delivery',
    record: delivery(1, {}),
    bodies: { request: { fields: ticket, ...MADE }, response: { id: '9001', href: '/troubleTicket/9001', ...ticket } },
  },
  { kind: 'message', record: message(2, { conversation: 'c2' }), bodies: { received: incident } },
  {
    kind: 'delivery',
    record: delivery(2, {
      state: 'failed',
      entityId: undefined,
      number: undefined,
      tries: 1,
      attempts: [
        {
          at: at(2),
          took: 96,
          what: 'create troubleTicket',
          status: 400,
          http: 0,
          error: 'North Telecom refused: severity «Highest» is not one of Critical, Major, Minor.',
        },
      ],
      error: {
        code: 'SWB_PARTNER_REFUSED',
        message:
          'North Telecom: create troubleTicket was refused (400): severity «Highest» is not one of Critical, Major, Minor. Fix the mapping and replay.',
        at: at(2),
        status: 400,
      },
    }),
    bodies: {
      request: { fields: { ...ticket, severity: 'Highest' }, ...MADE },
      http0: EXCHANGES,
      response: { code: '20', reason: 'Invalid body field', message: 'severity' },
    },
  },
  { kind: 'message', record: message(3, { conversation: 'c3' }), bodies: { received: incident } },
  {
    kind: 'delivery',
    record: delivery(3, { state: 'delivered' }),
    bodies: { request: { fields: ticket, changed: ['name'] } },
  },
  {
    kind: 'message',
    record: message(4, { outcome: 'ignored', reason: 'Our own write coming back.' }),
    bodies: { received: incident },
  },
  {
    kind: 'message',
    record: message(5, { outcome: 'unrouted', reason: 'It reached no out node.' }),
    bodies: { received: incident },
  },
  {
    kind: 'message',
    record: message(6, {
      state: 'failed',
      outcome: undefined,
      error: {
        code: 'SWB_UNMAPPED',
        message: 'normalize: state «99» has no row in its value map. Add a row to the mapping and replay.',
        at: at(6),
      },
    }),
    bodies: { received: { table: 'incident', record: { ...row, state: '99' } } },
  },
];

/** A store with one message of each kind, so that the content of the views is known. `more` is added. */
export async function seedStore(folder: string, more: Change[] = []): Promise<void> {
  const store = inAnyState(
    new LowdbStore({
      folder: join(folder, 'switchboard'),
      retentionDays: 90,
      retentionBytes: 1e9,
      clock: Date.now,
      log: () => undefined,
    }),
  );
  await store.open();
  await store.commit([...CHANGES, ...more]);
  await store.close();
}
