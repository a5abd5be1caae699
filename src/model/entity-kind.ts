import type { EntityKind, Json } from './message.js';

/** The generic kinds of the endpoints' entity types. */
const KINDS: Record<string, EntityKind> = {
  incident: 'incident',
  problem: 'problem',
  change: 'change',
  case: 'case',
  request: 'request',
  requestItem: 'request',
  catalogTask: 'task',
  order: 'order',
  productOrder: 'order',
};

/** TMF621 leaves ticketType free; these are values found in practice (TMF621 §1.2, and ServiceNow's own TMF621). */
const TICKET_TYPES: [RegExp, EntityKind][] = [
  [/problem/i, 'problem'],
  [/change/i, 'change'],
  [/case|complaint/i, 'case'],
  [/request/i, 'request'],
];

/** The generic kind of an entity. A trouble ticket's kind depends on its ticketType; an unknown one is an incident. */
export function entityKind(system: string, entityType: string, record: Record<string, Json>): EntityKind {
  if (system !== 'tmf621') return KINDS[entityType] ?? 'incident';
  const type = typeof record.ticketType === 'string' ? record.ticketType : '';
  return TICKET_TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? 'incident';
}
