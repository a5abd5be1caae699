import type { GenericFields } from '../../src/model/message.js';

/** Suggestions for the generic side of a rule. The type makes sure that none is forgotten when the model grows. */
const FIELDS: Record<Exclude<keyof GenericFields, 'custom' | 'items' | 'progress'>, string[]> = {
  title: [],
  description: [],
  state: [],
  stateReason: [],
  severity: [],
  impact: [],
  urgency: [],
  priority: [],
  category: [],
  subcategory: [],
  requester: ['id', 'name', 'email', 'phone'],
  assignee: ['id', 'name', 'email', 'phone'],
  assignmentGroup: ['id', 'name', 'email', 'phone'],
  service: ['id', 'name', 'type'],
  ci: ['id', 'name', 'type'],
  channel: [],
  createdAt: [],
  requestedResolutionAt: [],
  expectedResolutionAt: [],
  resolvedAt: [],
  closedAt: [],
  resolutionCode: [],
  resolution: [],
  partnerNumber: [],
  customer: ['id', 'name', 'email', 'phone'],
  contact: ['id', 'name', 'email', 'phone'],
  place: ['id', 'name', 'street', 'postcode', 'city', 'country'],
  requestedStartAt: [],
  requestedCompletionAt: [],
  expectedCompletionAt: [],
  completedAt: [],
};

export const GENERIC_PATHS: string[] = Object.entries(FIELDS).flatMap(([name, parts]) =>
  parts.length ? parts.map((part) => `${name}.${part}`) : [name],
);
