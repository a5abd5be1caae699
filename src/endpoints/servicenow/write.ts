import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Row } from './parse.js';
import { RAW, sysId } from './query.js';

/** Inserts a row; gives it as the instance then has it. A 202 from the Table API means that the request was dropped in a queue. */
export async function insertRow(api: Api, table: string, body: Record<string, Json>, what: string): Promise<Row> {
  const request = { method: 'POST', path: `/api/now/v2/table/${table}`, query: RAW, body, what } as const;
  const { record, status } = await api.write(request);
  if (record) return record;
  throw api.strange(request, `${status} without a record`, status);
}

/** Writes the given columns of a row; gives it as the instance then has it. */
export async function changeRow(api: Api, table: string, id: string, body: Record<string, Json>, what: string): Promise<Row> {
  const path = `/api/now/v2/table/${table}/${sysId(id)}`;
  const request = { method: 'PATCH', path, query: RAW, body, what } as const;
  const { record, status } = await api.write(request, { id });
  if (record) return record;
  throw api.strange(request, `${status} without a record`, status);
}
