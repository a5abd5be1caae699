import assert from 'node:assert/strict';
import { readWebhook } from '../../../src/endpoints/servicenow/webhook.js';

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

  it('is refused where neither table nor class is known', () => {
    for (const body of [
      { table: 'task' },
      { table: 'sys_attachment', table_name: 'incident' },
      { table: 'task', sys_class_name: 'u_own' },
    ])
      assert.throws(() => readWebhook({ sys_id: ID, ...body }, KNOWN, 'incident'), { code: 'SWB_PAYLOAD', field: 'table' });
  });
});
