import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Difference } from '../../../src/mapping/difference.js';
import type { Direction } from '../../../src/mapping/mapping.js';

/** The runtime's answers to the designer, shared by both sides. */

/** `GET switchboard/mappings/fields` */
export interface FieldLists {
  partner: CatalogField[];
  generic: CatalogField[];
  /** The items of an order, where the catalogue knows their list. */
  items?: { field: string; partner: CatalogField[] };
  genericItems: CatalogField[];
  /** Lists seen in records, where the catalogue knows no list of items. */
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
  /** Values with people's data that is masked were left out. */
  masked?: true;
}

/** The effect of edited rules on one message. */
export interface MessageChange extends SampleHeading {
  differences: Difference[];
  /** Problems, in words, that would be new or solved. */
  newProblems: string[];
  solvedProblems: string[];
}

/** `POST switchboard/mappings/changes`: the effect of edited rules on stored messages. */
export interface Changes {
  /** What they are compared with: the deployed rules, the preset that is used until then, or nothing. */
  against: 'deployed' | 'preset' | 'nothing';
  compared: number;
  changed: number;
  /** Messages that would get a new problem. */
  worse: number;
  /** Messages that would lose a problem. */
  better: number;
  messages: MessageChange[];
  /** The comparison took too long and covers only the first messages. */
  cut?: boolean;
}
