import type { Expected, Json } from '../model/message.js';

/**
 * A record of a partner's system with its comments, attachments and lines, in the system's own format; an in node emits it as
 * `msg.payload`.
 */
export type RawEntity = { [key: string]: unknown };

/** The result of `poll` and webhooks: this entity changed. It is read before it is processed. */
export interface Hint {
  entityType: string;
  /** '' of a received event whose entity is not known: it is identified before it is read. */
  id: string;
  number?: string;
  /** What a read of the entity must show; otherwise the read is older than the hint. */
  expects?: Expected;
  /** De-duplicates repeats, e.g. `<sys_id>|<updated_on>|<mod_count>`. */
  key: string;
  /** What was received, kept for the messages view. */
  payload: Json;
  /** A poll found what an event would have reported: the payload has the form of one, and is read with it. */
  event?: true;
}
