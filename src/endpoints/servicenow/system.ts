import { compile } from '../../mapping/compile.js';
import type { EntityKind, Json } from '../../model/message.js';
import type { ClientOptions, System } from '../system.js';
import { isTree, unwrapRecord } from '../unwrap.js';
import { createServiceNowClient } from './client.js';
import { FIELDS } from './fields.js';
import { ENTITY_TYPES, type EntityTypeRow, servicenow as form } from './form.js';
import { flatRow, parse } from './parse.js';
import { PEOPLE_FIELDS } from './people.js';
import { choices, fields, tables } from './pick-lists.js';
import { PRESETS } from './presets/index.js';
import { validateServiceNowFields } from './schema.js';

/** The generic kind of each record type; custom record types are treated as incidents. */
const KINDS: Record<string, EntityKind> = {
  incident: 'incident',
  problem: 'problem',
  change: 'change',
  case: 'case',
  request: 'request',
  requestItem: 'request',
  catalogTask: 'task',
  order: 'order',
};

/** ServiceNow's Table API, Attachment API and Service Catalog API. */
export const servicenow: System = {
  ...form,
  createClient,
  capabilities: () => ({
    webhook: true,
    hub: false,
    poll: true,
    lookUp: true,
    attachments: { in: true, out: true },
    internalNotes: { in: true, out: true },
    items: true,
    cancel: false,
    optimisticLock: false,
    deletes: true,
    relations: { in: false, out: false },
    parentTickets: false,
    notices: false,
  }),
  presets: PRESETS,
  catalog: (entityType) => FIELDS[entityType] ?? { fields: [] },
  people: PEOPLE_FIELDS,
  // Raw times are in UTC without a zone designator (ServiceNow, Table API, "Date and time").
  notation: () => ({ time: (iso) => iso.slice(0, 19).replace('T', ' '), typed: false }),
  // Columns that the instance's own administrators added.
  carries: (column) => column.startsWith('u_'),
  validate: validateServiceNowFields,
  unwrap,
  kindOf: (entityType) => KINDS[entityType] ?? 'incident',
  raw: { field: 'record', identify: (id) => ({ sys_id: id, number: id }) },
  authorsInText: true,
  pickLists: { tables, fields, choices },
  help: 'docs/servicenow.md',
};

function createClient({ id, name, settings, credentials, http, clock }: ClientOptions) {
  const rows = settings.entityTypes as readonly EntityTypeRow[] | undefined;
  return createServiceNowClient({
    id,
    name,
    http: http(),
    entityTypes: (rows?.length ? rows : ENTITY_TYPES).map((row) => ({
      name: row.name,
      table: row.table,
      fields: columnsOf(row.name, row.fields),
    })),
    integrationUser: String(settings.integrationUser ?? '') || credentials.user,
    clock,
  });
}

/**
 * The listed columns and those that the preset reads, because a column that is not read would clear a field. Empty if none are
 * listed: all are read.
 */
function columnsOf(entityType: string, listed: string): string[] {
  const columns = listed.split(/[\s,]+/).filter(Boolean);
  if (columns.length === 0) return [];
  const preset = PRESETS.find((one) => one.entityType === entityType);
  return [...(preset ? compile(preset).reads : []), ...columns];
}

function unwrap(pasted: Record<string, Json>, entityType: string): Record<string, Json> {
  // A raw entity, as emitted by the in node.
  if (isTree(pasted.record)) return parse(pasted, { endpoint: '', entityType, baseUrl: '' }).record;
  const { lines, ...columns } = unwrapRecord(pasted, ['result', 'record']);
  return { ...flatRow(columns), ...(lines !== undefined && { lines }) };
}
