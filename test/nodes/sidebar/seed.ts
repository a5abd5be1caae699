import { join } from 'node:path';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { Change, ConversationRecord, DeliveryRecord, MessageRecord } from '../../../src/store/store.js';

const AT = Date.now() - 10 * 60_000;
const at = (minutes: number) => new Date(AT + minutes * 60_000).toISOString();

/** A ticket text that would run a script if it were ever put in as markup. */
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

const delivery = (n: number, more: Partial<DeliveryRecord>): DeliveryRecord => ({
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

const conversation = (n: number, more: Partial<ConversationRecord>): ConversationRecord => ({
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
      shadow: {},
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

const incident = {
  sys_id: '0c5f',
  number: 'INC0010021',
  short_description: 'No connection in Ghent',
  state: '2',
  urgency: '1',
  description: HOSTILE,
};
const ticket = {
  name: 'No connection in Ghent',
  severity: 'Critical',
  status: 'inProgress',
  externalId: 'SWB-7K3M9Q2X4F1A',
  note: [{ text: HOSTILE }],
};

const CHANGES: Change[] = [
  { kind: 'conversation', record: conversation(1, {}) },
  { kind: 'conversation', record: conversation(2, { title: HOSTILE }) },
  { kind: 'conversation', record: conversation(3, { title: 'Second line is slow' }) },
  { kind: 'message', record: message(1, { conversation: 'c1' }), bodies: { received: incident, read: incident } },
  {
    kind: 'delivery',
    record: delivery(1, {}),
    bodies: { request: ticket, response: { id: '9001', href: '/troubleTicket/9001', ...ticket } },
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
          error: 'North Telecom refused: severity «Highest» is not one of Critical, Major, Minor.',
        },
      ],
      error: {
        code: 'SWB_PARTNER_REFUSED',
        message:
          'North Telecom: create troubleTicket was refused (400): severity «Highest» is not one of Critical, Major, Minor. Mend the mapping and replay.',
        at: at(2),
        status: 400,
      },
    }),
    bodies: {
      request: { ...ticket, severity: 'Highest' },
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
    bodies: { received: { ...incident, state: '99' } },
  },
];

/** A store with one message of each kind, as it would be after some work: what the views show is then known. */
export async function seedStore(folder: string): Promise<void> {
  const store = new LowdbStore({
    folder: join(folder, 'switchboard'),
    retentionDays: 90,
    retentionBytes: 1e9,
    clock: Date.now,
    log: () => undefined,
  });
  await store.open();
  await store.commit(CHANGES);
  await store.close();
}
