import type { GenericAttachment, GenericComment, Json } from '../model/message.js';

/** A write of ours that is on its way to the same entity: its echo may come back before its answer does. */
export interface InFlightWrite {
  fields: Record<string, Json>;
}

export interface EchoGuard extends PartEchoGuard {
  inFlight: InFlightWrite[];
  /** Is version `a` of an entity older than `b`? Undefined = no. */
  isOlder: (a: string | undefined, b: string | undefined) => boolean;
}

/** A comment or a file of ours that may be there, although its answer was lost. */
export interface PartInDoubt {
  /** The delivery that writes it. */
  delivery: string;
  comment?: GenericComment;
  attachment?: GenericAttachment;
}

export interface PartEchoGuard {
  /** The user we write as at this endpoint. */
  integrationUser?: string;
  inDoubt?: PartInDoubt[];
}
