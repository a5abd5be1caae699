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
  /** The endpoint that made the change, and when, by our own clock, epoch milliseconds. */
  said?: { endpoint: string; at?: number };
}
