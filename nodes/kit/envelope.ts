import type { Broker } from '../../src/delivery/broker.js';
import type { AppliedMapping } from '../../src/mapping/mapping.js';
import type { GenericAttachment, GenericComment, Json } from '../../src/model/message.js';
import type { ConversationRecord, MessageRecord } from '../../src/store/store.js';

/** `msg.switchboard`: what travels with a message from its in node to its out nodes. Plain JSON, so that any Node-RED node may clone it. */
export interface Envelope {
  /** Id of the inbox message; clones of the msg keep it, which is how the broker knows when the flow has gone quiet. */
  messageId: string;
  /** Id of the store config node that holds the message. */
  store: string;
  /** Id of the endpoint config node it came from. */
  endpoint: string;
  entityType: string;
  entityId: string;
  origin: string;
  /** The payload as received, set by normalize. */
  raw?: unknown;
  /** Set by normalize: which mapping made the generic fields, and the partner's fields they were made from. */
  incoming?: {
    made: AppliedMapping;
    record: Record<string, Json>;
    sources: Record<string, string[]>;
    deleted?: boolean;
  };
  /** Set by conversation-correlate. */
  conversation?: {
    id: string;
    reference: string;
    isNew: boolean;
    /** What stands for it at the endpoints. */
    entities?: { endpoint: string; entityType: string; leg: string }[];
  };
  /** Tells legs to one endpoint apart; set by fan-out. */
  leg?: string;
  /** Set by map for the out node. */
  outgoing?: {
    endpoint: string;
    entityType: string;
    changed: string[];
    /** Fields that are only defaults: they never overwrite what the target has. */
    defaults: string[];
    /** For each field of the payload the generic fields it was made from. */
    sources: Record<string, string[]>;
    /** The generic values it was made from. */
    generic: Record<string, Json>;
    comments: GenericComment[];
    attachments: GenericAttachment[];
    made: AppliedMapping;
  };
}

/** The envelope of a message of the inbox; with its conversation, where that is known before the message is correlated. */
export async function envelopeFor(broker: Broker, record: MessageRecord): Promise<Envelope> {
  const conversation = record.conversation ? await broker.store.conversation(record.conversation) : undefined;
  return { ...envelopeOfRecord(broker, record), ...(conversation && { conversation: conversationOf(conversation, false) }) };
}

export function envelopeOfRecord(broker: Broker, record: MessageRecord): Envelope {
  return {
    messageId: record.id,
    store: broker.id,
    endpoint: record.endpoint,
    entityType: record.entityType,
    entityId: record.entityId,
    origin: record.origin,
  };
}

/** What travels along of a conversation. */
export function conversationOf({ id, reference, links }: ConversationRecord, isNew: boolean): Envelope['conversation'] {
  return { id, reference, isNew, entities: links.map(({ endpoint, entityType, leg }) => ({ endpoint, entityType, leg })) };
}
