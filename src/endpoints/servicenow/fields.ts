import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';

/** Choices are instances' own to change; these are the defaults (ServiceNow, default choices). */
const LEVELS = { '1': 'High', '2': 'Medium', '3': 'Low' };
const PRIORITIES = { '1': 'Critical', '2': 'High', '3': 'Moderate', '4': 'Low', '5': 'Planning' };

const shown = { readOnly: true };

/** A column that points to another record; its name is read along where it is asked for. */
const reference = (column: string, description: string, example?: string): CatalogField[] => [
  field('text', column, `${description}: sys_id`, { example }),
  field('text', `${column}_name`, `${description}: name`, shown),
];

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
  ...reference('assigned_to', 'Who works on it', '46d44a40a9fe19810012d100cca80666'),
  ...reference('assignment_group', 'The group that works on it', '287ebd7da9fe198100f92cc8d1d2154e'),
  ...reference('cmdb_ci', 'The configuration item affected', '109562a3c611227500a7b7ff98cc0dc7'),
  ...reference('business_service', 'The service affected', '27d32778c0a8000b00db970eeaa60f16'),
  ...reference('company', 'The company it is for'),
  ...reference('location', 'Where it is'),
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
  field('text', 'urgency', 'How soon it must be fixed', { values: LEVELS, example: '1' }),
];

const state = (name: string, values: Record<string, string>, example: string) =>
  field('text', name, 'Where it stands', { values, example });

const requester = (column: string, description: string) => reference(column, description, '77ad8176731313005754660c4cf6a7de');

const TASK_STATES = {
  '-5': 'Pending',
  '1': 'Open',
  '2': 'Work in Progress',
  '3': 'Closed Complete',
  '4': 'Closed Incomplete',
  '7': 'Closed Skipped',
};

/** Values of order management are their labels in small letters (ServiceNow, order management: state values). */
const ORDER_STATES = [
  'draft',
  'new',
  'in_progress',
  'awaiting_information',
  'scheduled',
  'on_hold',
  'assessing_cancellation',
  'cancellation_in_progress',
  'canceled',
  'rejected',
  'completed',
];

/** A line of a customer order. */
const ORDER_LINE: CatalogField[] = [
  field('text', 'external_id', 'Number of the line, chosen by the customer', { example: '1' }),
  field('text', 'number', 'The number people know the line by', { ...shown, example: 'ORDL0001001' }),
  field('text', 'action', 'What is to be done', { values: ['add', 'change', 'delete', 'no_change'], example: 'add' }),
  field('number', 'quantity', 'How many', { example: '1' }),
  field('text', 'category', 'What kind of thing it is'),
  ...reference('product_offering', 'The product offering', '0f1e2d3c4b5a69788796a5b4c3d2e1f0'),
  ...reference('product_specification', 'The product specification'),
  ...reference('product_inventory', 'The product that is changed or taken away'),
  field('text', 'short_description', 'One line that names it', { maxLength: 160, example: 'Fibre 1000' }),
  field('object', 'characteristics', 'Its characteristics, by name'),
  field('time', 'requested_start_date', 'When the customer wants it begun'),
  field('time', 'requested_end_date', 'When the customer wants it done'),
  field('time', 'expected_end_date', 'When it is expected to be done'),
  ...reference('location', 'Where it is delivered'),
  field('text', 'shipping_street', 'Where it is delivered: street'),
  field('text', 'shipping_zip', 'Where it is delivered: postcode'),
  field('text', 'shipping_city', 'Where it is delivered: city', { example: 'Hamburg' }),
  field('text', 'shipping_country', 'Where it is delivered: country'),
  ...reference('contact', 'Whom to ask there'),
  field('number', 'nrc', 'Its price, once'),
  field('number', 'mrc', 'Its price, every month'),
  field('text', 'currency', 'Currency, ISO 4217'),
  field('text', 'state', 'Where it stands', { values: ORDER_STATES, example: 'in_progress' }),
  field('text', 'correlation_display', 'Who has it, and its order’s number there', { maxLength: 100 }),
  field('text', 'work_notes', 'Says something only the own people see; reads as empty'),
];

/** A requested item of a service request. */
const REQUESTED_ITEM: CatalogField[] = [
  field('text', 'correlation_id', 'Number of the item, chosen by the customer', { example: '1' }),
  field('text', 'number', 'The number people know the item by', { ...shown, example: 'RITM0010001' }),
  ...reference('cat_item', 'The catalogue item', '04b7e94b4f7b4200086eeed18110c7fd'),
  field('number', 'quantity', 'How many', { example: '1' }),
  field('text', 'short_description', 'One line that names it', { maxLength: 160, example: 'Fibre 1000' }),
  field('object', 'variables', 'Its variables, by name'),
  field('time', 'due_date', 'When the customer wants it'),
  field('time', 'estimated_delivery', 'When it is expected'),
  ...reference('requested_for', 'Who it is for'),
  field('text', 'state', 'Where it stands', { values: TASK_STATES, example: '2' }),
  field('text', 'stage', 'Where the fulfilment stands; differs from item to item', { example: 'fulfillment' }),
  field('text', 'correlation_display', 'Who has it, and its order’s number there', { maxLength: 100 }),
  field('text', 'comments', 'Says something the customer sees; reads as empty'),
];

/** By entity type, as in the presets. */
export const FIELDS: Record<string, Catalog> = {
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
      ...requester('caller_id', 'Who reported it'),
      field('text', 'close_code', 'Kind of solution; needed when resolving'),
      field('time', 'resolved_at', 'When it was solved'),
      ...reference('parent_incident', 'The incident it belongs to'),
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
      ...requester('opened_by', 'Who opened it'),
      field('time', 'resolved_at', 'When it was solved'),
      field('text', 'cause_notes', 'The cause in words'),
      field('text', 'fix_notes', 'What fixes it, in words'),
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
      ...requester('requested_by', 'Who asks for it'),
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
      ...requester('requested_for', 'Who it is for'),
      field('text', 'approval', 'Approval', { values: ['requested', 'approved', 'rejected', 'not requested'] }),
      field('text', 'special_instructions', 'Anything else that matters'),
      ...IMPACT_URGENCY,
    ],
    items: { field: 'lines', fields: REQUESTED_ITEM },
  },
  order: {
    fields: [
      field('text', 'state', 'Where it stands', { values: ORDER_STATES, example: 'in_progress' }),
      ...TASK.filter(({ path }) => !/^location/.test(path)),
      ...reference('account', 'The customer’s account', 'c07ac3d0b7203300c9b71d4ee11a9a55'),
      ...reference('consumer', 'The customer, a person'),
      ...reference('contact', 'Whom to ask'),
      ...reference('location', 'Where it is delivered'),
      field('text', 'order_currency', 'Currency, ISO 4217', { example: 'EUR' }),
      field('time', 'requested_start_date', 'When the customer wants it begun', { example: '2026-03-10 08:00:00' }),
      field('time', 'requested_end_date', 'When the customer wants it done', { example: '2026-03-20 17:00:00' }),
      field('time', 'expected_end_date', 'When it is expected to be done'),
      field('time', 'actual_end_date', 'When it was done'),
    ],
    items: { field: 'lines', fields: ORDER_LINE },
  },
  requestItem: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      ...IMPACT_URGENCY,
      ...requester('requested_for', 'Who it is for'),
      field('text', 'stage', 'Where the fulfilment stands; differs from item to item', { example: 'fulfillment' }),
      ...reference('cat_item', 'The catalogue item'),
      field('number', 'quantity', 'How many', { example: '1' }),
      ...reference('request', 'The request it belongs to'),
    ],
  },
  catalogTask: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      ...IMPACT_URGENCY,
      ...reference('request_item', 'The request item it belongs to'),
      ...reference('request', 'The request it belongs to'),
    ],
  },
  case: {
    fields: [
      state('state', { '1': 'New', '10': 'Open', '18': 'Awaiting Info', '6': 'Resolved', '3': 'Closed' }, '10'),
      ...TASK,
      field('text', 'category', 'Category'),
      ...requester('contact', 'Who reported it'),
      ...reference('account', 'The customer’s account'),
      ...reference('product', 'The product it is about'),
      field('text', 'resolution_code', 'Kind of solution; needed when resolving'),
      field('text', 'cause', 'The cause in words'),
      field('time', 'resolved_at', 'When it was solved'),
    ],
  },
};
