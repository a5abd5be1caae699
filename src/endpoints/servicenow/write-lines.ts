import { DecisionError, PartnerError, SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { WriteResult } from '../endpoint.js';
import { plainText } from './html.js';
import { itemIds, lineOf } from './line-ids.js';
import { LINES_FIELD, type LineTable } from './lines.js';
import { type Overwritten, overwrittenStates } from './overwritten.js';
import type { ServiceNowEntity } from './parse.js';
import { SHOWN, valueRows } from './query.js';
import { droppedFields, hasValue, JOURNALS, rowBody } from './render.js';
import { columnText, type Row, shownText } from './row.js';
import { changeRow, insertRow } from './write.js';

/** The target state of a line: columns, and named values where its table has them. */
export type LineInput = Record<string, Json>;

/** The lines among the fields of a write. Throws SWB_PAYLOAD where a line does not say which item it is for, or several do. */
export function lineInputs(fields: Record<string, Json>, table: LineTable): LineInput[] {
  const given = fields[LINES_FIELD];
  const lines = Array.isArray(given) ? (given as LineInput[]) : [];
  const ids = lines.map((line) => columnText(line[table.id]));
  const twice = ids.find((id, at) => id !== '' && ids.indexOf(id) < at);
  if (twice !== undefined)
    throw new SwitchboardError('SWB_PAYLOAD', say`Several lines are for the item ${twice}.`, {
      field: `${LINES_FIELD}.${table.id}`,
      hint: say`Give each item an id of its own, in the mapping or in the other party’s record.`,
    });
  return lines.map((line) => {
    if (columnText(line[table.id])) return line;
    throw new SwitchboardError('SWB_PAYLOAD', say`A line has no ${table.id}, which identifies its item.`, {
      field: `${LINES_FIELD}.${table.id}`,
      hint: say`Add a rule for id to the items of the mapping.`,
    });
  });
}

export interface LineContext {
  api: Api;
  table: LineTable;
  entityType: string;
  /** The record as it was just read. */
  entity: ServiceNowEntity;
  /** Whose journal entries are ours; undefined = any. */
  integrationUser?: string;
}

/** Inserts missing lines, and missing named values of lines; existing ones stay as they are. Repeatable without effect. */
export async function completeLines(context: LineContext, given: LineInput[]): Promise<void> {
  const { table, entity } = context;
  for (const line of given) {
    const there = lineOf(entity.lines ?? [], table, columnText(line[table.id]));
    const has = (there?.[table.values.as] ?? {}) as Row;
    const lacking = Object.entries(valuesIn(line, table)).filter(([name]) => !(name in has));
    await writeValues(context, there ?? (await insertLine(context, line)), lacking);
  }
}

/**
 * Throws a DecisionError for a missing line that is not `added`: inserting it would duplicate it once the instance shows it
 * again. Throws PartnerError for one that is, where lines have to be ordered.
 */
export function requireLines(
  { api, table, entity, entityType }: LineContext,
  given: LineInput[],
  added: readonly string[],
): void {
  const lines = entity.lines ?? [];
  const missing = given.map((line) => columnText(line[table.id])).filter((id) => !lineOf(lines, table, id));
  const lost = missing.filter((id) => !added.includes(id));
  if (lost.length === 0 && missing.length > 0 && table.creation === 'order')
    throw new PartnerError(
      'SWB_PARTNER_REFUSED',
      say`Item ${missing.join(', ')} cannot be added to ${columnText(entity.record.number)}: a ${entityType} has the items that it was ordered with.`,
      {
        where: api.name,
        field: LINES_FIELD,
        hint: say`Nothing was written. Order it with another ${entityType}, then skip this delivery.`,
        outcome: 'notDone',
        retry: false,
      },
    );
  if (lost.length === 0) return;
  const there = [...itemIds(lines, table).values()].join(', ') || say`none`;
  throw new DecisionError(
    'items',
    'SWB_PARTNER_ANSWER',
    say`Lines ${lost.join(', ')} are not in the ${entityType}, which has the lines: ${there}.`,
    {
      where: api.name,
      field: LINES_FIELD,
      hint: say`Nothing was written. Compare its lines with what was ordered, then replay or skip this delivery.`,
    },
  );
}

/** Whether any line gets a journal entry. */
export function writesJournal(given: LineInput[]): boolean {
  return given.some((line) => Object.keys(line).some((name) => JOURNALS.has(name)));
}

export interface LineUpdate {
  /** The changed lines as they are now. */
  rows: Row[];
  /** Nothing else was written. */
  isWhole: boolean;
  /** By the item of the line. */
  overwritten: Map<string, Overwritten>;
}

/** Writes the differences from the lines as they were read, and inserts missing lines. */
export async function updateLines(context: LineContext, given: LineInput[]): Promise<LineUpdate> {
  const { api, table, entity, entityType } = context;
  const rows: Row[] = [];
  const overwritten: LineUpdate['overwritten'] = new Map();
  let isWhole = true;
  const may = ([name]: [string, Json]) => name !== table.id && !table.fixed.includes(name);
  for (const line of given) {
    const values = Object.entries(valuesIn(line, table));
    const there = lineOf(entity.lines ?? [], table, columnText(line[table.id]));
    if (!there) {
      await writeValues(context, await insertLine(context, line), values);
      isWhole = false;
      continue;
    }
    const differs = Object.entries(columnsIn(line, table)).filter(
      (column) => may(column) && !isCurrent(context, there, ...column),
    );
    if (differs.length > 0) {
      const what = say`update a line of ${entityType} (${table.table})`;
      const body = Object.fromEntries(differs);
      const row = await changeRow(api, table.table, columnText(there.sys_id), body, what, SHOWN);
      rows.push(row);
      const lost = await overwrittenStates(api, table.table, there, body, row);
      if (lost) overwritten.set(columnText(line[table.id]), lost);
    }
    const has = (there[table.values.as] ?? {}) as Row;
    const lacking = table.fixed.includes(table.values.as) ? [] : values.filter(([name, value]) => !hasValue(has[name], value));
    if (lacking.length > 0) isWhole = false;
    await writeValues(context, there, lacking);
  }
  return { rows, isWhole, overwritten };
}

/** What was sent and is not in the lines, each as `lines[<item>].<column>`. */
export function droppedLineFields(given: LineInput[], table: LineTable, lines: Row[]): WriteResult['dropped'] {
  return given.flatMap((line) => {
    const item = columnText(line[table.id]);
    const place = `${LINES_FIELD}[${item}]`;
    const there = lineOf(lines, table, item);
    if (!there) return [{ field: place, sent: line, has: undefined }];
    const { [table.id]: _id, ...columns } = columnsIn(line, table);
    const has = there[table.values.as] as Row | undefined;
    return [
      ...droppedFields(withoutNames(columns, there), there).map((d) => ({ ...d, field: `${place}.${d.field}` })),
      ...droppedFields(valuesIn(line, table), has ?? {}).map((d) => ({ ...d, field: `${place}.${table.values.as}.${d.field}` })),
    ];
  });
}

function insertLine({ api, table, entity, entityType }: LineContext, line: LineInput): Promise<Row> {
  const body = { ...columnsIn(line, table), [table.parent]: columnText(entity.record.sys_id) };
  return insertRow(api, table.table, body, `create a line of ${entityType} (${table.table})`, [table.parent, table.id]);
}

/** Named values are rows of their own: an existing one is changed, a missing one inserted. */
async function writeValues({ api, table, entityType }: LineContext, row: Row, given: [string, Json][]): Promise<void> {
  if (given.length === 0) return;
  const { values } = table;
  const line = columnText(row.sys_id);
  const what = say`write ${values.as} of ${entityType} (${values.table})`;
  const there = await valueRows(api, table, line, what);
  for (const [name, value] of given) {
    const known = there.find((other) => shownText(other[values.name]) === name);
    if (known) await changeRow(api, values.table, columnText(known.sys_id), rowBody({ [values.value]: value }), what);
    else {
      const body = rowBody({ [values.line]: line, [values.name]: name, [values.value]: value });
      await insertRow(api, values.table, body, what, [values.line]);
    }
  }
}

function columnsIn(line: LineInput, table: LineTable): Record<string, Json> {
  const { [table.values.as]: _values, ...columns } = line;
  return rowBody(columns);
}

function valuesIn(line: LineInput, table: LineTable): Record<string, Json> {
  const values = line[table.values.as];
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

/** `<column>_name` is another way to set the reference in that column: it is written if either matches. */
function withoutNames(columns: Record<string, Json>, there: Row): Record<string, Json> {
  const rest = { ...columns };
  for (const [name, value] of Object.entries(columns)) {
    const column = name.replace(/_name$/, '');
    if (column === name || !(column in there)) continue;
    delete rest[name];
    if (!(column in columns) || hasValue(there[column], value)) rest[column] = value;
  }
  return rest;
}

/** Journals are never read back as columns: our last entry there must not be written again. */
function isCurrent({ entity, integrationUser }: LineContext, line: Row, name: string, value: Json): boolean {
  if (!JOURNALS.has(name)) return hasValue(line[name], value);
  const ours = (entity.journal ?? []).filter(
    (entry) =>
      columnText(entry.element_id) === columnText(line.sys_id) &&
      columnText(entry.element) === name &&
      (!integrationUser || columnText(entry.sys_created_by) === integrationUser),
  );
  return plainText(columnText(ours.at(-1)?.value)) === plainText(columnText(value));
}
