import type { LinkItems } from '../model/item-facts.js';
import type { GenericMessage, Json } from '../model/message.js';

/** A generic message together with the partner's record it was made from. */
export interface InboundMessage {
  message: GenericMessage;
  /** The partner's own fields, top level. */
  record: Record<string, Json>;
  /** For each generic field the partner's top-level fields it was made from. */
  sources: Record<string, string[]>;
  deleted?: boolean;
  /** The delivery of ours that it is the partner's answer to: it was read before anything that was written later. */
  answerTo?: string;
  /** What it tells of which item is which. */
  items?: LinkItems;
  /** An id made before it was read; undefined for an answer. */
  readAt?: string;
}
