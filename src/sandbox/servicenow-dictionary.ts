import type { Table } from './servicenow-table.js';

/** A row of one of the tables that describe other tables. */
export interface DictionaryRow {
  table: 'sys_db_object' | 'sys_dictionary' | 'sys_choice';
  fields: Record<string, string>;
  /** For a table: the table it extends. */
  extends?: string;
}

/** Labels of choice values (ServiceNow, default choices). */
const LABELS: Record<string, Record<string, string>> = {
  'incident.state': { 1: 'New', 2: 'In Progress', 3: 'On Hold', 6: 'Resolved', 7: 'Closed', 8: 'Canceled' },
  'incident.hold_reason': { 1: 'Awaiting Caller', 3: 'Awaiting Problem', 4: 'Awaiting Vendor', 5: 'Awaiting Change' },
  'task.impact': { 1: '1 - High', 2: '2 - Medium', 3: '3 - Low' },
  'task.urgency': { 1: '1 - High', 2: '2 - Medium', 3: '3 - Low' },
  'task.priority': { 1: '1 - Critical', 2: '2 - High', 3: '3 - Moderate', 4: '4 - Low', 5: '5 - Planning' },
};

/** The dictionary of an instance: tables, columns and choices, each at the table that defines it. */
export function dictionaryRows(tables: Record<string, Table>): DictionaryRow[] {
  const tasks = Object.values(tables).filter((table) => table.prefix);
  const common = [...(tasks[0]?.columns ?? [])].filter((column) => tasks.every((table) => table.columns.has(column)));
  const first = tasks[0];
  const rows: DictionaryRow[] = [{ table: 'sys_db_object', fields: { name: 'task', label: 'Task' } }];
  if (first) rows.push(...columns('task', first, common), ...choices('task', first, ['impact', 'urgency', 'priority']));
  for (const [name, table] of Object.entries(tables)) {
    const task = table.prefix !== '';
    rows.push({ table: 'sys_db_object', fields: { name, label: labelOf(name) }, ...(task && { extends: 'task' }) });
    const own = [...table.columns].filter((column) => !task || !common.includes(column));
    rows.push(...columns(name, table, own));
    const inherited = task ? ['impact', 'urgency', 'priority'] : [];
    rows.push(
      ...choices(
        name,
        table,
        Object.keys(table.choices).filter((column) => !inherited.includes(column)),
      ),
    );
  }
  return rows;
}

function columns(name: string, table: Table, some: string[]): DictionaryRow[] {
  return some.map((element) => ({
    table: 'sys_dictionary',
    fields: {
      name,
      element,
      column_label: labelOf(element),
      internal_type: table.references[element] ? 'reference' : /_(at|on|date)$/.test(element) ? 'glide_date_time' : 'string',
      mandatory: String(element === 'short_description'),
      read_only: String(element.startsWith('sys_') || element === 'number'),
      max_length: String(table.lengths[element] ?? 40),
      reference: table.references[element] ?? '',
      active: 'true',
    },
  }));
}

function choices(name: string, table: Table, some: string[]): DictionaryRow[] {
  return some.flatMap((element) =>
    (table.choices[element] ?? []).filter(Boolean).map((value, at) => ({
      table: 'sys_choice' as const,
      fields: {
        name,
        element,
        value,
        label: LABELS[`${name}.${element}`]?.[value] ?? labelOf(value),
        language: 'en',
        inactive: 'false',
        sequence: String(at).padStart(3, '0'),
      },
    })),
  );
}

function labelOf(name: string): string {
  const text = name
    .replace(/^sn_\w+?_/, '')
    .replace(/_/g, ' ')
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
