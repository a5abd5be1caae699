import type { EntityRequest } from '../conversation/entity-request.js';
import type { GenericAttachment, GenericComment, RemovedPart } from '../model/message.js';

/** The message, out node and target of a delivery. */
export interface LegOrigin {
  message: string;
  conversation: string;
  /** The out node. */
  node: string;
  endpoint: string;
  entityType: string;
  leg: string;
}

/** Everything that one out node sends to one entity for one message; the outbox splits it into deliveries. */
export interface Leg extends LegOrigin {
  /** Entity that the message is about: its own changes are never sent back to it. */
  from: { endpoint: string; entityType: string; entityId: string };
  request: EntityRequest;
  comments: GenericComment[];
  attachments: GenericAttachment[];
  /** The out node is wired on: the partner's answer becomes a message. */
  answers: boolean;
  /** The out node also adds its party to conversations that began elsewhere. */
  joinsOthers?: boolean;
  /** Which emission of the message the out node got; absent: the current one. */
  emission?: string;
  /** The message has passed its flow before: what failed of it then is sent again. */
  again?: boolean;
  /** Edits and deletions to be repeated at this party. */
  carriedEdits?: CarriedEdit[];
  /** Values sent as comments, because they must not overwrite the party's own text. */
  appended?: GenericComment[];
}

/** A comment or file that was edited or deleted at its source, to be edited or deleted at another party. */
export interface CarriedEdit extends RemovedPart {
  /** Its id at that party, once known. */
  there?: string;
  /** The new text; absent for a deletion. */
  comment?: GenericComment;
  /** Comment sent instead where the party cannot edit or delete it. */
  note: GenericComment;
}
