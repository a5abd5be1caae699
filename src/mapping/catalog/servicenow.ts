import { type Catalog, type CatalogField, field } from './field.js';

/** Choices are instances' own to change; these are the defaults (ServiceNow, default choices). */
const LEVELS = { '1': 'High', '2': 'Medium', '3': 'Low' };
const PRIORITIES = { '1': 'Critical', '2': 'High', '3': 'Moderate', '4': 'Low', '5': 'Planning' };

const shown = { readOnly: true };

/** What every task table has. */
const TASK: CatalogField[] = [
  field('text', 'short_description', 'One line that names the matter', {
    required: true,
    maxLength: 160,
    example: 'Line down in Hamburg',
  }),
  field('text', 'description', 'The matter in full', { maxLength: 4000, example: 'No signal since 08:15, both routers.' }),
  field('text', 'number', 'The number people know it by', { ...shown, example: 'INC0010023' }),
  field('text', 'priority', 'In which order it is worked on; computed from impact and urgency', {
    values: PRIORITIES,
    example: '2',
  }),
  field('text', 'contact_type', 'How it came in', {
    values: ['email', 'phone', 'self-service', 'walk-in', 'monitoring'],
    example: 'monitoring',
  }),
  field('text', 'assigned_to', 'Who works on it: sys_id of a user', { example: '46d44a40a9fe19810012d100cca80666' }),
  field('text', 'assignment_group', 'The group that works on it: sys_id', { example: '287ebd7da9fe198100f92cc8d1d2154e' }),
  field('text', 'cmdb_ci', 'The configuration item affected: sys_id', { example: '109562a3c611227500a7b7ff98cc0dc7' }),
  field('text', 'business_service', 'The service affected: sys_id', { example: '27d32778c0a8000b00db970eeaa60f16' }),
  field('text', 'company', 'The company it is for: sys_id'),
  field('text', 'location', 'Where it is: sys_id of a location'),
  field('text', 'comments', 'Says something the customer sees; reads as empty'),
  field('text', 'work_notes', 'Says something only the own people see; reads as empty'),
  field('text', 'close_notes', 'The solution in words; needed when resolving', { maxLength: 4000 }),
  field('text', 'correlation_id', 'Our reference; Switchboard writes it', { ...shown, maxLength: 100 }),
  field('text', 'correlation_display', 'The counterpart’s number, for people to read', { maxLength: 100 }),
  field('time', 'opened_at', 'When it was opened', { example: '2026-03-02 08:20:11' }),
  field('time', 'due_date', 'When it is due', { example: '2026-03-03 17:00:00' }),
  field('time', 'closed_at', 'When it was closed'),
  field('boolean', 'active', 'Is it open?', { values: ['true', 'false'], example: 'true' }),
  field('text', 'sys_id', 'Id of the record', { ...shown, example: '9c573169c611228700193229fff72400' }),
  field('time', 'sys_created_on', 'When the record was made', { ...shown, example: '2026-03-02 08:20:11' }),
  field('text', 'sys_created_by', 'Who made the record', shown),
  field('time', 'sys_updated_on', 'When the record was changed last', { ...shown, example: '2026-03-02 09:01:40' }),
  field('text', 'sys_updated_by', 'Who changed the record last', shown),
];

const IMPACT_URGENCY: CatalogField[] = [
  field('text', 'impact', 'How many are affected', { values: LEVELS, example: '2' }),
  field('text', 'urgency', 'How soon it must be mended', { values: LEVELS, example: '1' }),
];

const state = (name: string, values: Record<string, string>, example: string) =>
  field('text', name, 'Where it stands', { values, example });

const requester = (name: string, description: string) =>
  field('text', name, `${description}: sys_id of a user`, { example: '77ad8176731313005754660c4cf6a7de' });

const TASK_STATES = {
  '-5': 'Pending',
  '1': 'Open',
  '2': 'Work in Progress',
  '3': 'Closed Complete',
  '4': 'Closed Incomplete',
  '7': 'Closed Skipped',
};

/** By entity type, as in the presets. */
export const servicenow: Record<string, Catalog> = {
  incident: {
    fields: [
      state('state', { '1': 'New', '2': 'In Progress', '3': 'On Hold', '6': 'Resolved', '7': 'Closed', '8': 'Canceled' }, '2'),
      field('text', 'hold_reason', 'What it waits for, while on hold', {
        values: { '1': 'Awaiting Caller', '3': 'Awaiting Problem', '4': 'Awaiting Vendor', '5': 'Awaiting Change' },
      }),
      ...TASK,
      ...IMPACT_URGENCY,
      field('text', 'category', 'Category', {
        values: ['inquiry', 'software', 'hardware', 'network', 'database'],
        example: 'network',
      }),
      field('text', 'subcategory', 'Subcategory; its values depend on the category'),
      requester('caller_id', 'Who reported it'),
      field('text', 'close_code', 'Kind of solution; needed when resolving'),
      field('time', 'resolved_at', 'When it was solved'),
      field('text', 'parent_incident', 'The incident it belongs to: sys_id'),
    ],
  },
  problem: {
    fields: [
      state(
        'state',
        {
          '101': 'New',
          '102': 'Assess',
          '103': 'Root Cause Analysis',
          '104': 'Fix in Progress',
          '106': 'Resolved',
          '107': 'Closed',
        },
        '102',
      ),
      field('text', 'resolution_code', 'Kind of solution', {
        values: ['fix_applied', 'risk_accepted', 'canceled', 'duplicate'],
      }),
      ...TASK,
      ...IMPACT_URGENCY,
      requester('opened_by', 'Who opened it'),
      field('time', 'resolved_at', 'When it was solved'),
      field('text', 'cause_notes', 'The cause in words'),
      field('text', 'fix_notes', 'What mends it, in words'),
      field('text', 'workaround', 'What helps until then'),
    ],
  },
  change: {
    fields: [
      state(
        'state',
        {
          '-5': 'New',
          '-4': 'Assess',
          '-3': 'Authorize',
          '-2': 'Scheduled',
          '-1': 'Implement',
          '0': 'Review',
          '3': 'Closed',
          '4': 'Canceled',
        },
        '-1',
      ),
      field('boolean', 'on_hold', 'Does it rest?', { values: ['true', 'false'], example: 'false' }),
      ...TASK,
      ...IMPACT_URGENCY,
      field('text', 'type', 'Kind of change', { values: ['normal', 'standard', 'emergency'], example: 'normal' }),
      field('text', 'risk', 'Risk', { values: { '2': 'High', '3': 'Moderate', '4': 'Low' } }),
      field('text', 'category', 'Category'),
      requester('requested_by', 'Who asks for it'),
      field('time', 'start_date', 'When it is planned to begin'),
      field('time', 'end_date', 'When it is planned to be done', { example: '2026-03-04 04:00:00' }),
      field('text', 'close_code', 'How it went', { values: ['successful', 'successful_issues', 'unsuccessful'] }),
      field('text', 'justification', 'Why it is needed'),
      field('text', 'implementation_plan', 'How it is done'),
      field('text', 'backout_plan', 'How it is undone'),
    ],
  },
  request: {
    fields: [
      state(
        'request_state',
        {
          requested: 'Pending Approval',
          in_process: 'Approved',
          closed_complete: 'Closed Complete',
          closed_incomplete: 'Closed Incomplete',
          closed_cancelled: 'Closed Cancelled',
          closed_rejected: 'Closed Rejected',
        },
        'in_process',
      ),
      ...TASK,
      requester('requested_for', 'Who it is for'),
      field('text', 'approval', 'Approval', { values: ['requested', 'approved', 'rejected', 'not requested'] }),
      field('text', 'special_instructions', 'Anything else that matters'),
    ],
  },
  requestItem: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      requester('requested_for', 'Who it is for'),
      field('text', 'stage', 'Where the fulfilment stands; differs from item to item', { example: 'fulfillment' }),
      field('text', 'cat_item', 'The catalogue item: sys_id'),
      field('number', 'quantity', 'How many', { example: '1' }),
      field('text', 'request', 'The request it belongs to: sys_id'),
    ],
  },
  catalogTask: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      field('text', 'request_item', 'The request item it belongs to: sys_id'),
      field('text', 'request', 'The request it belongs to: sys_id'),
    ],
  },
  case: {
    fields: [
      state('state', { '1': 'New', '10': 'Open', '18': 'Awaiting Info', '6': 'Resolved', '3': 'Closed' }, '10'),
      ...TASK,
      field('text', 'category', 'Category'),
      requester('contact', 'Who reported it'),
      field('text', 'account', 'The customer’s account: sys_id'),
      field('text', 'product', 'The product it is about: sys_id'),
      field('text', 'resolution_code', 'Kind of solution; needed when resolving'),
      field('text', 'cause', 'The cause in words'),
      field('time', 'resolved_at', 'When it was solved'),
    ],
  },
};
