import { join } from 'node:path';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { Change, ConversationRecord, DeliveryRecord, Link, MessageRecord } from '../../../src/store/store.js';
import { inAnyState } from '../../store/any-state.js';

const START = Date.parse('2026-03-02T08:00:00.000Z');
export const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString();
/** Ids of messages and deliveries sort by time. */
export const idAt = (minutes: number, more = '') => `t${String(minutes).padStart(6, '0')}${more}`;

/** A comment that would run a script if it were inserted as markup. */
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'"> Router <b>down</b>';

export const link = (endpoint: string, entityType: string, id: string, more: Partial<Link> = {}): Link => ({
  endpoint,
  entityType,
  leg: '',
  id,
  number: id.toUpperCase(),
  url: `https://${endpoint}.example.com/${id}`,
  origin: 'ours',
  lastKnown: {},
  raw: {},
  writtenBy: {},
  seen: [],
  since: at(0),
  ...more,
});

export const conversation = (id: string, links: Link[], more: Partial<ConversationRecord> = {}): ConversationRecord => ({
  id,
  version: 0,
  reference: id,
  entity: 'incident',
  title: 'No connection in Ghent',
  state: 'open',
  links,
  written: [],
  createdAt: at(0),
  updatedAt: at(0),
  ...more,
});

export const message = (
  minutes: number,
  of: string,
  endpoint: string,
  entityId: string,
  more: Partial<MessageRecord> = {},
): MessageRecord => ({
  id: idAt(minutes, 'm'),
  version: 0,
  node: `in-${endpoint}`,
  origin: 'webhook',
  endpoint,
  entityType: endpoint === 'sn1' ? 'incident' : 'troubleTicket',
  entityId,
  key: idAt(minutes),
  receivedAt: at(minutes),
  state: 'settled',
  outcome: 'routed',
  emissions: 1,
  settledAt: at(minutes),
  conversation: of,
  ...more,
});

export const delivery = (minutes: number, of: string, endpoint: string, more: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
  id: idAt(minutes, `d${more.leg ?? ''}${more.part ?? ''}`),
  version: 0,
  message: idAt(minutes, 'm'),
  conversation: of,
  node: `out-${endpoint}`,
  endpoint,
  entityType: endpoint === 'sn1' ? 'incident' : 'troubleTicket',
  leg: '',
  part: 'entity',
  lane: `${of}|${endpoint}|${more.leg ?? ''}`,
  state: 'delivered',
  tries: 1,
  attempts: [],
  answers: false,
  createdAt: at(minutes),
  updatedAt: at(minutes),
  ...more,
});

const request = (fields: object, generic: object, changed = Object.keys(fields)) => ({
  fields,
  changed,
  defaults: [],
  sources: Object.fromEntries(
    Object.keys(fields).map((name) => [name, [name === 'status' ? 'state' : name === 'name' ? 'title' : name]]),
  ),
  generic,
});
const incident = (more: object = {}, journal: object[] = []) => ({
  read: {
    table: 'incident',
    record: {
      sys_id: 'inc1',
      number: 'INC1',
      short_description: 'No connection in Ghent',
      state: '1',
      impact: '1',
      urgency: '1',
      ...more,
    },
    journal,
    attachments: [],
  },
});
const says = (id: string, value: string, element = 'comments') => ({
  sys_id: id,
  element,
  value,
  sys_created_by: 'agent',
  sys_created_on: '2026-03-02 09:00:00',
});

/** A ticket with comments, an internal note, a pause overnight and a failed update, and a closed ticket. */
const TICKET: Change[] = [
  {
    kind: 'conversation',
    record: conversation('SWB-TICKET', [
      link('sn1', 'incident', 'inc1', { origin: 'theirs', lastKnown: { state: 'inProgress' } }),
      link('tmf1', 'troubleTicket', 'tt1', { lastKnown: { state: 'inProgress' }, url: 'javascript:alert(1)' }),
    ]),
  },
  { kind: 'message', record: message(0, 'SWB-TICKET', 'sn1', 'inc1'), bodies: incident() },
  {
    kind: 'delivery',
    record: delivery(0, 'SWB-TICKET', 'tmf1', { entityId: 'tt1', number: 'TT1' }),
    bodies: {
      request: request(
        { name: 'No connection in Ghent', status: 'acknowledged' },
        { title: 'No connection in Ghent', state: 'acknowledged' },
      ),
    },
  },
  {
    kind: 'message',
    record: message(2, 'SWB-TICKET', 'sn1', 'inc1'),
    bodies: incident({}, [says('j1', HOSTILE), says('j2', 'The caller is upset', 'work_notes')]),
  },
  {
    kind: 'delivery',
    record: delivery(2, 'SWB-TICKET', 'tmf1', { part: 'comment:j1', entityId: 'tt1', number: 'TT1' }),
    bodies: { request: { comment: { id: 'j1', text: HOSTILE, author: 'agent', visibility: 'public' } } },
  },
  {
    kind: 'message',
    record: message(900, 'SWB-TICKET', 'tmf1', 'tt1'),
    bodies: {
      read: {
        ticket: {
          id: 'tt1',
          status: 'inProgress',
          note: [
            { id: 'n1', text: HOSTILE },
            { id: 'n2', text: 'On my way', author: 'noc' },
          ],
        },
      },
    },
  },
  {
    kind: 'delivery',
    record: delivery(900, 'SWB-TICKET', 'sn1', {
      state: 'failed',
      error: { code: 'SWB_PARTNER_REFUSED', message: 'Acme ServiceNow refused the update (403).', at: at(901) },
    }),
    bodies: { request: request({ state: '2' }, { state: 'inProgress' }) },
  },
  {
    kind: 'conversation',
    record: conversation('SWB-CLOSED', [link('sn1', 'incident', 'inc9', { origin: 'theirs' })], {
      state: 'closed',
      title: 'An old one',
    }),
  },
  { kind: 'message', record: message(1, 'SWB-CLOSED', 'sn1', 'inc9', { outcome: 'ignored', reason: 'Nothing changed.' }) },
];

/** An order fanned out to three parties: one leg is completed, one in progress, one waits for the first, one is only planned. */
const ORDER: Change[] = [
  {
    kind: 'conversation',
    record: conversation(
      'SWB-ORDER',
      [
        link('sn1', 'incident', 'req1', { origin: 'theirs' }),
        link('tmf1', 'troubleTicket', 'po1', { leg: 'mobile', lastKnown: { state: 'completed' } }),
        link('tmf2', 'troubleTicket', 'po2', { leg: 'devices', lastKnown: { state: 'inProgress' } }),
      ],
      {
        entity: 'order',
        title: 'New colleague',
        plan: {
          node: 'fan',
          onFailure: 'keep',
          legs: [
            { leg: 'mobile', state: 'completed' },
            { leg: 'devices', state: 'inProgress' },
            { leg: 'delivery', after: [{ leg: 'devices', states: ['completed'] }] },
            { leg: 'billing', dropped: 'devices failed' },
          ],
          items: [
            { id: '1', leg: 'devices', ordered: true, reported: { id: '1', state: 'held', stateReason: 'no stock' } },
            { id: '2', leg: 'mobile', ordered: true, reported: { id: '2', state: 'completed' } },
            { id: '3', leg: 'devices', ordered: true },
            { id: '4', leg: 'delivery' },
            { id: '5', leg: 'billing' },
          ],
        },
      },
    ),
  },
  { kind: 'message', record: message(3, 'SWB-ORDER', 'sn1', 'req1') },
  {
    kind: 'delivery',
    record: delivery(3, 'SWB-ORDER', 'tmf1', { leg: 'mobile', entityId: 'po1' }),
    bodies: { request: request({ name: 'New colleague' }, {}) },
  },
  {
    kind: 'delivery',
    record: delivery(3, 'SWB-ORDER', 'tmf2', { leg: 'devices', entityId: 'po2' }),
    bodies: { request: request({ name: 'New colleague' }, {}) },
  },
  {
    kind: 'delivery',
    record: delivery(3, 'SWB-ORDER', 'tmf2', {
      leg: 'delivery',
      state: 'pending',
      waitsFor: [{ leg: 'devices', states: ['completed'] }],
    }),
    bodies: { request: request({ name: 'New colleague' }, {}) },
  },
];

/** Adds conversations of each kind to a store in that folder. */
export async function seedConversations(folder: string): Promise<void> {
  const store = inAnyState(new LowdbStore({ folder: join(folder, 'switchboard'), retentionDays: 3650, retentionBytes: 1e9 }));
  await store.open();
  await store.commit([...TICKET, ...ORDER]);
  await store.close();
}
