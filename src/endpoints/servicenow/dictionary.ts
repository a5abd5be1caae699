import { PartnerError, SwitchboardError } from '../../errors.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { PickListResult } from '../system.js';
import { MAX_NAMES, queryTable } from './query.js';
import { columnText, type Row } from './row.js';

export interface TableChoice {
  name: string;
  label: string;
}
export interface FieldChoice {
  name: string;
  label?: string;
  /** ServiceNow's own type, e.g. string, reference, glide_date_time, choice. */
  type?: string;
  mandatory?: boolean;
  readOnly?: boolean;
  maxLength?: number;
  /** The table a reference points to. */
  reference?: string;
}
export interface ValueChoice {
  value: string;
  label: string;
}

/** Maximum depth of table inheritance: a telecom order line extends five tables. */
const LEVELS = 6;

/** The tables that hold tasks, and the known ones as well, because not every user may read sys_db_object. */
export async function listTables(api: Api, known: readonly string[]): Promise<PickListResult<TableChoice>> {
  const names = known.filter((name) => NAME.test(name));
  const query = `super_class.name=task^ORsuper_class.super_class.name=task^ORnameIN${names.join(',')}^ORDERBYlabel`;
  const rows = await rowsIfAllowed(api, 'sys_db_object', query, say`list the tables`, 'name,label');
  const found = rows.map((row) => ({ name: columnText(row.name), label: columnText(row.label) })).filter((table) => table.name);
  const missing = names.filter((name) => !found.some((table) => table.name === name));
  return {
    items: [...found, ...missing.map((name) => ({ name, label: name }))],
    ...(found.length === 0 && {
      note: say`This user cannot read the list of tables (sys_db_object). The list shows the tables that Switchboard knows.`,
    }),
  };
}

/**
 * The columns of a table and of the tables it extends; where sys_dictionary cannot be read, the columns of one of its records.
 */
export async function listFields(api: Api, table: string): Promise<PickListResult<FieldChoice>> {
  const tables = await lineage(api, table);
  const rows = await rowsIfAllowed(
    api,
    'sys_dictionary',
    `nameIN${tables.join(',')}^elementISNOTEMPTY^ORDERBYelement`,
    say`list the columns of ${table}`,
    'name,element,column_label,internal_type,mandatory,read_only,max_length,reference',
  );
  const fields = new Map<string, FieldChoice>();
  // The nearest table wins: a table may override what it extends.
  for (const name of [...tables].reverse())
    for (const row of rows) if (columnText(row.name) === name) fields.set(columnText(row.element), fieldOf(row));
  fields.delete('');
  if (fields.size > 0) return { items: [...fields.values()] };
  const [record] = await rowsIfAllowed(api, table, 'ORDERBYDESCsys_updated_on', say`read a record of ${table}`, '', 1);
  return record
    ? {
        items: Object.keys(record)
          .sort()
          .map((name) => ({ name })),
        note: say`This user cannot read the dictionary (sys_dictionary). The list shows the columns of a record.`,
      }
    : { items: [], note: say`This user can read neither the dictionary (sys_dictionary) nor a record of ${table}.` };
}

/** The values of a choice column, with their labels in English. */
export async function listChoices(api: Api, table: string, field: string): Promise<PickListResult<ValueChoice>> {
  const tables = await lineage(api, table);
  const rows = await rowsIfAllowed(
    api,
    'sys_choice',
    `nameIN${tables.join(',')}^element=${checked(field, 'column')}^inactive=false^language=en^ORDERBYsequence`,
    say`list the choices of ${table}.${field}`,
    'name,element,value,label',
  );
  // ServiceNow ignores an invalid clause and returns any rows: keep only the rows that match.
  const ours = rows.filter((row) => columnText(row.element) === field);
  const nearest = tables.find((name) => ours.some((row) => columnText(row.name) === name));
  const items = ours
    .filter((row) => columnText(row.name) === nearest)
    .map((row) => ({ value: columnText(row.value), label: columnText(row.label) }));
  return items.length > 0
    ? { items }
    : { items, note: say`No choices of ${table}.${field} in sys_choice: the column has none, or this user may not read them.` };
}

/** Names become part of URLs and queries: other characters could change their meaning. */
const NAME = /^[a-z][a-z0-9_]*$/i;
function checked(name: string, what: 'table' | 'column'): string {
  if (NAME.test(name)) return name;
  const given = name.slice(0, 40);
  const fault =
    what === 'table' ? say`"${given}" is not a valid name of a table.` : say`"${given}" is not a valid name of a column.`;
  throw new SwitchboardError('SWB_PAYLOAD', fault, {
    field: what,
    hint: say`Use letters, digits and underscores only.`,
  });
}

/** A table and those it extends, nearest first; where that cannot be read, the table and `task`, which most tables extend. */
async function lineage(api: Api, table: string): Promise<string[]> {
  const paths = Array.from({ length: LEVELS }, (_, level) => `${'super_class.'.repeat(level)}name`);
  const [row] = await rowsIfAllowed(
    api,
    'sys_db_object',
    `name=${checked(table, 'table')}`,
    say`look ${table} up`,
    paths.join(','),
    1,
  );
  const names = paths.map((path) => columnText(row?.[path])).filter(Boolean);
  return names[0] === table ? names : [...new Set([table, 'task'])];
}

function fieldOf(row: Row): FieldChoice {
  const text = (name: string) => columnText(row[name]);
  return {
    name: text('element'),
    ...(text('column_label') && { label: text('column_label') }),
    ...(text('internal_type') && { type: text('internal_type') }),
    ...(text('mandatory') === 'true' && { mandatory: true }),
    ...(text('read_only') === 'true' && { readOnly: true }),
    ...(Number(text('max_length')) > 0 && { maxLength: Number(text('max_length')) }),
    ...(text('reference') && { reference: text('reference') }),
  };
}

/**
 * Rows; none where the user lacks the right to read them (an instance may also return none instead of an error). Throws other
 * errors.
 */
async function rowsIfAllowed(
  api: Api,
  table: string,
  query: string,
  what: string,
  fields: string,
  limit = MAX_NAMES,
): Promise<Row[]> {
  try {
    return await queryTable(api, table, query, what, limit, fields ? { sysparm_fields: fields } : {});
  } catch (error) {
    const refused = error instanceof PartnerError && (error.status === 403 || error.status === 404 || error.status === 400);
    if (refused) return [];
    throw error;
  }
}
