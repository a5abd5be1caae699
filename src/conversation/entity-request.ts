import type { MadeBy } from '../mapping/mapping.js';
import type { Json } from '../model/message.js';

/** What an out node keeps of an entity it is going to write; the `request` body of a delivery. */
export interface EntityRequest {
  fields: Record<string, Json>;
  /** Names of the fields to write when the entity exists already. */
  changed: string[];
  /** Names of fields that are only defaults. */
  defaults: string[];
  /** For each field the generic fields it was made from. */
  sources: Record<string, string[]>;
  /** The generic values it was made from. */
  generic: Record<string, Json>;
  /** Which rules of which mapping made the fields, and, of the message it came from, the generic values. */
  made?: MadeBy;
  read?: MadeBy;
  /** Fields that a person wrote by hand, or that were found to stand against another's: they are written whatever has been sent since. */
  edited?: string[];
  /** The endpoint whose news it is, and when that changed by our own clock, epoch milliseconds. */
  said?: { endpoint: string; at?: number };
}
