import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { RAW, ROW, sysId } from './query.js';
import { columnText, type Row } from './row.js';

/**
 * Inserts a row; returns it as the instance then has it. `key`: the columns that identify it as the row that was sent. A 202 from
 * the Table API means that the request was dropped in a queue.
 */
export function insertRow(
  api: Api,
  table: string,
  body: Record<string, Json>,
  what: string,
  key: readonly string[],
): Promise<Row> {
  return api.create(
    { method: 'POST', path: `/api/now/v2/table/${table}`, query: RAW, body, what },
    (row) => {
      const other = key.find((column) => columnText(row[column]) !== columnText(body[column]));
      return other && say`has "${columnText(row[other])}" in ${other} instead of "${columnText(body[other])}"`;
    },
    (id) => readRow(api, table, id, what),
    [...ROW, ...key],
  );
}

/** Writes the given columns of a row; returns it as the instance then has it, in the form that `query` asks for. */
export function changeRow(
  api: Api,
  table: string,
  id: string,
  body: Record<string, Json>,
  what: string,
  query: Record<string, string | boolean> = RAW,
): Promise<Row> {
  const request = { method: 'PATCH', path: `/api/now/v2/table/${table}/${sysId(id)}`, query, body, what } as const;
  return api.change(request, id, () => readRow(api, table, id, what, query), ROW);
}

function readRow(api: Api, table: string, id: string, what: string, query: Record<string, string | boolean> = RAW): Promise<Row> {
  return api.read(
    { method: 'GET', path: `/api/now/v2/table/${table}/${sysId(id)}`, query, what: say`${what}, read back` },
    id,
    ROW,
  );
}
