import type { Rule, ValueRow } from '../../../mapping/mapping.js';

/** Maximum lengths of short_description and description (ServiceNow, Case API: field lengths). */
const TITLE = 160;
const TEXT = 4000;

/** impact and urgency (ServiceNow, default choices of task). */
export const LEVELS: ValueRow[] = [
  { partner: '1', generic: 'high' },
  { partner: '2', generic: 'medium' },
  { partner: '3', generic: 'low' },
];

/** priority (ServiceNow, default choices of task). */
export const PRIORITIES: ValueRow[] = [
  { partner: '1', generic: 'critical' },
  { partner: '2', generic: 'high' },
  { partner: '3', generic: 'moderate' },
  { partner: '4', generic: 'low' },
  { partner: '5', generic: 'planning' },
];

/**
 * Severity is read from the calculated priority. It is not written to the priority, which the instance's matrix would overwrite.
 */
export const SEVERITY_IN: Rule = {
  field: 'priority',
  generic: 'severity',
  direction: 'in',
  values: [
    { partner: '1', generic: 'critical' },
    { partner: '2', generic: 'major' },
    { partner: '3', generic: 'minor' },
    { partner: '4', generic: 'minor' },
    { partner: '5', generic: 'minor' },
  ],
};

/** Impact and urgency that result in the required priority (incident priority matrix); if two pairs do, one is chosen. */
export const SEVERITY_OUT: Rule = {
  field: ['impact', 'urgency'],
  generic: 'severity',
  direction: 'out',
  values: [
    { partner: ['1', '1'], generic: 'critical' },
    { partner: ['2', '1'], generic: 'major' },
    { partner: ['2', '2'], generic: 'minor' },
  ],
};

/** For tables whose priority is not calculated from impact and urgency. */
export const SEVERITY_TO_PRIORITY: Rule = {
  field: 'priority',
  generic: 'severity',
  direction: 'out',
  values: [
    { partner: '1', generic: 'critical' },
    { partner: '2', generic: 'major' },
    { partner: '3', generic: 'minor' },
  ],
};

/** Rules for every task table. */
export const TASK: Rule[] = [
  { field: 'short_description', generic: 'title', maxLength: TITLE },
  { field: 'short_description', generic: 'description', direction: 'out', maxLength: TITLE, required: 'out' },
  { field: 'description', generic: 'description', maxLength: TEXT },
  { field: 'contact_type', generic: 'channel', direction: 'in' },
  { field: 'assigned_to', generic: 'assignee.id', direction: 'in', type: 'text' },
  { field: 'assignment_group', generic: 'assignmentGroup.id', direction: 'in', type: 'text' },
  { field: 'business_service', generic: 'service.id', direction: 'in', type: 'text' },
  { field: 'business_service_name', generic: 'service.name', direction: 'in' },
  { field: 'cmdb_ci', generic: 'ci.id', direction: 'in', type: 'text' },
  { field: 'cmdb_ci_name', generic: 'ci.name', direction: 'in' },
  { field: 'sys_created_on', generic: 'createdAt', direction: 'in', type: 'time' },
  { field: 'due_date', generic: 'requestedResolutionAt', direction: 'in', type: 'time' },
  { field: 'correlation_display', generic: 'source.number', direction: 'out', maxLength: 100 },
];

/** Sends the reason of a state as a customer-visible comment; states such as on hold require one. */
export const REASON_OUT: Rule = {
  field: 'comments',
  generic: 'stateReason',
  direction: 'out',
  onlyIf: { generic: 'state', is: ['pending', 'held', 'cancelled', 'rejected'] },
};

export const URGENCY: Rule[] = [
  { field: 'impact', generic: 'impact', values: LEVELS },
  { field: 'urgency', generic: 'urgency', values: LEVELS },
];

/** For tables whose priority is calculated from impact and urgency. */
export const IMPACT_URGENCY: Rule[] = [
  ...URGENCY,
  { field: 'priority', generic: 'priority', direction: 'in', values: PRIORITIES },
  SEVERITY_IN,
  SEVERITY_OUT,
];

const DONE = { generic: 'state', is: ['resolved', 'closed'] };

/** The resolution is required to resolve, so it has a default, which never overwrites an existing value. */
export const RESOLUTION: Rule[] = [
  { field: 'close_notes', generic: 'resolution', direction: 'in' },
  {
    field: 'close_notes',
    generic: 'resolution',
    direction: 'out',
    onlyIf: DONE,
    default: { out: 'Resolved by the partner.' },
    maxLength: TEXT,
  },
  { field: 'closed_at', generic: 'closedAt', direction: 'in', type: 'time' },
];

/** The same for tables that also require a resolution code. */
export function resolution(code: string, codeDefault: string): Rule[] {
  return [
    { field: code, generic: 'resolutionCode', direction: 'in' },
    { field: code, generic: 'resolutionCode', direction: 'out', onlyIf: DONE, default: { out: codeDefault } },
    ...RESOLUTION,
  ];
}
