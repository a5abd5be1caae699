import type { Mapping, Rule, ValueRow } from '../../../mapping/mapping.js';
import { MONTHLY } from '../../../model/price.js';
import { PRIORITIES, RESOLUTION, SEVERITY_IN, SEVERITY_TO_PRIORITY, TASK, URGENCY } from './task-rules.js';

const inOnly = (partner: string, generic: string): ValueRow => ({ partner, generic, direction: 'in' });
const outOnly = (partner: string, generic: string): ValueRow => ({ partner, generic, direction: 'out' });

/**
 * States of orders and their lines (ServiceNow, order management: state values, which are the labels in lower case). There are
 * none for failed and partial: the order is put on hold with the reason, because a user has to decide how to continue.
 */
const ORDER_STATES: ValueRow[] = [
  { partner: 'draft', generic: 'draft' },
  { partner: 'new', generic: 'acknowledged' },
  inOnly('submitted', 'acknowledged'),
  inOnly('enrichment_in_progress', 'acknowledged'),
  inOnly('acknowledged', 'acknowledged'),
  { partner: 'in_progress', generic: 'inProgress' },
  inOnly('revision_in_progress', 'inProgress'),
  { partner: 'awaiting_information', generic: 'pending' },
  inOnly('scheduled', 'pending'),
  { partner: 'on_hold', generic: 'held' },
  inOnly('enrichment_on_hold', 'held'),
  outOnly('on_hold', 'failed'),
  outOnly('on_hold', 'partial'),
  { partner: 'assessing_cancellation', generic: 'assessingCancellation' },
  { partner: 'cancellation_in_progress', generic: 'pendingCancellation' },
  { partner: 'canceled', generic: 'cancelled' },
  inOnly('cancelled', 'cancelled'),
  { partner: 'rejected', generic: 'rejected' },
  { partner: 'completed', generic: 'completed' },
  outOnly('completed', 'resolved'),
  outOnly('completed', 'closed'),
];

/**
 * Sends the reason of a state, for the readers of the order or line. Failures, which have no ServiceNow state, are always
 * reported, by a default text.
 */
function reasonOut(field: string): Rule[] {
  const reason = (is: string[], defaultText?: string): Rule => ({
    field,
    generic: 'stateReason',
    direction: 'out',
    onlyIf: { generic: 'state', is },
    ...(defaultText && { default: { out: defaultText } }),
  });
  return [
    reason(['pending', 'held', 'cancelled', 'rejected']),
    reason(['failed'], 'Failed at the vendor.'),
    reason(['partial'], 'Only part of it was delivered.'),
  ];
}

/** The reason of any state of a line: what a vendor says in its own words, or has changed. */
function lineReasonOut(field: string): Rule[] {
  return [...reasonOut(field), { field, generic: 'stateReason', direction: 'out' }];
}

/** The vendor of an item, and its order number. */
const VENDOR_OUT: Rule = {
  field: 'correlation_display',
  generic: 'vendorNumber',
  direction: 'out',
  expression: { out: "vendorNumber ? vendorNumber & (vendor ? ' (' & vendor & ')' : '') : vendor" },
  maxLength: 100,
};

/**
 * The order numbers of all vendors of an order. With only the number of the vendor that reported last, the value would keep
 * changing.
 */
const VENDORS_OUT: Rule = {
  field: 'correlation_display',
  generic: 'progress',
  direction: 'out',
  expression: { out: "$join($distinct(fields.progress.vendorNumber), ', ')" },
  maxLength: 100,
};

const ACTIONS: ValueRow[] = [
  { partner: 'add', generic: 'add' },
  { partner: 'change', generic: 'modify' },
  { partner: 'delete', generic: 'delete' },
  { partner: 'no_change', generic: 'noChange' },
  inOnly('no-change', 'noChange'),
  inOnly('suspend', 'modify'),
  inOnly('resume', 'modify'),
];

/** Orders often have no title. */
const NAMED: Rule[] = [
  { field: 'number', generic: 'title', direction: 'in' },
  { field: 'short_description', generic: 'title', direction: 'out', default: { out: 'Product order' } },
];

/** Customer orders (order management for telecom or CSM) with their lines. */
export const order: Mapping = {
  name: 'ServiceNow order',
  system: 'servicenow',
  entityType: 'order',
  rules: [
    { field: 'state', generic: 'state', values: ORDER_STATES },
    VENDORS_OUT,
    ...TASK,
    ...NAMED,
    { field: 'priority', generic: 'priority', values: PRIORITIES },
    SEVERITY_IN,
    { field: 'account', generic: 'customer.id', direction: 'in', type: 'text' },
    { field: 'consumer', generic: 'customer.id', direction: 'in', type: 'text' },
    { field: 'account_name', generic: 'customer.name', direction: 'in' },
    { field: 'consumer_name', generic: 'customer.name', direction: 'in' },
    { field: 'contact', generic: 'contact.id', direction: 'in', type: 'text' },
    { field: 'contact_name', generic: 'contact.name', direction: 'in' },
    { field: 'location', generic: 'place.id', direction: 'in', type: 'text' },
    { field: 'location_name', generic: 'place.name', direction: 'in' },
    { field: 'order_currency', generic: 'custom.currency' },
    { field: 'requested_start_date', generic: 'requestedStartAt', type: 'time' },
    { field: 'requested_end_date', generic: 'requestedCompletionAt', type: 'time' },
    { field: 'expected_end_date', generic: 'expectedCompletionAt', type: 'time' },
    { field: 'actual_end_date', generic: 'completedAt', type: 'time' },
    ...reasonOut('comments'),
  ],
  items: {
    field: 'lines',
    rules: [
      { field: 'external_id', generic: 'id', type: 'text' },
      { field: 'number', generic: 'id', direction: 'in' },
      { field: 'action', generic: 'action', values: ACTIONS, default: { in: 'add' } },
      { field: 'quantity', generic: 'quantity', type: 'number' },
      { field: 'category', generic: 'category', direction: 'in' },
      { field: 'product_offering', generic: 'offering.id', type: 'text' },
      { field: 'product_offering_name', generic: 'offering.name', direction: 'in' },
      { field: 'short_description', generic: 'offering.name', maxLength: 160 },
      { field: 'short_description', generic: 'offering.id', direction: 'out', maxLength: 160 },
      { field: 'product_specification', generic: 'specification.id', type: 'text' },
      { field: 'product_specification_name', generic: 'specification.name', direction: 'in' },
      { field: 'product_inventory', generic: 'product.id', type: 'text' },
      { field: 'product_inventory_name', generic: 'product.name', direction: 'in' },
      { field: 'characteristics', generic: 'characteristics' },
      { field: 'requested_start_date', generic: 'requestedStartAt', type: 'time' },
      { field: 'requested_end_date', generic: 'requestedCompletionAt', type: 'time' },
      { field: 'location', generic: 'place.id', direction: 'in', type: 'text' },
      { field: 'location_name', generic: 'place.name', direction: 'in' },
      { field: 'shipping_street', generic: 'place.street' },
      { field: 'shipping_zip', generic: 'place.postcode' },
      { field: 'shipping_city', generic: 'place.city' },
      { field: 'shipping_country', generic: 'place.country' },
      { field: 'contact', generic: 'contact.id', direction: 'in', type: 'text' },
      { field: 'contact_name', generic: 'contact.name', direction: 'in' },
      { field: 'nrc', generic: 'price.oneTime', type: 'number' },
      { field: 'mrc', generic: 'price.recurring', type: 'number', direction: 'in' },
      // The column is for monthly charges; others are told in words (src/model/price.ts).
      {
        field: 'mrc',
        generic: 'price.recurring',
        type: 'number',
        direction: 'out',
        onlyIf: { generic: 'price.period', is: ['', ...MONTHLY] },
      },
      { field: 'mrc', generic: 'price.period', values: [inOnly('*', 'month')], direction: 'in' },
      { field: 'currency', generic: 'price.currency' },
      { field: 'state', generic: 'state', values: ORDER_STATES },
      { field: 'expected_end_date', generic: 'expectedCompletionAt', type: 'time' },
      VENDOR_OUT,
      ...lineReasonOut('work_notes'),
    ],
  },
};

/** Default states (ServiceNow, sc_request.request_state). */
const REQUEST_STATES: ValueRow[] = [
  { partner: 'requested', generic: 'acknowledged' },
  outOnly('requested', 'draft'),
  { partner: 'in_process', generic: 'inProgress' },
  outOnly('in_process', 'pending'),
  outOnly('in_process', 'held'),
  outOnly('in_process', 'assessingCancellation'),
  outOnly('in_process', 'pendingCancellation'),
  { partner: 'closed_complete', generic: 'completed' },
  outOnly('closed_complete', 'resolved'),
  outOnly('closed_complete', 'closed'),
  { partner: 'closed_incomplete', generic: 'failed' },
  outOnly('closed_incomplete', 'partial'),
  { partner: 'closed_cancelled', generic: 'cancelled' },
  { partner: 'closed_rejected', generic: 'rejected' },
];

/**
 * Closed incomplete means not delivered; the stage shows whether the item was cancelled (ServiceNow, requested item: state,
 * stage).
 */
const ITEM_STATES: ValueRow[] = [
  { partner: ['1', '*'], generic: 'acknowledged' },
  { partner: ['1', '*'], generic: 'draft', direction: 'out' },
  { partner: ['2', '*'], generic: 'inProgress' },
  { partner: ['2', '*'], generic: 'assessingCancellation', direction: 'out' },
  { partner: ['2', '*'], generic: 'pendingCancellation', direction: 'out' },
  { partner: ['-5', '*'], generic: 'pending' },
  { partner: ['-5', '*'], generic: 'held', direction: 'out' },
  { partner: ['3', '*'], generic: 'completed' },
  { partner: ['3', '*'], generic: 'resolved', direction: 'out' },
  { partner: ['3', '*'], generic: 'closed', direction: 'out' },
  { partner: ['4', 'request_cancelled'], generic: 'cancelled' },
  { partner: ['4', 'Request Cancelled'], generic: 'cancelled', direction: 'in' },
  { partner: ['4', '*'], generic: 'failed' },
  { partner: ['4', '*'], generic: 'partial', direction: 'out' },
  { partner: ['4', '*'], generic: 'rejected', direction: 'out' },
  { partner: ['7', '*'], generic: 'cancelled', direction: 'in' },
];

/** A service request with its requested items. */
export const request: Mapping = {
  name: 'ServiceNow request',
  system: 'servicenow',
  entityType: 'request',
  rules: [
    { field: 'request_state', generic: 'state', values: REQUEST_STATES },
    { field: 'requested_for', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'requested_for_name', generic: 'requester.name', direction: 'in' },
    VENDORS_OUT,
    ...TASK,
    ...NAMED,
    { field: 'special_instructions', generic: 'description', direction: 'in' },
    { field: 'priority', generic: 'priority', direction: 'in', values: PRIORITIES },
    SEVERITY_IN,
    SEVERITY_TO_PRIORITY,
    ...URGENCY,
    ...RESOLUTION,
    ...reasonOut('comments'),
  ],
  items: {
    field: 'lines',
    rules: [
      { field: 'correlation_id', generic: 'id', type: 'text' },
      { field: 'number', generic: 'id', direction: 'in' },
      { field: 'cat_item', generic: 'action', direction: 'in', constant: 'add' },
      { field: 'quantity', generic: 'quantity', type: 'number' },
      { field: 'cat_item', generic: 'offering.id', type: 'text' },
      { field: 'cat_item_name', generic: 'offering.name' },
      { field: 'short_description', generic: 'offering.name', direction: 'in' },
      { field: 'variables', generic: 'characteristics' },
      { field: 'due_date', generic: 'requestedCompletionAt', direction: 'in', type: 'time' },
      { field: 'requested_for', generic: 'contact.id', direction: 'in', type: 'text' },
      { field: 'requested_for_name', generic: 'contact.name', direction: 'in' },
      { field: ['state', 'stage'], generic: 'state', values: ITEM_STATES },
      { field: 'estimated_delivery', generic: 'expectedCompletionAt', type: 'time' },
      VENDOR_OUT,
      ...lineReasonOut('comments'),
    ],
  },
};
