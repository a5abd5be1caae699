import assert from 'node:assert/strict';
import { showsRow } from '../../../src/endpoints/servicenow/webhook.js';

const ORDER = 'a'.repeat(32);
const LINE = 'b'.repeat(32);
const row = (sys_id: string, sys_mod_count: string, sys_updated_on = '2026-11-29 12:00:00') => ({
  sys_id,
  sys_mod_count,
  sys_updated_on,
});
const entity = { table: 'orders', record: row(ORDER, '3'), lines: [row(LINE, '5')] };

describe('a ServiceNow record that was read shows a webhook', () => {
  it('about the record or one of its lines in this version or a later one', () => {
    for (const body of [row(ORDER, '3'), row(ORDER, '2', '2026-11-29 11:59:59'), { ...row(LINE, '5'), operation: 'update' }])
      assert.ok(showsRow(entity, body), JSON.stringify(body));
  });

  it('but not about a later one, even of the same second', () => {
    assert.ok(!showsRow(entity, row(ORDER, '4')));
    assert.ok(!showsRow(entity, row(LINE, '6')));
    assert.ok(!showsRow(entity, row(ORDER, '3', '2026-11-29 12:00:01')));
  });

  it('but not about a row that it does not have, or that is gone', () => {
    assert.ok(!showsRow(entity, row('c'.repeat(32), '0')));
    assert.ok(!showsRow({ ...entity, deleted: true }, row(ORDER, '3')));
  });

  it('but not where the webhook names no version, or is about a file or a deletion', () => {
    const { sys_mod_count: _, ...noCount } = row(ORDER, '3');
    assert.ok(!showsRow(entity, noCount));
    for (const operation of ['attachment', 'delete']) assert.ok(!showsRow(entity, { ...row(ORDER, '3'), operation }));
    const file = { ...row('c'.repeat(32), '0', '2026-11-29 11:00:00'), table_name: 'orders', table_sys_id: ORDER };
    assert.ok(!showsRow(entity, file));
  });
});
