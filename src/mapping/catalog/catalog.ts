import type { Json } from '../../model/message.js';
import { parsePath, write } from '../paths.js';
import type { Catalog, CatalogField } from './field.js';

export type { Catalog, CatalogField, FieldType } from './field.js';

/** A record made of the fields' examples. */
export function exampleOf(fields: CatalogField[]): Record<string, Json> {
  const record: Record<string, Json> = {};
  for (const { path, example } of fields) if (example !== undefined) write(record, parsePath(path), example);
  return record;
}

/** The same with one item, where there are items. */
export function examplesOf({ fields, items }: Catalog): Record<string, Json> {
  return { ...exampleOf(fields), ...(items && { [items.field]: [exampleOf(items.fields)] }) };
}
