import { hash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Hint } from '../endpoint.js';
import { byLine, LINES } from './lines.js';
import { columnText, type ServiceNowEntity, versionOf } from './parse.js';

/** A table of the endpoint, and its name among our entity types. */
export interface EntityTable {
  name: string;
  table: string;
}

/** The table that most tables extend. */
const PARENT = 'task';

const SYS_ID = /^[0-9a-f]{32}$/i;

/**
 * Reads the body that a customer's business rule posts: a flat object with table and sys_id in one of the usual forms
 * (docs/servicenow.md), values plain or as {value, display_value}; a class name wins over the table name. Everything else is only
 * a hint, because the record is read back. A line leads to its order or request: by the parent in the body, else by the line
 * itself, which is read for its parent. Throws SWB_PAYLOAD.
 * @param defaultType entity type where the body names no table; lines of its records never count as records of their own
 */
export function readWebhook(body: unknown, tables: readonly EntityTable[], defaultType: string): Hint {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The body of the webhook is not an object.`, {
      hint: say`Post {"table", "sys_id", …} as in docs/servicenow.md.`,
    });
  }
  const given = body as Record<string, unknown>;
  const first = (...names: string[]) => names.map((name) => columnText(given[name])).find((text) => text !== '') ?? '';
  const tableName = first('table', 'table_name', 'sys_class_name', 'record_type');
  // A rule on the parent table sends that table's name, and the record's own table as its class.
  const classes = [first('sys_class_name').toLowerCase(), ...(tableName === PARENT ? [first('record_type')] : [])];
  const table = classes.find((name) => isKnown(name, tables)) ?? tableName;
  const own = tables.find((t) => t.name === defaultType);
  const hasLines = (t: EntityTable | undefined) => t !== undefined && LINES[t.table]?.table === table;
  const record = table ? tables.find((t) => t.table === table || t.name === table) : own;
  const ofLine = hasLines(own) ? own : record ? undefined : tables.find(hasLines);
  const known = ofLine ?? record;
  if (!known) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The table "${table || defaultType}" is not an entity type of this endpoint.`, {
      field: 'table',
      hint: say`Add it in the endpoint’s dialog, or send one of ${tables.map((t) => t.table).join(', ')}.`,
    });
  }
  // `record_id` comes first, because some rules send the id of their subscription as sys_id.
  const id = first('record_id', 'sys_id').toLowerCase();
  if (!SYS_ID.test(id)) {
    throw new SwitchboardError('SWB_PAYLOAD', id ? say`"${id.slice(0, 40)}" is not a sys_id.` : say`The sys_id is missing.`, {
      field: 'sys_id',
      hint: say`Send the record’s sys_id, 32 hexadecimal digits.`,
    });
  }
  const parent = ofLine && first(LINES[ofLine.table]?.parent ?? '', 'parent').toLowerCase();
  const entityId = ofLine ? (parent && SYS_ID.test(parent) ? parent : byLine(id)) : id;
  const number = first('number');
  const event = first('event_id');
  const version = [first('sys_updated_on'), first('sys_mod_count')].filter(Boolean).join('|');
  const digest = () => hash('sha256', JSON.stringify(body), 'hex').slice(0, 32);
  const key = event ? `evt|${event}` : version ? `rec|${id}|${version}|${first('operation')}` : `hook|${id}|${digest()}`;
  // A count alone or a time alone cannot be compared. A record with lines takes its version from all rows: it is at least that
  // time.
  const time = first('sys_updated_on');
  const expectedVersion = LINES[known.table] ? time && `${time}|` : time && first('sys_mod_count') && versionOf(given);
  return {
    entityType: known.name,
    id: entityId,
    ...(number && { number }),
    ...(expectedVersion && { expects: { version: expectedVersion } }),
    key,
    payload: body as Json,
  };
}

/**
 * Whether an entity, as it was read, has the row that a webhook reports, in that version or a later one. Only changes of rows have
 * one: a file does not change its record. Pure.
 */
export function showsRow({ record, lines = [], deleted }: ServiceNowEntity, body: unknown): boolean {
  const given = body as Record<string, unknown>;
  const text = (name: string) => columnText(given[name]);
  const [time, count] = [text('sys_updated_on'), text('sys_mod_count')];
  const isChange = ['', 'insert', 'update'].includes(text('operation').toLowerCase());
  const row = [record, ...lines].find((one) => columnText(one?.sys_id) === (text('record_id') || text('sys_id')).toLowerCase());
  if (!row || deleted || !isChange || !time || !/^\d+$/.test(count)) return false;
  return Number(columnText(row.sys_mod_count)) >= Number(count) && columnText(row.sys_updated_on) >= time;
}

/** Whether it is a table or entity type of the endpoint, or a line table of one. */
function isKnown(name: string, tables: readonly EntityTable[]): boolean {
  return tables.some((t) => t.table === name || t.name === name || LINES[t.table]?.table === name);
}
