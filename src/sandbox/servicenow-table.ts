/** Definition of a ServiceNow table. */
export interface Table {
  columns: ReadonlySet<string>;
  /** Prefix of record numbers. */
  prefix: string;
  /** Reference columns: each contains the sys_id of a row in the given table. */
  references: Readonly<Record<string, string>>;
  /** Valid values of choice columns; other values are dropped silently. */
  choices: Record<string, readonly string[]>;
  defaults: Record<string, string>;
  /** Priority is calculated from impact and urgency. */
  matrix: boolean;
  lengths: Record<string, number>;
}

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

const LEVELS = ['1', '2', '3'];
const PRIORITIES = ['1', '2', '3', '4', '5'];
const REFERENCES: Record<string, string> = {
  assigned_to: 'sys_user',
  assignment_group: 'sys_user_group',
  opened_by: 'sys_user',
  caller_id: 'sys_user',
  parent: 'task',
  parent_incident: 'incident',
  cmdb_ci: 'cmdb_ci',
  business_service: 'cmdb_ci_service',
  requested_for: 'sys_user',
  contact: 'customer_contact',
};

/** A table that extends `task`. */
export function task(prefix: string, more: string[], states: string[], extra: Partial<Table> = {}): Table {
  return {
    columns: new Set([...TASK, ...more]),
    prefix,
    matrix: true,
    lengths: { short_description: 160, description: 4000, correlation_id: 100, correlation_display: 100, close_notes: 4000 },
    ...extra,
    references: { ...REFERENCES, ...extra.references },
    choices: { state: states, impact: LEVELS, urgency: LEVELS, priority: PRIORITIES, ...extra.choices },
    defaults: { state: states[0] ?? '', impact: '3', urgency: '3', active: 'true', ...extra.defaults },
  };
}

/** Any other table. */
export function plain(columns: string[], references: Record<string, string> = {}): Table {
  return {
    columns: new Set([...SYSTEM, ...columns]),
    prefix: '',
    references,
    choices: {},
    defaults: {},
    matrix: false,
    lengths: {},
  };
}
