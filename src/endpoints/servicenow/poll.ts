import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { LINES, type LineTable } from './lines.js';
import { columnText, type Row, versionOf } from './parse.js';
import { parentsOf } from './query.js';

/** Rows of the current second may still be arriving: read only what is older by the server's clock, milliseconds. */
const LAG = 1_000;
/** Read again before the watermark, for what was committed late; repeats are dropped by their keys, milliseconds. */
const OVERLAP = 2_000;
const PAGE = 200;

/** What is polled: the records, and apart from them their journals and attachments, which need not touch the record. */
interface Stream {
  name: 'rec' | 'jrn' | 'att' | 'lin' | 'ljr';
  table: string;
  time: string;
  fields: string;
  /** Condition that selects the rows of one table, '' for the table itself. */
  base: (table: string) => string;
  hint: (row: Row, entityType: string) => Hint;
  /** Where its rows name lines: the table of these, whose records the hints are about. */
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

/** Lines need not touch their record, nor what is said about a line the line. */
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

/** Where a stream stands: the last row taken; `until` bounds a sweep that is not finished. */
type Mark = { time: string; id: string; until?: string };
type Cursor = { [stream: string]: Mark };

/**
 * One step of a keyset poll: from the last row on, by time and sys_id, up to the server's time less a lag, and again over a short overlap
 * when a sweep begins. Times in queries are read in the API user's zone, which must be UTC («Test connection» checks it).
 */
export async function poll(api: Api, table: string, entityType: string, cursor: Json | undefined): Promise<PollResult> {
  const marks = (cursor ?? {}) as Cursor;
  const next: Cursor = { ...marks };
  const hints = new Map<string, Hint>();
  let more = false;
  let clock: Promise<string> | undefined;
  const now = () => {
    clock ??= serverTime(api, table);
    return clock;
  };
  const lines = LINES[table];
  for (const stream of lines ? [...STREAMS, ...lineStreams(lines)] : STREAMS) {
    const mark = marks[stream.name];
    if (!mark) {
      next[stream.name] = { time: await now(), id: '' };
      continue;
    }
    const { rows, until } = await page(api, stream, table, mark, now);
    const found = rows.map((row) => stream.hint(row, entityType));
    const parents = stream.lines && (await parentsOf(api, stream.lines, new Set(found.map((hint) => hint.id))));
    for (const hint of found) {
      const id = parents ? parents.get(hint.id) : hint.id;
      // Of records with lines the version is made of all of them.
      if (id) hints.set(hint.key, { ...hint, id, ...(lines && { expects: { parts: hint.expects?.parts } }) });
    }
    const last = rows.at(-1);
    if (last) {
      next[stream.name] = { time: columnText(last[stream.time]), id: columnText(last.sys_id), until };
      more = true;
    } else {
      // A short page is not the end, rights are applied after the limit: only an empty one is.
      next[stream.name] = { time: later(mark.time, until), id: '' };
    }
  }
  return { hints: [...hints.values()], cursor: next as Json, more };
}

async function page(
  api: Api,
  stream: Stream,
  table: string,
  mark: Mark,
  now: () => Promise<string>,
): Promise<{ rows: Row[]; until: string }> {
  const { time } = stream;
  const until = mark.until ?? shifted(await now(), -LAG);
  const base = stream.base(table);
  const also = base ? `${base}^` : '';
  const begin = mark.until ? mark.time : shifted(mark.time, -OVERLAP);
  const order = `^ORDERBY${time}^ORDERBYsys_id`;
  const ask = async (condition: string) => {
    const what = `poll ${stream.table || table}`;
    const request = {
      method: 'GET',
      path: `/api/now/v2/table/${stream.table || table}`,
      query: {
        sysparm_query: also + condition + order,
        sysparm_fields: stream.fields,
        sysparm_limit: PAGE,
        sysparm_exclude_reference_link: true,
        sysparm_no_count: true,
      },
      what,
    } as const;
    const { records } = await api.list(request, { needs: [time], asked: (row) => stream.hint(row, '').id !== '' });
    // An invalid clause is ignored and any rows come back: what was asked for may be among the others.
    const inTime = (row: Row) => columnText(row[time]) >= begin && columnText(row[time]) <= until;
    if (!records.every(inTime)) throw api.notAsked(request, 'Its integration user’s time zone must be GMT.');
    return records;
  };
  // First the rest of the second the last row was in, then what is later.
  const rest = mark.until && mark.id ? await ask(`${time}=${mark.time}^sys_id>${mark.id}`) : [];
  if (rest.length) return { rows: rest, until };
  return { rows: await ask(`${time}${mark.until && mark.id ? '>' : '>='}${begin}^${time}<=${until}`), until };
}

/** The instance's own clock, from its Date header, in its raw notation: ours may differ. */
async function serverTime(api: Api, table: string): Promise<string> {
  const { headers } = await api.list({
    method: 'GET',
    path: `/api/now/v2/table/${table}`,
    query: { sysparm_limit: 1, sysparm_fields: 'sys_id', sysparm_no_count: true },
    what: 'read the clock',
  });
  const time = Date.parse(headers.date ?? '');
  return raw(Number.isNaN(time) ? Date.now() : time);
}

function raw(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

function shifted(time: string, milliseconds: number): string {
  return raw(Date.parse(`${time.replace(' ', 'T')}Z`) + milliseconds);
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
