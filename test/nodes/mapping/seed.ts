import { join } from 'node:path';
import { storeDefaults } from '../../../nodes/switchboard-store/switchboard-store.config.js';
import { presets } from '../../../src/endpoints/registry.js';
import { LowdbStore } from '../../../src/store/lowdb-store.js';
import type { Change, DeliveryRecord, MessageRecord } from '../../../src/store/store.js';
import { inAnyState } from '../../store/any-state.js';
import { serviceNowEndpointDefaults, tmfEndpointDefaults } from '../defaults.js';

/** A ticket text that would run a script if it were inserted as markup. */
export const HOSTILE = '<img src=x onerror="document.title=\'owned\'"> Router <b>down</b>';

const START = Date.now() - 60 * 60_000;
const at = (n: number) => new Date(START + n * 60_000).toISOString();
const two = (n: number) => String(n).padStart(2, '0');

/** 25 incidents from ServiceNow: the last 5 are in another state, and the last one has a hostile title. */
const COUNT = 25;

function incident(n: number): Record<string, unknown> {
  return {
    sys_id: `5f${two(n)}`,
    number: `INC00100${two(n)}`,
    short_description: n === COUNT ? HOSTILE : `Line ${n} down in Hamburg`,
    description: 'No signal since 08:15, both routers.',
    state: n > COUNT - 5 ? '42' : '2',
    impact: '2',
    urgency: n % 2 ? '1' : '2',
    priority: n % 2 ? '2' : '3',
    category: 'network',
    u_site: `HH-${n}`,
    caller_id: { link: 'https://acme.service-now.com/api/now/table/sys_user/77ad', value: '77ad' },
    sys_created_on: '2026-03-02 08:20:11',
    sys_updated_on: '2026-03-02 09:01:40',
    sys_mod_count: String(n),
  };
}

const message = (n: number): MessageRecord => ({
  id: `m${two(n)}`,
  version: 0,
  node: 'in',
  origin: 'poll',
  endpoint: 'sn1',
  entityType: 'incident',
  entityId: `5f${two(n)}`,
  number: `INC00100${two(n)}`,
  key: `k${n}`,
  receivedAt: at(n),
  state: 'settled',
  outcome: 'routed',
  emissions: 1,
  settledAt: at(n),
});

const delivery = (n: number): DeliveryRecord => ({
  id: `d${two(n)}`,
  version: 0,
  message: `m${two(n)}`,
  conversation: `c${n}`,
  node: 'out',
  endpoint: 'tmf1',
  entityType: 'troubleTicket',
  leg: '',
  part: 'entity',
  lane: `c${n}|tmf1`,
  state: 'delivered',
  tries: 1,
  attempts: [],
  answers: false,
  createdAt: at(n),
  updatedAt: at(n),
});

/** A store after some work: incidents received from `sn1` and sent to `tmf1`, and values without a row. */
export async function seedMessages(folder: string): Promise<void> {
  const numbers = Array.from({ length: COUNT }, (_, i) => i + 1);
  const changes = numbers.flatMap((n): Change[] => [
    {
      kind: 'message',
      record: message(n),
      bodies: { received: { sys_id: `5f${two(n)}` }, read: { table: 'incident', record: incident(n) } },
    },
    { kind: 'delivery', record: delivery(n) },
  ]);
  const unmapped = [{ mapping: 'Ours', direction: 'in', field: 'state, hold_reason', value: '99 / 7', times: 3 }];
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
  await store.commit([...changes, { kind: 'setting', key: 'unmapped', value: unmapped }]);
  await store.close();
}

/** Two partners, a mapping for each, and one for orders. */
export function mappingFlow(): { id: string; type: string; [setting: string]: unknown }[] {
  const copy = (name: string, own: string) => ({ ...structuredClone(presets().find((one) => one.name === name)), name: own });
  return [
    { id: 'tab', type: 'tab', label: 'Test' },
    { id: 'store1', type: 'switchboard-store', ...storeDefaults },
    {
      id: 'sn1',
      type: 'switchboard-servicenow-endpoint',
      ...serviceNowEndpointDefaults,
      name: 'Acme ServiceNow',
      auth: 'none',
      baseUrl: 'http://127.0.0.1:9',
      store: 'store1',
    },
    {
      id: 'tmf1',
      type: 'switchboard-tmf-endpoint',
      ...tmfEndpointDefaults,
      name: 'North Telecom',
      auth: 'none',
      baseUrl: 'http://127.0.0.1:9',
      store: 'store1',
    },
    { id: 'own', type: 'switchboard-mapping', name: 'Incidents', preset: '', mapping: copy('ServiceNow incident', 'Ours') },
    {
      id: 'tickets',
      type: 'switchboard-mapping',
      name: 'Tickets',
      preset: '',
      mapping: copy('TMF621 v4 trouble ticket', 'Theirs'),
    },
    { id: 'orders', type: 'switchboard-mapping', name: 'Orders', preset: '', mapping: copy('TMF622 v5 product order', 'Orders') },
    {
      id: 'small',
      type: 'switchboard-mapping',
      name: 'Small',
      preset: '',
      mapping: {
        name: 'Small',
        system: 'servicenow',
        entityType: 'incident',
        rules: [
          { field: 'short_description', generic: 'title', required: 'both' },
          { field: ['state', 'hold_reason'], generic: 'state', values: [{ partner: ['2', '*'], generic: 'inProgress' }] },
        ],
      },
    },
  ];
}
