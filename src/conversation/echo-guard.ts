import type { GenericAttachment, GenericComment, Json } from '../model/message.js';

/** Our own write in progress to the same entity: its echo may arrive before its answer. */
export interface InFlightWrite {
  fields: Record<string, Json>;
}

export interface EchoGuard extends PartEchoGuard {
  inFlight: InFlightWrite[];
  /** Is version `a` of an entity older than `b`? False if either is undefined. */
  isOlder: (a: string | undefined, b: string | undefined) => boolean;
}

/** Our comment or file that may have reached the partner, although the answer was lost. */
export interface PartInDoubt {
  /** The delivery that writes it. */
  delivery: string;
  comment?: GenericComment;
  attachment?: GenericAttachment;
}

export interface PartEchoGuard {
  /** The user that we write as at this endpoint. */
  integrationUser?: string;
  inDoubt?: PartInDoubt[];
}
