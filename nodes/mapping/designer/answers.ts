import type { CatalogField } from '../../../src/mapping/catalog/field.js';
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
