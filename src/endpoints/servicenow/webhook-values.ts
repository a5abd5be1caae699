import { type Layer, layersOf, objectsIn, type PostedEvent } from '../posted-events.js';
import { LINES } from './lines.js';
import { columnText } from './row.js';

/*
 * Where an event of an instance names its record: people write business rules, flows and integrations in many ways.
 */

/** The first text under one of the names, '' if there is none. */
export type Values = (...names: string[]) => string;

/** A row as an event names it. */
export interface NamedRow {
  table: string;
  id: string;
}

/** Tables whose rows belong to a record, and their columns with its table and its sys_id. */
export const PARTS: Readonly<Record<string, readonly [table: string, id: string]>> = {
  sys_attachment: ['table_name', 'table_sys_id'],
  sys_journal_field: ['name', 'element_id'],
  sys_audit: ['tablename', 'documentkey'],
  sys_email: ['target_table', 'instance'],
  sysapproval_approver: ['source_table', 'document_id'],
};

/** Attributes that name the table of the record. */
export const TABLES = ['table', 'table_name', 'sys_class_name', 'record_type', 'record_table', 'document_table'];
/** Attributes that hold the sys_id of the record; `record_id` comes first, because some rules send that of their subscription as sys_id. */
const IDS = ['record_id', 'record_sys_id', 'document_id', 'sys_id'];
/** Attributes that may hold it, but in many events hold something else. */
const LOOSE_IDS = ['id', 'record', 'document', 'subject', 'instance'];
/** Attributes that hold an address of the record. */
const ADDRESSES = ['resourcePath', 'href', 'url', 'link', 'record_url', 'uri', 'subject', 'source'];
/** Longer texts are no addresses. */
const MAX_ADDRESS = 1_000;
/** `/api/now/table/incident/<sys_id>`, or `incident.do?sys_id=<sys_id>`, also percent-encoded. */
const ADDRESS = /(\w+)(?:\/|\.do(?:\?|%3F)(?:[^#]*?(?:&|%26))?sys_id(?:=|%3D))([0-9a-f]{32})\b/i;
const SYS_ID = /^[0-9a-f]{32}$/i;
/** Before the table in the row of an image or a preview. */
const HIDDEN = /^ZZ_YY/;

export function isSysId(text: string): boolean {
  return SYS_ID.test(text);
}

/**
 * The values of an event: the outermost envelope that has one of the names counts. Where no envelope names a record, the outermost
 * other object counts that does; if several name different ones, a person has to look at the event.
 */
export function valuesIn(event: PostedEvent): Values {
  const layers = layersOf(event).map(({ content }) => content);
  const values = valuesOf(layers);
  const others = objectsIn(event).filter(({ content }) => !isColumn(content));
  for (const find of [idIn, numberIn]) {
    if (find(values)) return values;
    const found = others.flatMap(({ content, path }) => {
      const id = find(valuesOf([content]));
      return id ? [{ content, depth: path.length, id }] : [];
    });
    const [first, ...more] = found.filter(({ depth }) => depth === found[0]?.depth);
    if (first && more.every(({ id }) => id === first.id)) return valuesOf([first.content, ...layers]);
  }
  return values;
}

/** The sys_id of the record, or of a line of it; '' where there is none. */
export function idIn(values: Values): string {
  return (partIn(values)?.id ?? (values(...IDS) || (addressIn(values)?.id ?? ''))).toLowerCase();
}

/** The sys_id under a name that often means something else. */
export function looseIdIn(values: Values): string {
  const ids = LOOSE_IDS.map((name) => values(name));
  return ids.find(isSysId)?.toLowerCase() ?? '';
}

export function numberIn(values: Values): string {
  return values('number');
}

/** The record, or the line, to which a row belongs; undefined where the event is not about such a row. */
export function partIn(values: Values): NamedRow | undefined {
  for (const [tableColumn, idColumn] of Object.values(PARTS)) {
    const [table, id] = [values(tableColumn).replace(HIDDEN, ''), values(idColumn)];
    if (table && isSysId(id)) return { table, id };
  }
  for (const { table, values: rows } of Object.values(LINES))
    if (values('table', 'table_name', 'sys_class_name') === rows.table && isSysId(values(rows.line)))
      return { table, id: values(rows.line) };
  return undefined;
}

/** The record that an address leads to. */
export function addressIn(values: Values): NamedRow | undefined {
  const addresses = ADDRESSES.map((name) => ADDRESS.exec(values(name).slice(0, MAX_ADDRESS)));
  const [, table, id] = addresses.find((match) => match !== null) ?? [];
  return table !== undefined && id !== undefined ? { table, id } : undefined;
}

/** Names count as the same in whatever notation: sys_id, sysId, SYS_ID. */
function valuesOf(contents: readonly PostedEvent[]): Values {
  const known = contents.map((content) => {
    const texts = Object.entries(content).map(([name, value]): [string, string] => [plain(name), columnText(value)]);
    return { content, texts: new Map(texts.filter(([, text]) => text !== '').reverse()) };
  });
  return (...names) =>
    known
      .flatMap(({ content, texts }) => names.map((name) => columnText(content[name]) || (texts.get(plain(name)) ?? '')))
      .find((text) => text !== '') ?? '';
}

function plain(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toLowerCase();
}

/** Whether an object is the value of a column: `{value, display_value, link}`. */
function isColumn({ value }: Layer['content']): boolean {
  return value !== undefined && typeof value !== 'object';
}
