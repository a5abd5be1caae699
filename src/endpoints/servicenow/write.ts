import { PartnerError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { Row } from './parse.js';
import { RAW, sysId } from './query.js';

/** Inserts a row; gives it as the instance then has it. */
export async function insertRow(http: HttpClient, table: string, body: Record<string, Json>, what: string): Promise<Row> {
  const answer = await http.request<{ result?: Row }>({
    method: 'POST',
    path: `/api/now/v2/table/${table}`,
    query: RAW,
    body,
    what,
  });
  return accepted(http, answer, what);
}

/** Writes the given columns of a row; gives it as the instance then has it. */
export async function changeRow(
  http: HttpClient,
  table: string,
  id: string,
  body: Record<string, Json>,
  what: string,
): Promise<Row> {
  const answer = await http.request<{ result?: Row }>({
    method: 'PATCH',
    path: `/api/now/v2/table/${table}/${sysId(id)}`,
    query: RAW,
    body,
    what,
  });
  return accepted(http, answer, what);
}

/** 202 from the Table API means that the request was dropped in a queue; no record in the answer means we cannot know. */
export function accepted(http: HttpClient, answer: HttpAnswer<{ result?: Row }>, what: string): Row {
  const record = answer.body?.result;
  if (answer.status !== 202 && record) return record;
  const text =
    answer.status === 202
      ? 'was answered 202, which ServiceNow says when it drops a request'
      : `was answered ${answer.status} without a record`;
  throw new PartnerError('SWB_PARTNER_ANSWER', `${what} ${text}.`, {
    where: http.name,
    hint: 'It is looked up and tried again.',
    outcome: 'unknown',
    retry: true,
    status: answer.status,
  });
}
