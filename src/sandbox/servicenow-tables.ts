/** Tables, columns and choices of a ServiceNow instance as it comes, as far as tickets need them. */

const SYSTEM = [
  'sys_id',
  'sys_created_on',
  'sys_created_by',
  'sys_updated_on',
  'sys_updated_by',
  'sys_mod_count',
  'sys_class_name',
];
const TASK = [
  ...SYSTEM,
  'number',
  'short_description',
  'description',
  'state',
  'priority',
  'impact',
  'urgency',
  'assigned_to',
  'assignment_group',
  'opened_by',
  'opened_at',
  'closed_at',
  'due_date',
  'parent',
  'cmdb_ci',
  'business_service',
  'contact_type',
  'correlation_id',
  'correlation_display',
  'close_notes',
  'comments',
  'work_notes',
  'active',
];

export interface Table {
  columns: ReadonlySet<string>;
  /** Before the number. */
  prefix: string;
  references: ReadonlySet<string>;
  /** Values that a choice column takes; anything else is dropped silently. */
  choices: Record<string, readonly string[]>;
  defaults: Record<string, string>;
  /** Priority follows from impact and urgency. */
  matrix: boolean;
  lengths: Record<string, number>;
}

const LEVELS = ['1', '2', '3'];
const PRIORITIES = ['1', '2', '3', '4', '5'];
const REFERENCES = new Set([
  'assigned_to',
  'assignment_group',
  'opened_by',
  'caller_id',
  'parent',
  'parent_incident',
  'cmdb_ci',
  'business_service',
  'requested_for',
  'contact',
]);

function task(prefix: string, more: string[], states: string[], extra: Partial<Table> = {}): Table {
  return {
    columns: new Set([...TASK, ...more]),
    prefix,
    references: REFERENCES,
    matrix: true,
    lengths: { short_description: 160, description: 4000, correlation_id: 100, correlation_display: 100, close_notes: 4000 },
    ...extra,
    choices: { state: states, impact: LEVELS, urgency: LEVELS, priority: PRIORITIES, ...extra.choices },
    defaults: { state: states[0] ?? '', impact: '3', urgency: '3', active: 'true', ...extra.defaults },
  };
}

const plain = (columns: string[]): Table => ({
  columns: new Set([...SYSTEM, ...columns]),
  prefix: '',
  references: new Set(),
  choices: {},
  defaults: {},
  matrix: false,
  lengths: {},
});

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
  sc_request: task('REQ', ['request_state', 'requested_for', 'stage'], ['1', '2', '3', '4'], {
    matrix: false,
    choices: {
      request_state: ['requested', 'in_process', 'closed_complete', 'closed_incomplete', 'closed_cancelled', 'closed_rejected'],
    },
    defaults: { request_state: 'requested' },
  }),
  sc_req_item: task('RITM', ['request', 'requested_for', 'stage', 'cat_item', 'quantity'], ['1', '2', '-5', '3', '4', '7'], {
    matrix: false,
  }),
  sc_task: task('SCTASK', ['request_item', 'request'], ['1', '2', '-5', '3', '4', '7'], { matrix: false }),
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
  sys_user: plain(['user_name', 'name', 'email', 'time_zone', 'active']),
  sys_choice: plain(['name', 'element', 'value', 'label', 'language', 'inactive']),
  sys_journal_field: plain(['element', 'element_id', 'name', 'value']),
  sys_attachment: plain(['file_name', 'content_type', 'size_bytes', 'table_name', 'table_sys_id', 'hash', 'download_link']),
};

/** Written, never read back. */
export const JOURNALS = new Set(['comments', 'work_notes']);

/** priority by impact and urgency (ServiceNow, incident priority look-up). */
const MATRIX: Record<string, string> = { 11: '1', 12: '2', 13: '3', 21: '2', 22: '3', 23: '4', 31: '3', 32: '4', 33: '5' };

export function priorityOf(impact: string, urgency: string): string {
  return MATRIX[impact + urgency] ?? '5';
}
