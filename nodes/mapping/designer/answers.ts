import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Difference } from '../../../src/mapping/difference.js';
import type { Direction } from '../../../src/mapping/mapping.js';

/** What the runtime answers the designer, shared by both sides. */

/** `GET switchboard/mappings/fields` */
export interface FieldLists {
  partner: CatalogField[];
  generic: CatalogField[];
  /** Of an order's items, where the catalogue knows which list they are. */
  items?: { field: string; partner: CatalogField[] };
  genericItems: CatalogField[];
  /** Lists seen in records, where the catalogue knows none. */
  lists: string[];
}

/** `GET switchboard/mappings/samples`: a message that can be chosen as a sample. */
export interface SampleHeading {
  id: string;
  direction: Direction;
  receivedAt: string;
  endpoint: string;
  entityType: string;
  number: string;
  title?: string;
}

/** `POST switchboard/mappings/values`: values a rule's fields had, most frequent first. */
export interface SeenValues {
  partner: { value: string | string[]; times: number }[];
  generic: { value: string; times: number }[];
}

/** What edited rules would make different of one message. */
export interface MessageChange extends SampleHeading {
  differences: Difference[];
  /** In words: what would go wrong that does not now, and the other way round. */
  newProblems: string[];
  solvedProblems: string[];
}

/** `POST switchboard/mappings/changes`: what edited rules would make different of messages that are kept. */
export interface Changes {
  /** What they are compared with: the deployed rules, the preset that is used until they are, or nothing. */
  against: 'deployed' | 'preset' | 'nothing';
  compared: number;
  changed: number;
  /** Messages with a problem they do not have now. */
  worse: number;
  /** Messages without a problem they have now. */
  better: number;
  messages: MessageChange[];
  /** It took too long: only the first ones were compared. */
  cut?: boolean;
}
