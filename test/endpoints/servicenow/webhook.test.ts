import assert from 'node:assert/strict';
import type { PostedEvent } from '../../../src/endpoints/posted-events.js';
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
