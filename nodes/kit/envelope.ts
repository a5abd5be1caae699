import type { Broker } from '../../src/delivery/broker.js';
import type { CancellationOutcome } from '../../src/endpoints/endpoint.js';
import type { AppliedMapping } from '../../src/mapping/mapping.js';
import type { GenericAttachment, GenericComment, Json } from '../../src/model/message.js';
import type { ConversationRecord, MessageRecord, RouteDecision } from '../../src/store/store.js';

/**
 * `msg.switchboard`: data that accompanies a message from its in node to its out nodes. Plain JSON, so that any Node-RED node may
 * clone it.
 */
export interface Envelope {
  /** Id of the inbox message; clones of the msg keep it, so that the broker can tell when the flow is idle. */
  messageId: string;
  /** Which emission of the message this is: a deploy can end one. */
  emission: string;
  /** Id of the store config node that holds the message. */
  store: string;
  /** Id of the endpoint config node it came from. */
  endpoint: string;
  entityType: string;
  entityId: string;
  origin: string;
  /** The payload as received, set by normalize. */
  raw?: unknown;
  /** Set by normalize: the mapping that produced the generic fields, and the partner's fields it read. */
  incoming?: {
    made: AppliedMapping;
    record: Record<string, Json>;
    sources: Record<string, string[]>;
    emptied?: Record<string, string[]>;
    deleted?: boolean;
    cancellation?: CancellationOutcome;
  };
  /** Set by conversation-correlate. */
  conversation?: {
    id: string;
    reference: string;
    isNew: boolean;
    /** The linked entities at the endpoints. */
    entities?: { endpoint: string; entityType: string; leg: string }[];
  };
  /** Set by a flow that drops the message on purpose: the reason. It is then not shown as unrouted. */
  drop?: string | true;
  /** Distinguishes legs to the same endpoint; set by fan-out. */
  leg?: string;
  /** Set by route: where it sent the message, and why. */
  route?: RouteDecision;
  /** Set by map for the out node. */
  outgoing?: {
    endpoint: string;
    entityType: string;
    changed: string[];
    /** Fields whose value is a default: they never overwrite a value of the target. */
    defaults: string[];
    /** For each field of the payload, the generic fields it was mapped from. */
    sources: Record<string, string[]>;
    /** The generic values it was mapped from. */
    generic: Record<string, Json>;
    comments: GenericComment[];
    attachments: GenericAttachment[];
    made: AppliedMapping;
  };
}

/** The envelope of an inbox message; with its conversation, if that is known before the message is correlated. */
export async function envelopeFor(broker: Broker, record: MessageRecord, emission: string): Promise<Envelope> {
  const conversation = record.conversation ? await broker.store.conversation(record.conversation) : undefined;
  return {
    ...envelopeOfRecord(broker, record, emission),
    ...(conversation && { conversation: conversationOf(conversation, false) }),
  };
}

export function envelopeOfRecord(broker: Broker, record: MessageRecord, emission: string): Envelope {
  return {
    messageId: record.id,
    emission,
    store: broker.id,
    endpoint: record.endpoint,
    entityType: record.entityType,
    entityId: record.entityId,
    origin: record.origin,
  };
}

/** The part of a conversation that the envelope carries. */
export function conversationOf({ id, reference, links }: ConversationRecord, isNew: boolean): Envelope['conversation'] {
  return { id, reference, isNew, entities: links.map(({ endpoint, entityType, leg }) => ({ endpoint, entityType, leg })) };
}
