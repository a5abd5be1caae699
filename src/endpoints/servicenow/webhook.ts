import { hash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import type { Hint } from '../endpoint.js';
import { byLine, LINES } from './lines.js';
import { columnText, versionOf } from './parse.js';

/** A table the endpoint knows, and its name among our entity types. */
export interface EntityTable {
  name: string;
  table: string;
}

/** What most tables extend. */
const PARENT = 'task';

const SYS_ID = /^[0-9a-f]{32}$/i;

/**
 * Reads what a customer's business rule posts: a flat object that names table and sys_id in one of the usual ways (docs/servicenow.md),
 * values plain or as {value, display_value}; where a class is named, too, it is that. Everything else in it is only a hint; the record is read back. A line leads to its order or
 * request: by the parent that the body names, else by the line itself, whose parent is asked for when it is read. Throws SWB_PAYLOAD.
 * @param standard entity type where the body names no table; the lines of its records are never taken for records of their own
 */
export function readWebhook(body: unknown, tables: readonly EntityTable[], standard: string): Hint {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new SwitchboardError('SWB_PAYLOAD', 'The webhook’s body is no object.', {
      hint: 'Post {"table", "sys_id", …} as in docs/servicenow.md.',
    });
  }
  const given = body as Record<string, unknown>;
  const first = (...names: string[]) => names.map((name) => columnText(given[name])).find((text) => text !== '') ?? '';
  const stated = first('table', 'table_name', 'sys_class_name', 'record_type');
  // A rule on the parent table names that, and what the record is as its class.
  const classes = [first('sys_class_name').toLowerCase(), ...(stated === PARENT ? [first('record_type')] : [])];
  const table = classes.find((name) => isKnown(name, tables)) ?? stated;
  const own = tables.find((t) => t.name === standard);
  const hasLines = (t: EntityTable | undefined) => t !== undefined && LINES[t.table]?.table === table;
  const record = table ? tables.find((t) => t.table === table || t.name === table) : own;
  const ofLine = hasLines(own) ? own : record ? undefined : tables.find(hasLines);
  const known = ofLine ?? record;
  if (!known) {
    throw new SwitchboardError('SWB_PAYLOAD', `The table «${table || standard}» is no entity type of this endpoint.`, {
      field: 'table',
      hint: `It knows ${tables.map((t) => t.table).join(', ')}: add it in the endpoint’s dialog, or send one of these.`,
    });
  }
  // `record_id` comes first: some rules give their subscription's id as sys_id.
  const id = first('record_id', 'sys_id').toLowerCase();
  if (!SYS_ID.test(id)) {
    throw new SwitchboardError('SWB_PAYLOAD', id ? `The sys_id «${id.slice(0, 40)}» is none.` : 'The sys_id is missing.', {
      field: 'sys_id',
      hint: 'Send the record’s sys_id, 32 hexadecimal digits.',
    });
  }
  const parent = ofLine && first(LINES[ofLine.table]?.parent ?? '', 'parent').toLowerCase();
  const entityId = ofLine ? (parent && SYS_ID.test(parent) ? parent : byLine(id)) : id;
  const number = first('number');
  const event = first('event_id');
  const version = [first('sys_updated_on'), first('sys_mod_count')].filter(Boolean).join('|');
  const digest = () => hash('sha256', JSON.stringify(body), 'hex').slice(0, 32);
  const key = event ? `evt|${event}` : version ? `rec|${id}|${version}|${first('operation')}` : `hook|${id}|${digest()}`;
  // A count alone or a time alone compares with nothing. Of records with lines the version is made of all of them: it is that time at least.
  const time = first('sys_updated_on');
  const told = LINES[known.table] ? time && `${time}|` : time && first('sys_mod_count') && versionOf(given);
  return {
    entityType: known.name,
    id: entityId,
    ...(number && { number }),
    ...(told && { expects: { version: told } }),
    key,
    payload: body as Json,
  };
}

/** A table or entity type of the endpoint, or the table of lines of one. */
function isKnown(name: string, tables: readonly EntityTable[]): boolean {
  return tables.some((t) => t.table === name || t.name === name || LINES[t.table]?.table === name);
}
