import assert from 'node:assert/strict';
import type { ContractCase, Part } from '../../../test/endpoints/contract-case.js';
import { basic, commentsIn, contractClient, withReference } from '../../../test/endpoints/contract-client.js';
import type { RawEntity } from '../endpoint.js';
import { servicenow } from './system.js';

const HANGING: Part[] = [
  { name: 'the journal', path: 'sys_journal_field' },
  { name: 'the attachments', path: '/attachment' },
];

/** Records of one table. `lines`: those of the records, where they have any. */
function records(
  entityType: string,
  table: string,
  lines: Part[],
  more: Pick<ContractCase, 'fields' | 'change' | 'whole'>,
): ContractCase {
  const hanging = [...HANGING, ...lines];
  const single = lines.length === 0;
  return {
    name: `ServiceNow, ${entityType}s`,
    entityType,
    calls: {
      find: ['list'],
      findByNumber: ['list', 'read'],
      read: ['list', 'read'],
      readTogether: ['list'],
      poll: ['list'],
      findComment: ['list'],
      findAttachment: ['list'],
      // A record with lines is searched before it is created, and read after each write.
      create: single ? ['create'] : ['list', 'read', 'create'],
      ...(single && { createAgain: ['create'] }),
      update: single ? ['change'] : ['list', 'read', 'change'],
      comment: ['change'],
      attach: ['create'],
    },
    parts: {
      read: hanging,
      readTogether: [{ name: 'the records', path: `table/${table}` }, ...hanging],
      poll: [
        { name: 'the records', path: `table/${table}`, key: 'rec|' },
        { name: 'the journals', path: 'sys_journal_field', key: 'jrn|' },
        { name: 'the attachments', path: 'sys_attachment', key: 'att|' },
      ],
      // An update compares only lines and their values; answers to writes show the rest.
      ...(!single && { create: hanging, update: lines }),
    },
    client: (sandbox, url = sandbox.url) =>
      contractClient(servicenow, {
        url: `${url}/servicenow`,
        auth: basic(sandbox.environment.SANDBOX_SERVICENOW_PASSWORD),
        settings: { entityTypes: [{ name: entityType, table, fields: '' }], integrationUser: 'switchboard' },
      }),
    desk: (sandbox) => sandbox.servicenow,
    ...more,
    withReference: (sandbox, reference) => withReference(sandbox.servicenow, table, reference),
    answersAsKept: true,
    identifies: true,
    said: (sandbox, id) => commentsIn(sandbox.servicenow, id),
    says: (sandbox, id, text) => void sandbox.servicenow.comment(table, id, text, 'agent'),
    attaches: (sandbox, id, name) =>
      void sandbox.servicenow.attach(table, id, name, 'text/plain', Buffer.from('theirs'), 'agent'),
  };
}

const hasLines = (values: string) => (raw: RawEntity) =>
  assert.deepEqual(
    (raw.lines as Record<string, { colour?: string; model?: string }>[]).map(
      (line) => line[values]?.colour ?? line[values]?.model,
    ),
    ['black'],
  );

const incidents = records('incident', 'incident', [], {
  fields: { short_description: 'x', impact: '2', urgency: '2' },
  change: { short_description: 'changed' },
});

const orders = records(
  'order',
  'sn_ind_tmt_orm_order',
  [
    { name: 'the lines', path: 'order_line_item' },
    { name: 'the characteristics', path: 'characteristic_value' },
  ],
  {
    fields: {
      short_description: 'x',
      state: 'new',
      lines: [{ external_id: '1', short_description: 'Phone', quantity: 2, action: 'add', characteristics: { colour: 'black' } }],
    },
    change: { short_description: 'changed' },
    whole: hasLines('characteristics'),
  },
);

const requests = records(
  'request',
  'sc_request',
  [
    { name: 'the items', path: 'sc_req_item' },
    { name: 'the variables', path: 'sc_item_option_mtom' },
  ],
  {
    fields: {
      short_description: 'x',
      lines: [{ correlation_id: '1', cat_item_name: 'Laptop', quantity: 1, variables: { model: 'black' } }],
    },
    change: { short_description: 'changed' },
    whole: hasLines('variables'),
  },
);

export const CASES: ContractCase[] = [incidents, orders, requests];
