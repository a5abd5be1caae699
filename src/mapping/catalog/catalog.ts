import type { Json } from '../../model/message.js';
import type { Mapping } from '../mapping.js';
import { parsePath, write } from '../paths.js';
import type { Catalog, CatalogField } from './field.js';
import { servicenow } from './servicenow.js';
import { tmf621 } from './tmf621.js';
import { tmf622 } from './tmf622.js';

export type { Catalog, CatalogField, FieldType } from './field.js';

/** Whose fields: the parts of a mapping that say so. */
export type Subject = Pick<Mapping, 'system' | 'entityType' | 'version'>;

/** What is known of a partner's entity type; no fields where nothing is. */
export function partnerCatalog({ system, entityType, version }: Subject): Catalog {
  if (system === 'servicenow') return servicenow[entityType] ?? { fields: [] };
  if (system === 'tmf621') return tmf621[version ?? 'v4'];
  if (system === 'tmf622') return tmf622[version ?? 'v4'];
  return { fields: [] };
}

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
