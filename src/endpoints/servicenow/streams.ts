import type { Json } from '../../model/message.js';
import type { Hint } from '../endpoint.js';
import { LINES, type LineTable } from './lines.js';
import { versionOf } from './parse.js';
import { columnText, type Row } from './row.js';

/** What is polled: the records, and separately their journals and attachments, because those need not update the record. */
export interface Stream {
  name: 'rec' | 'jrn' | 'att' | 'lin' | 'ljr';
  table: string;
  time: string;
  fields: string;
  /** Condition that selects the rows of one table, '' for the table itself. */
  base: (table: string) => string;
  hint: (row: Row, entityType: string) => Hint;
  /** Set where the rows refer to lines: the line table, whose records the hints are about. */
  lines?: LineTable;
}

const STREAMS: Stream[] = [
  {
    name: 'rec',
    table: '',
    time: 'sys_updated_on',
    fields: 'sys_id,number,sys_updated_on,sys_mod_count,sys_updated_by',
    base: () => '',
    hint: (row, entityType) => ({
      entityType,
      id: columnText(row.sys_id),
      number: columnText(row.number),
      expects: { version: versionOf(row) },
      key: `rec|${columnText(row.sys_id)}|${columnText(row.sys_updated_on)}|${columnText(row.sys_mod_count)}`,
      payload: row as Json,
    }),
  },
  {
    name: 'jrn',
    table: 'sys_journal_field',
    time: 'sys_created_on',
    fields: 'sys_id,element_id,element,sys_created_on,sys_created_by',
    base: (table) => `name=${table}^elementINcomments,work_notes`,
    hint: (row, entityType) => ({
      entityType,
      id: columnText(row.element_id),
      expects: { parts: [columnText(row.sys_id)] },
      key: `jrn|${columnText(row.sys_id)}`,
      payload: row as Json,
    }),
  },
  {
    name: 'att',
    table: 'sys_attachment',
    time: 'sys_created_on',
    fields: 'sys_id,table_sys_id,file_name,sys_created_on,sys_created_by',
    base: (table) => `table_name=${table}`,
    hint: (row, entityType) => ({
      entityType,
      id: columnText(row.table_sys_id),
      expects: { parts: [columnText(row.sys_id)] },
      key: `att|${columnText(row.sys_id)}`,
      payload: row as Json,
    }),
  },
];

/** A changed line need not update its record, and a comment on a line need not update the line. */
function lineStreams(lines: LineTable): Stream[] {
  const { table, parent } = lines;
  const [, journals] = STREAMS;
  return [
    {
      name: 'lin',
      table,
      time: 'sys_updated_on',
      fields: `sys_id,number,${parent},sys_updated_on,sys_mod_count,sys_updated_by`,
      base: () => '',
      hint: (row, entityType) => ({
        entityType,
        id: columnText(row[parent]),
        key: `lin|${columnText(row.sys_id)}|${columnText(row.sys_updated_on)}|${columnText(row.sys_mod_count)}`,
        payload: row as Json,
      }),
    },
    ...(journals ? [{ ...journals, name: 'ljr' as const, base: () => journals.base(table), lines }] : []),
  ];
}

/** The streams of the records of a table. */
export function streamsOf(table: string): Stream[] {
  const lines = LINES[table];
  return lines ? [...STREAMS, ...lineStreams(lines)] : STREAMS;
}
