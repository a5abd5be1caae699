import { newLink, withLink } from '../../src/conversation/correlate.js';
import type { GenericMessage } from '../../src/model/message.js';
import type { ConversationRecord, Link } from '../../src/store/store.js';

/** The incident that these tests are about. */
export const SOURCE = { endpoint: 'acme', entityType: 'incident', id: 'a1', number: 'INC1' };

/** Compares numeric versions. */
export const isOlder = (a?: string, b?: string) => a !== undefined && b !== undefined && Number(a) < Number(b);

/** Its conversation; `link`: what is already known. */
export function conversation(link: Partial<Link> = {}): ConversationRecord {
  const blank: ConversationRecord = {
    id: 'c1',
    version: 1,
    reference: 'SWB-1',
    entity: 'incident',
    state: 'open',
    links: [],
    written: [],
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-01T00:00:00Z',
  };
  return withLink(blank, { ...newLink(SOURCE, '', 'theirs', blank.createdAt), ...link });
}

/** A message about it. */
export function messageWith(fields: GenericMessage['fields'], parts: Partial<GenericMessage> = {}): GenericMessage {
  return {
    entity: 'incident',
    event: 'updated',
    source: SOURCE,
    fields,
    comments: [],
    attachments: [],
    relations: [],
    ...parts,
  };
}
