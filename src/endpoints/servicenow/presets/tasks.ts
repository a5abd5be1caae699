import type { Mapping } from '../../../mapping/mapping.js';
import {
  IMPACT_URGENCY,
  PRIORITIES,
  REASON_OUT,
  RESOLUTION,
  resolution,
  SEVERITY_IN,
  SEVERITY_TO_PRIORITY,
  TASK,
  URGENCY,
} from './task-rules.js';

/** States by number (ServiceNow, default choices; instances that add states need a custom mapping). */
export const incident: Mapping = {
  name: 'ServiceNow incident',
  system: 'servicenow',
  entityType: 'incident',
  rules: [
    {
      field: ['state', 'hold_reason'],
      generic: 'state',
      values: [
        { partner: ['1', '*'], generic: 'acknowledged' },
        { partner: ['2', '*'], generic: 'inProgress' },
        { partner: ['3', '1'], generic: 'pending' }, // Awaiting Caller
        { partner: ['3', '4'], generic: 'held' }, // Awaiting Vendor
        { partner: ['3', '*'], generic: 'held', direction: 'in' },
        { partner: ['6', '*'], generic: 'resolved' },
        { partner: ['7', '*'], generic: 'closed' },
        { partner: ['8', '*'], generic: 'cancelled' },
        { partner: ['8', '*'], generic: 'rejected', direction: 'out' },
      ],
    },
    ...TASK,
    ...IMPACT_URGENCY,
    { field: 'category', generic: 'category', direction: 'in' },
    { field: 'subcategory', generic: 'subcategory', direction: 'in' },
    { field: 'caller_id', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'caller_id_name', generic: 'requester.name', direction: 'in' },
    { field: 'resolved_at', generic: 'resolvedAt', direction: 'in', type: 'time' },
    ...resolution('close_code', 'Solution provided'),
    REASON_OUT,
  ],
};

/** Problem states of the Madrid model; a cancelled problem is closed with the resolution code cancelled. */
export const problem: Mapping = {
  name: 'ServiceNow problem',
  system: 'servicenow',
  entityType: 'problem',
  rules: [
    {
      field: ['state', 'resolution_code'],
      generic: 'state',
      values: [
        { partner: ['101', '*'], generic: 'acknowledged' },
        { partner: ['102', '*'], generic: 'inProgress' },
        { partner: ['103', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['104', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['102', '*'], generic: 'pending', direction: 'out' },
        { partner: ['102', '*'], generic: 'held', direction: 'out' },
        { partner: ['106', '*'], generic: 'resolved' },
        { partner: ['107', 'canceled'], generic: 'cancelled' },
        { partner: ['107', 'canceled'], generic: 'rejected', direction: 'out' },
        { partner: ['107', '*'], generic: 'closed' },
      ],
    },
    ...TASK,
    ...IMPACT_URGENCY,
    { field: 'opened_by', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'opened_by_name', generic: 'requester.name', direction: 'in' },
    { field: 'resolved_at', generic: 'resolvedAt', direction: 'in', type: 'time' },
    ...resolution('resolution_code', 'fix_applied'),
    REASON_OUT,
  ],
};

/** Change states are negative up to 0, which is Review (ServiceNow, change state model); on_hold is a separate flag. */
export const change: Mapping = {
  name: 'ServiceNow change request',
  system: 'servicenow',
  entityType: 'change',
  rules: [
    {
      field: ['state', 'on_hold'],
      generic: 'state',
      values: [
        { partner: ['3', '*'], generic: 'closed' },
        { partner: ['4', '*'], generic: 'cancelled' },
        { partner: ['4', '*'], generic: 'rejected', direction: 'out' },
        { partner: ['*', 'true'], generic: 'held' },
        { partner: ['*', 'true'], generic: 'pending', direction: 'out' },
        { partner: ['-5', 'false'], generic: 'acknowledged' },
        { partner: ['-1', 'false'], generic: 'inProgress' },
        { partner: ['0', 'false'], generic: 'resolved' },
        { partner: ['-5', '*'], generic: 'acknowledged', direction: 'in' },
        { partner: ['-4', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['-3', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['-2', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['-1', '*'], generic: 'inProgress', direction: 'in' },
        { partner: ['0', '*'], generic: 'resolved', direction: 'in' },
      ],
    },
    ...TASK,
    ...IMPACT_URGENCY,
    { field: 'category', generic: 'category', direction: 'in' },
    { field: 'requested_by', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'requested_by_name', generic: 'requester.name', direction: 'in' },
    { field: 'end_date', generic: 'expectedResolutionAt', direction: 'in', type: 'time' },
    ...resolution('close_code', 'successful'),
    REASON_OUT,
  ],
};

const TASK_STATES = (skipped: string) => [
  { partner: '1', generic: 'acknowledged' },
  { partner: '2', generic: 'inProgress' },
  { partner: '-5', generic: 'pending' },
  { partner: '-5', generic: 'held', direction: 'out' as const },
  { partner: '3', generic: 'closed' },
  { partner: '3', generic: 'resolved', direction: 'out' as const },
  { partner: '4', generic: 'cancelled' },
  { partner: '4', generic: 'rejected', direction: 'out' as const },
  { partner: skipped, generic: 'cancelled', direction: 'in' as const },
];

const REQUEST_RULES = [
  ...TASK,
  { field: 'priority', generic: 'priority', direction: 'in' as const, values: PRIORITIES },
  SEVERITY_IN,
  SEVERITY_TO_PRIORITY,
  ...URGENCY,
  ...RESOLUTION,
  REASON_OUT,
];

export const requestItem: Mapping = {
  name: 'ServiceNow request item',
  system: 'servicenow',
  entityType: 'requestItem',
  rules: [
    { field: 'state', generic: 'state', values: TASK_STATES('7') },
    { field: 'requested_for', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'requested_for_name', generic: 'requester.name', direction: 'in' },
    { field: 'stage', generic: 'custom.stage', direction: 'in' },
    ...REQUEST_RULES,
  ],
};

export const catalogTask: Mapping = {
  name: 'ServiceNow catalogue task',
  system: 'servicenow',
  entityType: 'catalogTask',
  rules: [
    { field: 'state', generic: 'state', values: [...TASK_STATES('7'), { partner: '5', generic: 'cancelled', direction: 'in' }] },
    ...REQUEST_RULES,
  ],
};

/**
 * Case states (ServiceNow, customer service case): 3 is Closed here, but On Hold for an incident. There is no cancelled state.
 */
export const customerCase: Mapping = {
  name: 'ServiceNow customer case',
  system: 'servicenow',
  entityType: 'case',
  rules: [
    {
      field: 'state',
      generic: 'state',
      values: [
        { partner: '1', generic: 'acknowledged' },
        { partner: '10', generic: 'inProgress' },
        { partner: '10', generic: 'held', direction: 'out' },
        { partner: '18', generic: 'pending' },
        { partner: '6', generic: 'resolved' },
        { partner: '3', generic: 'closed' },
        { partner: '3', generic: 'cancelled', direction: 'out' },
        { partner: '3', generic: 'rejected', direction: 'out' },
      ],
    },
    ...TASK,
    { field: 'priority', generic: 'priority', values: PRIORITIES },
    SEVERITY_IN,
    SEVERITY_TO_PRIORITY,
    { field: 'category', generic: 'category', direction: 'in' },
    { field: 'contact', generic: 'requester.id', direction: 'in', type: 'text' },
    { field: 'contact_name', generic: 'requester.name', direction: 'in' },
    { field: 'resolved_at', generic: 'resolvedAt', direction: 'in', type: 'time' },
    ...resolution('resolution_code', 'Solved - Fixed by Support/Guidance provided'),
    REASON_OUT,
  ],
};
