import { type Catalog, type CatalogField, field } from '../../mapping/catalog/field.js';

/** Default choices (ServiceNow, default choices); instances can change them. */
const LEVELS = { '1': 'High', '2': 'Medium', '3': 'Low' };
const PRIORITIES = { '1': 'Critical', '2': 'High', '3': 'Moderate', '4': 'Low', '5': 'Planning' };

const READ_ONLY = { readOnly: true };

/** A reference to another record; its display name is read too if a mapping uses it. */
const reference = (column: string, description: string, example?: string): CatalogField[] => [
  field('text', column, `${description}: sys_id`, { example }),
  field('text', `${column}_name`, `${description}: name`, READ_ONLY),
];

/** Columns of every task table. */
const TASK: CatalogField[] = [
  field('text', 'short_description', 'Short summary', {
    required: true,
    maxLength: 160,
    example: 'Line down in Hamburg',
  }),
  field('text', 'description', 'Full description', { maxLength: 4000, example: 'No signal since 08:15, both routers.' }),
  field('text', 'number', 'Human-readable number', { ...READ_ONLY, example: 'INC0010023' }),
  field('text', 'priority', 'Priority; calculated from impact and urgency', {
    values: PRIORITIES,
    example: '2',
  }),
  field('text', 'contact_type', 'Channel through which it was reported', {
    values: ['email', 'phone', 'self-service', 'walk-in', 'monitoring'],
    example: 'monitoring',
  }),
  ...reference('assigned_to', 'Assigned user', '46d44a40a9fe19810012d100cca80666'),
  ...reference('assignment_group', 'Assignment group', '287ebd7da9fe198100f92cc8d1d2154e'),
  ...reference('cmdb_ci', 'Affected configuration item', '109562a3c611227500a7b7ff98cc0dc7'),
  ...reference('business_service', 'Affected service', '27d32778c0a8000b00db970eeaa60f16'),
  ...reference('company', 'Company'),
  ...reference('location', 'Location'),
  field('text', 'comments', 'Adds a comment that the customer can see; always empty when read'),
  field('text', 'work_notes', 'Adds a work note that only internal users can see; always empty when read'),
  field('text', 'close_notes', 'Resolution notes; required to resolve', { maxLength: 4000 }),
  field('text', 'correlation_id', 'Our reference, set by Switchboard', { ...READ_ONLY, maxLength: 100 }),
  field('text', 'correlation_display', 'The other party’s ticket number, for information', { maxLength: 100 }),
  field('time', 'opened_at', 'Opened at', { example: '2026-03-02 08:20:11' }),
  field('time', 'due_date', 'Due date', { example: '2026-03-03 17:00:00' }),
  field('time', 'closed_at', 'Closed at'),
  field('boolean', 'active', 'Whether it is open', { values: ['true', 'false'], example: 'true' }),
  field('text', 'sys_id', 'Record id', { ...READ_ONLY, example: '9c573169c611228700193229fff72400' }),
  field('time', 'sys_created_on', 'Created at', { ...READ_ONLY, example: '2026-03-02 08:20:11' }),
  field('text', 'sys_created_by', 'Created by', READ_ONLY),
  field('time', 'sys_updated_on', 'Last updated at', { ...READ_ONLY, example: '2026-03-02 09:01:40' }),
  field('text', 'sys_updated_by', 'Last updated by', READ_ONLY),
];

const IMPACT_URGENCY: CatalogField[] = [
  field('text', 'impact', 'Impact: how many users are affected', { values: LEVELS, example: '2' }),
  field('text', 'urgency', 'Urgency: how soon it must be resolved', { values: LEVELS, example: '1' }),
];

const state = (name: string, values: Record<string, string>, example: string) =>
  field('text', name, 'State', { values, example });

const requester = (column: string, description: string) => reference(column, description, '77ad8176731313005754660c4cf6a7de');

const TASK_STATES = {
  '-5': 'Pending',
  '1': 'Open',
  '2': 'Work in Progress',
  '3': 'Closed Complete',
  '4': 'Closed Incomplete',
  '7': 'Closed Skipped',
};

/** State values are the labels in lower case (ServiceNow, order management: state values). */
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
  field('text', 'external_id', 'Line number, assigned by the customer', { example: '1' }),
  field('text', 'number', 'Human-readable line number', { ...READ_ONLY, example: 'ORDL0001001' }),
  field('text', 'action', 'Action', { values: ['add', 'change', 'delete', 'no_change'], example: 'add' }),
  field('number', 'quantity', 'Quantity', { example: '1' }),
  field('text', 'category', 'Category'),
  ...reference('product_offering', 'Product offering', '0f1e2d3c4b5a69788796a5b4c3d2e1f0'),
  ...reference('product_specification', 'Product specification'),
  ...reference('product_inventory', 'Existing product to change or remove'),
  field('text', 'short_description', 'Short summary', { maxLength: 160, example: 'Fibre 1000' }),
  field('object', 'characteristics', 'Characteristics, by name'),
  field('time', 'requested_start_date', 'Start date requested by the customer'),
  field('time', 'requested_end_date', 'Completion date requested by the customer'),
  field('time', 'expected_end_date', 'Expected completion date'),
  ...reference('location', 'Delivery location'),
  field('text', 'shipping_street', 'Delivery address: street'),
  field('text', 'shipping_zip', 'Delivery address: postcode'),
  field('text', 'shipping_city', 'Delivery address: city', { example: 'Hamburg' }),
  field('text', 'shipping_country', 'Delivery address: country'),
  ...reference('contact', 'On-site contact'),
  field('number', 'nrc', 'One-time price'),
  field('number', 'mrc', 'Monthly price'),
  field('text', 'currency', 'Currency, ISO 4217'),
  field('text', 'state', 'State', { values: ORDER_STATES, example: 'in_progress' }),
  field('text', 'correlation_display', 'Vendor, and its order number', { maxLength: 100 }),
  field('text', 'work_notes', 'Adds a work note that only internal users can see; always empty when read'),
];

/** A requested item of a service request. */
const REQUESTED_ITEM: CatalogField[] = [
  field('text', 'correlation_id', 'Item number, assigned by the customer', { example: '1' }),
  field('text', 'number', 'Human-readable item number', { ...READ_ONLY, example: 'RITM0010001' }),
  ...reference('cat_item', 'Catalogue item', '04b7e94b4f7b4200086eeed18110c7fd'),
  field('number', 'quantity', 'Quantity', { example: '1' }),
  field('text', 'short_description', 'Short summary', { maxLength: 160, example: 'Fibre 1000' }),
  field('object', 'variables', 'Variables, by name'),
  field('time', 'due_date', 'Date requested by the customer'),
  field('time', 'estimated_delivery', 'Expected delivery date'),
  ...reference('requested_for', 'Requested for'),
  field('text', 'state', 'State', { values: TASK_STATES, example: '2' }),
  field('text', 'stage', 'Fulfilment stage; its values depend on the catalogue item', { example: 'fulfillment' }),
  field('text', 'correlation_display', 'Vendor, and its order number', { maxLength: 100 }),
  field('text', 'comments', 'Adds a comment that the customer can see; always empty when read'),
];

/** By entity type, as in the presets. */
export const FIELDS: Record<string, Catalog> = {
  incident: {
    fields: [
      state('state', { '1': 'New', '2': 'In Progress', '3': 'On Hold', '6': 'Resolved', '7': 'Closed', '8': 'Canceled' }, '2'),
      field('text', 'hold_reason', 'Reason for being on hold', {
        values: { '1': 'Awaiting Caller', '3': 'Awaiting Problem', '4': 'Awaiting Vendor', '5': 'Awaiting Change' },
      }),
      ...TASK,
      ...IMPACT_URGENCY,
      field('text', 'category', 'Category', {
        values: ['inquiry', 'software', 'hardware', 'network', 'database'],
        example: 'network',
      }),
      field('text', 'subcategory', 'Subcategory; its values depend on the category'),
      ...requester('caller_id', 'Caller'),
      field('text', 'close_code', 'Resolution code; required to resolve'),
      field('time', 'resolved_at', 'Resolved at'),
      ...reference('parent_incident', 'Parent incident'),
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
      field('text', 'resolution_code', 'Resolution code', {
        values: ['fix_applied', 'risk_accepted', 'canceled', 'duplicate'],
      }),
      ...TASK,
      ...IMPACT_URGENCY,
      ...requester('opened_by', 'Opened by'),
      field('time', 'resolved_at', 'Resolved at'),
      field('text', 'cause_notes', 'Cause'),
      field('text', 'fix_notes', 'Fix notes'),
      field('text', 'workaround', 'Workaround'),
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
      field('boolean', 'on_hold', 'Whether it is on hold', { values: ['true', 'false'], example: 'false' }),
      ...TASK,
      ...IMPACT_URGENCY,
      field('text', 'type', 'Type of change', { values: ['normal', 'standard', 'emergency'], example: 'normal' }),
      field('text', 'risk', 'Risk', { values: { '2': 'High', '3': 'Moderate', '4': 'Low' } }),
      field('text', 'category', 'Category'),
      ...requester('requested_by', 'Requested by'),
      field('time', 'start_date', 'Planned start date'),
      field('time', 'end_date', 'Planned end date', { example: '2026-03-04 04:00:00' }),
      field('text', 'close_code', 'Close code: the outcome of the change', {
        values: ['successful', 'successful_issues', 'unsuccessful'],
      }),
      field('text', 'justification', 'Justification'),
      field('text', 'implementation_plan', 'Implementation plan'),
      field('text', 'backout_plan', 'Backout plan'),
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
      ...requester('requested_for', 'Requested for'),
      field('text', 'approval', 'Approval', { values: ['requested', 'approved', 'rejected', 'not requested'] }),
      field('text', 'special_instructions', 'Special instructions'),
      ...IMPACT_URGENCY,
    ],
    items: { field: 'lines', fields: REQUESTED_ITEM },
  },
  order: {
    fields: [
      field('text', 'state', 'State', { values: ORDER_STATES, example: 'in_progress' }),
      ...TASK.filter(({ path }) => !/^location/.test(path)),
      ...reference('account', 'Customer account', 'c07ac3d0b7203300c9b71d4ee11a9a55'),
      ...reference('consumer', 'Customer, if a person'),
      ...reference('contact', 'Contact'),
      ...reference('location', 'Delivery location'),
      field('text', 'order_currency', 'Currency, ISO 4217', { example: 'EUR' }),
      field('time', 'requested_start_date', 'Start date requested by the customer', { example: '2026-03-10 08:00:00' }),
      field('time', 'requested_end_date', 'Completion date requested by the customer', { example: '2026-03-20 17:00:00' }),
      field('time', 'expected_end_date', 'Expected completion date'),
      field('time', 'actual_end_date', 'Completed at'),
    ],
    items: { field: 'lines', fields: ORDER_LINE },
  },
  requestItem: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      ...IMPACT_URGENCY,
      ...requester('requested_for', 'Requested for'),
      field('text', 'stage', 'Fulfilment stage; its values depend on the catalogue item', { example: 'fulfillment' }),
      ...reference('cat_item', 'Catalogue item'),
      field('number', 'quantity', 'Quantity', { example: '1' }),
      ...reference('request', 'Parent request'),
    ],
  },
  catalogTask: {
    fields: [
      state('state', TASK_STATES, '2'),
      ...TASK,
      ...IMPACT_URGENCY,
      ...reference('request_item', 'Parent request item'),
      ...reference('request', 'Parent request'),
    ],
  },
  case: {
    fields: [
      state('state', { '1': 'New', '10': 'Open', '18': 'Awaiting Info', '6': 'Resolved', '3': 'Closed' }, '10'),
      ...TASK,
      field('text', 'category', 'Category'),
      ...requester('contact', 'Contact who reported the case'),
      ...reference('account', 'Customer account'),
      ...reference('product', 'Affected product'),
      field('text', 'resolution_code', 'Resolution code; required to resolve'),
      field('text', 'cause', 'Cause'),
      field('time', 'resolved_at', 'Resolved at'),
    ],
  },
};
