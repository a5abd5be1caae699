import { hash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import { sameChoice } from '../../model/choice.js';
import { say } from '../../text/say.js';
import type { Hint } from '../endpoint.js';
import { layersOf, type PostedEvent } from '../posted-events.js';
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

/** Attributes that hold the sys_id of the record; `record_id` comes first, because some rules send that of their subscription as sys_id. */
const IDS = ['record_id', 'record_sys_id', 'document_id', 'sys_id'];
/** Attributes that hold an address of the record. */
const ADDRESSES = ['resourcePath', 'href', 'url', 'link', 'record_url', 'uri'];
/** Longer texts are no addresses. */
const MAX_ADDRESS = 1_000;
/** `/api/now/table/incident/<sys_id>`, or `incident.do?sys_id=<sys_id>`, also percent-encoded. */
const ADDRESS = /(\w+)(?:\/|\.do(?:\?|%3F)(?:[^#]*?(?:&|%26))?sys_id(?:=|%3D))([0-9a-f]{32})\b/i;

/** The values of an event: the outermost envelope that has one of the names counts. */
function valuesIn(event: PostedEvent) {
  const layers = layersOf(event).map(({ content }) => content);
  return (...names: string[]): string =>
    layers.flatMap((given) => names.map((name) => columnText(given[name]))).find((text) => text !== '') ?? '';
}

/**
 * Reads the event that a customer's business rule posts: table and sys_id in one of the usual forms (docs/servicenow.md), in
 * whatever envelope, values plain or as {value, display_value}; a class name wins over the table name, however it is written.
 * Everything else is only a hint, because the record is read back. A line leads to its order or request: by the parent in the
 * event, else by the line itself, which is read for its parent. An event with only a number gives a hint without an id. Throws
 * SWB_PAYLOAD.
 * @param defaultType entity type where the event names no table; lines of its records never count as records of their own
 */
export function readWebhook(event: PostedEvent, tables: readonly EntityTable[], defaultType: string): Hint {
  const first = valuesIn(event);
  const [, addressedTable = '', addressedId = ''] = ADDRESS.exec(first(...ADDRESSES).slice(0, MAX_ADDRESS)) ?? [];
  const tableName = first('table', 'table_name', 'sys_class_name', 'record_type') || addressedTable;
  // A rule on the parent table sends that table's name, and the record's own table as its class.
  const classes = [first('sys_class_name'), ...(tableName === PARENT ? [first('record_type')] : []), tableName];
  const table = classes.map((name) => knownName(name, tables)).find((name) => name !== undefined) ?? tableName;
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
  const id = (first(...IDS) || addressedId).toLowerCase();
  const number = first('number');
  if (!SYS_ID.test(id) && !(id === '' && number && !ofLine)) {
    throw new SwitchboardError('SWB_PAYLOAD', id ? say`"${id.slice(0, 40)}" is not a sys_id.` : say`The sys_id is missing.`, {
      field: 'sys_id',
      hint: say`Send the record’s sys_id, 32 hexadecimal digits.`,
    });
  }
  const parent = ofLine && first(LINES[ofLine.table]?.parent ?? '', 'parent').toLowerCase();
  const entityId = ofLine ? (parent && SYS_ID.test(parent) ? parent : byLine(id)) : id;
  const eventId = first('event_id');
  const version = [first('sys_updated_on'), first('sys_mod_count')].filter(Boolean).join('|');
  const digest = () => hash('sha256', JSON.stringify(event), 'hex').slice(0, 32);
  const key = eventId
    ? `evt|${eventId}`
    : version
      ? `rec|${id || number}|${version}|${first('operation')}`
      : `hook|${id || number}|${digest()}`;
  // A count alone or a time alone cannot be compared. A record with lines takes its version from all rows: it is at least that
  // time.
  const time = first('sys_updated_on');
  const expectedVersion = LINES[known.table]
    ? time && `${time}|`
    : time && first('sys_mod_count') && versionOf({ sys_updated_on: time, sys_mod_count: first('sys_mod_count') });
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
  const [time, count] = [text('sys_updated_on'), text('sys_mod_count')];
  const isChange = ['', 'insert', 'update'].includes(text('operation').toLowerCase());
  const row = [record, ...lines].find((one) => columnText(one?.sys_id) === text(...IDS).toLowerCase());
  if (!row || deleted || !isChange || !time || !/^\d+$/.test(count)) return false;
  return Number(columnText(row.sys_mod_count)) >= Number(count) && columnText(row.sys_updated_on) >= time;
}

/** The name of a table or entity type of the endpoint, or of a line table of one, however it is written: also as a label. */
function knownName(name: string, tables: readonly EntityTable[]): string | undefined {
  const known = tables.flatMap((t) => [t.table, t.name, LINES[t.table]?.table ?? t.table]);
  return known.find((one) => one === name) ?? known.find((one) => sameChoice(one, name));
}
