import type { Json } from '../../model/message.js';

export type FieldType = 'text' | 'number' | 'boolean' | 'time' | 'object' | 'list';

/** A field a rule can name: what a person wants to know before joining it with another. */
export interface CatalogField {
  /** As in paths.ts. */
  path: string;
  type: FieldType;
  /** In our words. */
  description: string;
  /** A new record needs it. */
  required?: boolean;
  /** The partner sets it itself: it is read, never written. */
  readOnly?: boolean;
  /** The values it takes, with what they are called at the partner. */
  values?: { value: string; label?: string }[];
  maxLength?: number;
  /** What it may look like; a preset's sample is made of these. */
  example?: Json;
  /** Not in the catalogue, but in messages that were received. */
  seen?: boolean;
}

/** The known fields of one entity type. `items`: those of each item of an order, in the partner's list of that name. */
export interface Catalog {
  fields: CatalogField[];
  items?: { field: string; fields: CatalogField[] };
}

type More = Omit<CatalogField, 'path' | 'type' | 'description' | 'values'> & {
  values?: Record<string, string> | readonly string[];
};

/** A path as people read it: without what is written along, and without properties that are not compared. */
export function shortPath(path: string): string {
  return path.replace(/\{[^{}]*\}/g, '').replace(/\[([^[\]]*)\]/g, (_, inner: string) => {
    const compared = inner.split(',').filter((pair) => !pair.trim().startsWith('@'));
    return `[${compared.join(',')}]`;
  });
}

/** One line of a catalogue. */
export function field(type: FieldType, path: string, description: string, { values, ...more }: More = {}): CatalogField {
  const list = Array.isArray(values)
    ? values.map((value: string) => ({ value }))
    : Object.entries(values ?? {}).map(([value, label]) => ({ value, label }));
  const { example, ...rest } = more;
  return {
    path,
    type,
    description,
    ...rest,
    ...(example !== undefined && { example }),
    ...(list.length > 0 && { values: list }),
  };
}
