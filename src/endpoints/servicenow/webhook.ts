import { hash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import { sameChoice } from '../../model/choice.js';
import { say } from '../../text/say.js';
import type { Hint } from '../endpoint.js';
import type { PostedEvent } from '../posted-events.js';
import { byLine, LINES } from './lines.js';
import { type ServiceNowEntity, versionOf } from './parse.js';
import { columnText } from './row.js';
import {
  addressIn,
  idIn,
  isSysId,
  looseIdIn,
  type NamedRow,
  numberIn,
  PARTS,
  partIn,
  TABLES,
  type Values,
  valuesIn,
} from './webhook-values.js';

/** A table of the endpoint, and its name among our entity types. */
export interface EntityTable {
  name: string;
  table: string;
}

/** The table that most tables extend. */
const PARENT = 'task';

/**
 * Reads the event that a customer's business rule posts: table and sys_id in one of the usual forms (docs/servicenow.md), in
 * whatever envelope, values plain or as {value, display_value}; a class name wins over the table name, however it is written.
 * Everything else is only a hint, because the record is read back. A row that belongs to a record, such as a file or a journal
 * entry, stands for the record. A line leads to its order or request: by the parent in the event, else by the line itself, which is
 * read for its parent. An event with only a number gives a hint without an id. Throws SWB_PAYLOAD.
 * @param defaultType entity type where the event names no table; lines of its records never count as records of their own
 */
export function readWebhook(event: PostedEvent, tables: readonly EntityTable[], defaultType: string): Hint {
  const values = valuesIn(event);
  const part = partIn(values);
  const table = part ? tableOf(part, tables) : tableIn(values, tables);
  const own = tables.find((t) => t.name === defaultType);
  const hasLines = (t: EntityTable | undefined) => t !== undefined && LINES[t.table]?.table === table;
  const record = table ? tables.find((t) => t.table === table || t.name === table) : own;
  const ofLine = hasLines(own) ? own : record ? undefined : tables.find(hasLines);
  const known = ofLine ?? record;
  if (!known) throw unknownTable(table || defaultType, tables);
  const number = part ? '' : numberIn(values);
  const id = idIn(values) || (number ? '' : looseIdIn(values));
  if (!isSysId(id) && !(id === '' && number && !ofLine)) {
    throw new SwitchboardError('SWB_PAYLOAD', id ? say`"${id.slice(0, 40)}" is not a sys_id.` : say`The sys_id is missing.`, {
      field: 'sys_id',
      hint: say`Send the record’s sys_id, 32 hexadecimal digits.`,
    });
  }
  const parent = ofLine && !part ? values(LINES[ofLine.table]?.parent ?? '', 'parent').toLowerCase() : '';
  const entityId = ofLine ? (isSysId(parent) ? parent : byLine(id)) : id;
  const eventId = values('event_id');
  // The row of a part has a time and a count of its own, and need not change its record.
  const [time, count] = part ? ['', ''] : [values('sys_updated_on'), values('sys_mod_count')];
  const version = [time, count].filter(Boolean).join('|');
  const digest = () => hash('sha256', JSON.stringify(event), 'hex').slice(0, 32);
  const key = eventId
    ? `evt|${eventId}`
    : version
      ? `rec|${id || number}|${version}|${values('operation')}`
      : `hook|${id || number}|${digest()}`;
  // A count alone or a time alone cannot be compared. A record with lines takes its version from all rows: it is at least that
  // time.
  const expectedVersion = LINES[known.table]
    ? time && `${time}|`
    : time && count && versionOf({ sys_updated_on: time, sys_mod_count: count });
  return {
    entityType: known.name,
    id: entityId,
    ...(number && { number }),
    ...(expectedVersion && { expects: { version: expectedVersion } }),
    key,
    payload: event,
  };
}

/**
 * Whether an entity, as it was read, has the row that a webhook reports, in that version or a later one. Only changes of rows have
 * one: a file does not change its record. Pure.
 */
export function showsRow({ record, lines = [], deleted }: ServiceNowEntity, event: PostedEvent): boolean {
  const text = valuesIn(event);
  if (partIn(text)) return false;
  const [time, count] = [text('sys_updated_on'), text('sys_mod_count')];
  const isChange = ['', 'insert', 'update'].includes(text('operation').toLowerCase());
  const row = [record, ...lines].find((one) => columnText(one?.sys_id) === idIn(text));
  if (!row || deleted || !isChange || !time || !/^\d+$/.test(count)) return false;
  return Number(columnText(row.sys_mod_count)) >= Number(count) && columnText(row.sys_updated_on) >= time;
}

/** The table of the record of a part. Journal entries may name the parent table: then it is that of the default, ''. */
function tableOf({ table }: NamedRow, tables: readonly EntityTable[]): string {
  return table === PARENT ? '' : (knownName(table, tables) ?? table);
}

/** The table that an event names; one without a known name is given as it is written. */
function tableIn(values: Values, tables: readonly EntityTable[]): string {
  const named = values(...TABLES) || (addressIn(values)?.table ?? '');
  // A rule on the parent table sends that table's name, and the record's own table as its class.
  const names = [values('sys_class_name'), ...(named === PARENT ? [values('record_type')] : []), named];
  const known = names.map((name) => knownName(name, tables)).find((name) => name !== undefined);
  return known ?? names.find((name) => name !== '' && name !== PARENT) ?? named;
}

/** The error for an event of a table that is none of the endpoint, with the advice that helps. */
function unknownTable(table: string, tables: readonly EntityTable[]): SwitchboardError {
  const fails = (what: string, hint: string) => new SwitchboardError('SWB_PAYLOAD', what, { field: 'table', hint });
  const [ofTable, ofId] = PARTS[table] ?? [];
  if (ofTable && ofId)
    return fails(say`The event of ${table} does not name its record.`, say`Send the row’s ${ofTable} and ${ofId}.`);
  if (table === PARENT)
    return fails(
      say`The table "${PARENT}" does not say which type the record has.`,
      say`Send its class as well: sys_class_name.`,
    );
  if (!/^\w+$/.test(table))
    return fails(
      say`"${table.slice(0, 80)}" is not a table.`,
      say`Send the name of the record’s table, such as ${tables[0]?.table ?? 'incident'}.`,
    );
  return fails(
    say`The table "${table}" is not an entity type of this endpoint.`,
    say`Add it in the endpoint’s dialog, or send one of ${tables.map((t) => t.table).join(', ')}.`,
  );
}

/** The name of a table or entity type of the endpoint, or of a line table of one, however it is written: also as a label. */
function knownName(name: string, tables: readonly EntityTable[]): string | undefined {
  const known = tables.flatMap((t) => [t.table, t.name, LINES[t.table]?.table ?? t.table]);
  return known.find((one) => one === name) ?? known.find((one) => sameChoice(one, name));
}
