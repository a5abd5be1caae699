import type { AuditEntry } from '../../src/store/audit-entry.js';
import type { ConversationRecord, DeliveryRecord, Link, MessageRecord } from '../../src/store/store.js';

const AT = '2026-03-01T10:00:00.000Z';

/** A received message; the key is its id unless given. */
export function message(id: string, changes: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id,
    version: 0,
    node: 'in-1',
    origin: 'webhook',
    endpoint: 'acme',
    entityType: 'incident',
    entityId: `sys-${id}`,
    key: id,
    receivedAt: AT,
    state: 'received',
    emissions: 0,
    ...changes,
  };
}

/** A pending delivery in a lane of its conversation. */
export function delivery(id: string, changes: Partial<DeliveryRecord> = {}): DeliveryRecord {
  const conversation = changes.conversation ?? 'c1';
  return {
    id,
    version: 0,
    message: 'm1',
    conversation,
    node: 'out-1',
    endpoint: 'csp',
    entityType: 'troubleTicket',
    leg: '',
    part: `part-${id}`,
    lane: `${conversation}|csp`,
    state: 'pending',
    tries: 0,
    attempts: [],
    answers: false,
    createdAt: AT,
    updatedAt: AT,
    ...changes,
  };
}

export function link(id: string, changes: Partial<Link> = {}): Link {
  return {
    endpoint: 'acme',
    entityType: 'incident',
    leg: '',
    id,
    origin: 'theirs',
    lastKnown: { title: 'No dial tone', state: 'inProgress' },
    raw: { short_description: 'No dial tone', state: '2' },
    writtenBy: {},
    seen: [],
    since: AT,
    ...changes,
  };
}

/** An open conversation without links. */
export function conversation(id: string, changes: Partial<ConversationRecord> = {}): ConversationRecord {
  return {
    id,
    version: 0,
    reference: `SWB-${id.toUpperCase()}`,
    entity: 'incident',
    state: 'open',
    links: [],
    written: [],
    createdAt: AT,
    updatedAt: AT,
    ...changes,
  };
}

/** An entry of the audit trail that names a person. */
export function auditEntry(id: string, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id,
    at: AT,
    by: 'anna',
    source: 'view',
    action: 'skip',
    outcome: 'done',
    target: { kind: 'message', id: 'm1' },
    names: { name: 'INC0010001', reason: 'Jane Doe asked for it.' },
    ...changes,
  };
}
