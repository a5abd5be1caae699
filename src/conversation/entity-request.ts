import type { AppliedMapping } from '../mapping/mapping.js';
import type { Json } from '../model/message.js';

/** The entity that an out node is going to write; the `request` body of a delivery. */
export interface EntityRequest {
  fields: Record<string, Json>;
  /** Names of the fields to write if the entity already exists. */
  changed: string[];
  /** Names of fields that are only defaults. */
  defaults: string[];
  /** For each field the generic fields it was made from. */
  sources: Record<string, string[]>;
  /** The generic values it was made from. */
  generic: Record<string, Json>;
  /** Which mapping rules made the fields, and (`read`) the generic values of the inbound message. */
  made?: AppliedMapping;
  read?: AppliedMapping;
  /** Fields that a user edited, or that won a conflict: they are written even if something newer has been sent. */
  edited?: string[];
  said?: RequestOrigin;
  /**
   * Fields set by later updates that were merged into this one: the delivery of the newest update of each, and who made it. The
   * other fields were set by this delivery and `said`.
   */
  setBy?: Record<string, FieldOrigin>;
}

/** The endpoint that made a change, and when, by our own clock, epoch milliseconds. */
export interface RequestOrigin {
  endpoint: string;
  at?: number;
}

export interface FieldOrigin {
  delivery: string;
  said?: RequestOrigin;
}

/** The delivery whose update set a field: decides which of several updates of the field is the newest. */
export function deliveryThatSet(field: string, { setBy }: EntityRequest, delivery: string): string {
  return setBy?.[field]?.delivery ?? delivery;
}

/** Who changed a generic value of a request, and when; undefined if that is not known. */
export function originOfValue(generic: string, { said, setBy, sources }: EntityRequest): RequestOrigin | undefined {
  const merged = Object.entries(setBy ?? {}).filter(([field]) => sources[field]?.includes(generic));
  const newest = merged
    .map(([, origin]) => origin)
    .sort((a, b) => (a.delivery < b.delivery ? -1 : 1))
    .at(-1);
  return newest ? newest.said : said;
}
