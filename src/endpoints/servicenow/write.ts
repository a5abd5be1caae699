import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Row } from './parse.js';
import { RAW, sysId } from './query.js';

/** Inserts a row; gives it as the instance then has it. A 202 from the Table API means that the request was dropped in a queue. */
export function insertRow(api: Api, table: string, body: Record<string, Json>, what: string): Promise<Row> {
  return api.writeShown({ method: 'POST', path: `/api/now/v2/table/${table}`, query: RAW, body, what });
}

/** Writes the given columns of a row; gives it as the instance then has it. */
export function changeRow(api: Api, table: string, id: string, body: Record<string, Json>, what: string): Promise<Row> {
  const path = `/api/now/v2/table/${table}/${sysId(id)}`;
  return api.writeShown({ method: 'PATCH', path, query: RAW, body, what }, id);
}
