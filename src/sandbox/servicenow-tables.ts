import { CATALOGUE_TABLES, ORDER_TABLES } from './servicenow-order-tables.js';
import { plain, type Table, task } from './servicenow-table.js';

/** Tables, columns and choices of a standard ServiceNow instance that tickets and orders need. */
export const TABLES: Record<string, Table> = {
  incident: task(
    'INC',
    [
      'caller_id',
      'category',
      'subcategory',
      'hold_reason',
      'close_code',
      'incident_state',
      'resolved_at',
      'resolved_by',
      'parent_incident',
      'severity',
    ],
    ['1', '2', '3', '6', '7', '8'],
    {
      choices: {
        hold_reason: ['', '1', '3', '4', '5'],
        close_code: [
          '',
          'Duplicate',
          'Known error',
          'No resolution provided',
          'Resolved by caller',
          'Resolved by change',
          'Resolved by problem',
          'Resolved by request',
          'Solution provided',
          'Workaround provided',
          'User error',
        ],
        category: ['inquiry', 'software', 'hardware', 'network', 'database'],
      },
      defaults: { category: 'inquiry' },
    },
  ),
  problem: task('PRB', ['problem_state', 'resolution_code', 'resolved_at'], ['101', '102', '103', '104', '106', '107'], {
    choices: { resolution_code: ['', 'fix_applied', 'risk_accepted', 'canceled', 'duplicate'] },
  }),
  change_request: task(
    'CHG',
    ['type', 'on_hold', 'on_hold_reason', 'close_code', 'requested_by', 'category', 'start_date', 'end_date'],
    ['-5', '-4', '-3', '-2', '-1', '0', '3', '4'],
    {
      choices: { close_code: ['', 'successful', 'successful_issues', 'unsuccessful'], on_hold: ['true', 'false'] },
      defaults: { on_hold: 'false', type: 'normal' },
    },
  ),
  sn_customerservice_case: task(
    'CS',
    ['account', 'contact', 'category', 'resolution_code', 'resolved_at', 'cause'],
    ['1', '10', '18', '6', '3'],
    {
      matrix: false,
      choices: { priority: ['1', '2', '3', '4'] },
      defaults: { priority: '4' },
    },
  ),
  ...CATALOGUE_TABLES,
  ...ORDER_TABLES,
  sys_user: plain(['user_name', 'name', 'email', 'time_zone', 'active']),
  sys_choice: plain(['name', 'element', 'value', 'label', 'language', 'inactive', 'sequence']),
  sys_db_object: plain(['name', 'label', 'super_class'], { super_class: 'sys_db_object' }),
  sys_dictionary: plain([
    'name',
    'element',
    'column_label',
    'internal_type',
    'mandatory',
    'read_only',
    'max_length',
    'reference',
    'active',
  ]),
  sys_audit: plain(['tablename', 'fieldname', 'documentkey', 'oldvalue', 'newvalue', 'user']),
  sys_journal_field: plain(['element', 'element_id', 'name', 'value']),
  sys_attachment: plain(['file_name', 'content_type', 'size_bytes', 'table_name', 'table_sys_id', 'hash', 'download_link']),
};

/** Journal columns: they can be written, but reads return them empty. */
export const JOURNALS = new Set(['comments', 'work_notes']);

/** Priority by impact and urgency (ServiceNow, incident priority look-up). */
const MATRIX: Record<string, string> = { 11: '1', 12: '2', 13: '3', 21: '2', 22: '3', 23: '4', 31: '3', 32: '4', 33: '5' };

export function priorityOf(impact: string, urgency: string): string {
  return MATRIX[impact + urgency] ?? '5';
}
