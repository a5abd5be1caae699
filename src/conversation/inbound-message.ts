import type { CancellationOutcome } from '../endpoints/endpoint.js';
import type { LinkItems } from '../model/item-facts.js';
import type { GenericMessage, Json } from '../model/message.js';

/** A generic message together with the partner's record it was mapped from. */
export interface InboundMessage {
  message: GenericMessage;
  /** The partner's own fields, top level. */
  record: Record<string, Json>;
  /** For each generic field, the partner's top-level fields it was mapped from. */
  sources: Record<string, string[]>;
  /** Paths of generic fields that the partner shows empty, as `requester.name`, with its own fields, top level. */
  emptied?: Record<string, string[]>;
  deleted?: boolean;
  cancellation?: CancellationOutcome;
  /** Our delivery that this message answers; it shows nothing that was written later. */
  answerTo?: string;
  /** The item ids known from the message. */
  items?: LinkItems;
  /** An id made before the record was read; undefined for an answer. */
  readAt?: string;
}
