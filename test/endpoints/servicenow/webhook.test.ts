import assert from 'node:assert/strict';
import type { PostedEvent } from '../../../src/endpoints/posted-events.js';
import { readWebhook } from '../../../src/endpoints/servicenow/webhook.js';
import { SwitchboardError } from '../../../src/errors.js';

const ID = 'a'.repeat(32);
const KNOWN = [
  { name: 'incident', table: 'incident' },
  { name: 'problem', table: 'problem' },
  { name: 'case', table: 'sn_customerservice_case' },
  { name: 'request', table: 'sc_request' },
];

describe('the body of a business rule', () => {
  for (const [what, body, type] of [
    ['its table', { table: 'problem' }, 'problem'],
    ['its entity type', { table: 'case' }, 'case'],
    ['the parent table and the class', { table: 'task', sys_class_name: 'incident' }, 'incident'],
    [
      'the parent table and the class, as a display value',
      { table: 'task', sys_class_name: { value: 'problem', display_value: 'Problem' } },
      'problem',
    ],
    ['the parent table and the label of the class', { table: 'task', sys_class_name: 'Incident' }, 'incident'],
    ['the class alone', { sys_class_name: { value: 'sn_customerservice_case', display_value: 'Case' } }, 'case'],
    ['the parent table under another name', { table_name: 'task', record_type: 'problem' }, 'problem'],
    ['a known table, and a class of its own that extends it', { table: 'incident', sys_class_name: 'u_incident' }, 'incident'],
    [
      'the parent table, and the class of a line',
      { table: 'task', sys_class_name: 'sc_req_item', request: 'b'.repeat(32) },
      'request',
    ],
    ['the default', {}, 'incident'],
  ] as const)
    it(`has its record type by ${what}`, () => {
      const hint = readWebhook({ sys_id: ID, ...body }, KNOWN, 'incident');
      assert.deepEqual([hint.entityType, hint.id], [type, type === 'request' ? 'b'.repeat(32) : ID]);
    });

  for (const [what, body, type] of [
    ['a label of several words', { table: 'task', sys_class_name: 'Catalog Task' }, 'catalogTask'],
    [
      'the parent table in an envelope',
      { event: 'changed', data: { table: 'task', sys_class_name: 'problem', sys_id: ID } },
      'problem',
    ],
    ['its table in the envelope', { table: 'problem', record: { sys_id: { value: ID, display_value: 'PRB1' } } }, 'problem'],
    ['an address of the record', { link: `https://acme.example/problem.do?sysparm_view=x&sys_id=${ID}` }, 'problem'],
    ['an encoded address', { url: `https://acme.example/nav_to.do?uri=problem.do%3Fsys_id%3D${ID}` }, 'problem'],
    ['a path of the API', { resourcePath: `/api/now/table/problem/${ID}` }, 'problem'],
    ['other names', { table_name: 'problem', document_id: ID, sys_id: 'c'.repeat(32) }, 'problem'],
  ] as const)
    it(`names its record by ${what}`, () => {
      const known = [...KNOWN, { name: 'catalogTask', table: 'sc_task' }];
      const hint = readWebhook({ ...(what.startsWith('a label') && { sys_id: ID }), ...body }, known, 'incident');
      assert.deepEqual([hint.entityType, hint.id], [type, ID]);
    });

  const PART = 'c'.repeat(32);
  for (const [what, body, type] of [
    ['an attachment', { table: 'sys_attachment', sys_id: PART, table_name: 'problem', table_sys_id: ID }, 'problem'],
    ['an attachment without its own table', { sys_id: PART, table_name: 'problem', table_sys_id: { value: ID } }, 'problem'],
    ['a preview of an attachment', { table: 'sys_attachment', table_name: 'ZZ_YYproblem', table_sys_id: ID }, 'problem'],
    ['a journal entry', { table: 'sys_journal_field', sys_id: PART, name: 'problem', element_id: ID }, 'problem'],
    ['a journal entry of the parent table', { table: 'sys_journal_field', name: 'task', element_id: ID }, 'incident'],
    ['an audit entry', { table: 'sys_audit', sys_id: PART, tablename: 'problem', documentkey: ID }, 'problem'],
    ['an e-mail', { table: 'sys_email', sys_id: PART, target_table: 'problem', instance: ID }, 'problem'],
    ['an approval', { table: 'sysapproval_approver', sys_id: PART, source_table: 'problem', document_id: ID }, 'problem'],
    ['an event of the instance', { table: 'problem', instance: ID, name: 'problem.updated' }, 'problem'],
  ] as const)
    it(`is a hint for the record of ${what}`, () => {
      const hint = readWebhook({ ...body, sys_updated_on: '2026-03-01 08:00:00', sys_mod_count: '0' }, KNOWN, 'incident');
      assert.deepEqual([hint.entityType, hint.id], [type, ID]);
      if (!what.startsWith('an event')) assert.equal(hint.expects, undefined, 'the row of a part has a version of its own');
    });

  it('is a hint for the request of an attachment or a variable of an item', () => {
    const bodies: PostedEvent[] = [
      { table: 'sys_attachment', table_name: 'sc_req_item', table_sys_id: ID },
      { table: 'sc_item_option_mtom', sys_id: PART, request_item: ID },
    ];
    for (const body of bodies) {
      const { entityType, id } = readWebhook(body, KNOWN, 'incident');
      assert.deepEqual([entityType, id], ['request', `line/${ID}`]);
    }
  });

  const FORMS: [string, PostedEvent][] = [
    [
      'current',
      { current: { sys_id: { value: ID }, sys_class_name: { value: 'problem' } }, previous: { sys_id: { value: PART } } },
    ],
    ['current without a class', { table: 'problem', operation: 'update', current: { sys_id: { value: ID, display_value: ID } } }],
    ['camel case', { tableName: 'problem', sysId: ID }],
    ['record_sys_id', { table_name: 'problem', record_sys_id: ID }],
    ['camel case of that', { tableName: 'problem', recordSysId: ID }],
    ['capitals', { TABLE: 'problem', SYS_ID: ID.toUpperCase() }],
    ['an id', { table: 'problem', id: ID }],
    ['the record as a sys_id', { table: 'problem', record: ID }],
    ['the subject of a CloudEvent', { specversion: '1.0', id: 'b'.repeat(32), subject: `problem/${ID}` }],
    ['an envelope of any name', { source: 'x', ticket_update: { table: 'problem', sys_id: ID } }],
    ['an envelope with values', { ticket_update: { sys_class_name: { value: 'problem' }, sys_id: { value: ID, link: 'x' } } }],
    ['a list in an envelope of any name', { changes: [{ table: 'problem', sys_id: ID }] }],
  ];
  for (const [what, body] of FORMS)
    it(`is found as ${what}`, () => {
      const hint = readWebhook(body, KNOWN, 'incident');
      assert.deepEqual([hint.entityType, hint.id], ['problem', ID]);
    });

  it('is none where an envelope of any name has several records, or only a value', () => {
    const several = { changes: [ID, PART].map((sys_id) => ({ table: 'problem', sys_id })) };
    for (const body of [several, { caller: { link: `https://x/api/now/table/sys_user/${ID}`, value: ID } }])
      assert.throws(() => readWebhook(body, KNOWN, 'incident'), { code: 'SWB_PAYLOAD', message: /sys_id is missing/ });
  });

  for (const [what, body, message, hint] of [
    ['a missing table', { table: 'u_own', sys_id: ID }, /"u_own" is not/, /Add it in the endpoint/],
    ['the parent table', { table: 'task', sys_id: ID }, /"task"/, /sys_class_name/],
    ['a part that names no record', { table: 'sys_attachment', sys_id: ID }, /sys_attachment/, /table_name and table_sys_id/],
    [
      'a journal entry that names no record',
      { table: 'sys_journal_field', sys_id: ID },
      /sys_journal_field/,
      /name and element_id/,
    ],
    ['what is no table', { table: 'All of them!', sys_id: ID }, /"All of them!"/, /name of the record’s table/],
  ] as const)
    it(`has advice that fits: ${what}`, () => {
      const isIt = (error: unknown) =>
        error instanceof SwitchboardError &&
        message.test(error.message) &&
        hint.test(error.hint ?? '') &&
        error.field === 'table';
      assert.throws(() => readWebhook(body, KNOWN, 'incident'), isIt);
    });

  it('may have only the number of its record', () => {
    const { id, number, entityType } = readWebhook({ table: 'problem', number: 'PRB0000007' }, KNOWN, 'incident');
    assert.deepEqual([id, number, entityType], ['', 'PRB0000007', 'problem']);
  });

  it('is read as quickly where an address is hostile', () => {
    const url = 'a'.repeat(1_000_000);
    assert.throws(() => readWebhook({ table: 'incident', url }, KNOWN, 'incident'), { code: 'SWB_PAYLOAD' });
  });

  it('is refused where neither table nor class is known', () => {
    const bodies: PostedEvent[] = [
      { table: 'task' },
      { table: 'sys_attachment', table_name: 'incident' },
      { table: 'task', sys_class_name: 'u_own' },
    ];
    for (const body of bodies)
      assert.throws(() => readWebhook({ sys_id: ID, ...body }, KNOWN, 'incident'), { code: 'SWB_PAYLOAD', field: 'table' });
  });
});
