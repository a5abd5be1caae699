import { say } from '../text/say.js';

/**
 * What an answer proves. A partner's API, its gateway, its maintenance page and its error handler all answer on the same address,
 * often with a 2xx: an answer counts only if it matches the request. The table is in docs/promises.md. Pure.
 */

/** The form of a system's answers. */
export interface AnswerShape {
  /** Attribute of a body that holds the record or the list; absent: the body itself is the record or the list. */
  envelope?: string;
  /** Attribute that identifies a record. */
  id: string;
  /** The error that a body reports although its status is a success; undefined: none. */
  failure: (body: Record<string, unknown>) => string | undefined;
  /** The body of a 404 comes from the API itself, so it is about the requested record, not about the path to the API. */
  isOwnError: (body: Record<string, unknown>) => boolean;
}

/** A record as the partner returns it. */
export type PartnerRecord = Record<string, unknown>;

/**
 * Attributes that a record must have besides its id (of an inner list: any one of them): an error, a stub or a job may have an id
 * too.
 */
export type RequiredAttributes = readonly (string | readonly string[])[];

/** What an answer proves, or why it proves nothing, in words. `other`: it is not the requested record but another one. */
export type Evidence<T> = { proven: T } | { unknown: string; other?: true };

/** Attributes in which an API, or a proxy in front of it, wraps a list. */
const WRAPPERS = [
  'items',
  'data',
  'results',
  'result',
  'records',
  'entries',
  'elements',
  'content',
  'value',
  'list',
  'resources',
];
/** Attributes of a wrapper that announce more records. */
const MORE = ['hasMore', 'has_more', 'next'];
/** Attributes of a wrapper that hold the number of records. */
const TOTALS = ['total', 'totalCount', 'total_count', 'count', 'totalElements', 'totalResults', 'size'];

/**
 * The records in the answer to a list request. An empty list, or an empty wrapped list with a total of 0, proves that there are
 * none. `single`: accepts one record instead of a list. Only for requests that look for one: a single record says nothing about
 * others. `required`: attributes that each record must have.
 */
export function recordsIn(
  status: number,
  body: unknown,
  shape: AnswerShape,
  { single = false, required = [] }: { single?: boolean; required?: RequiredAttributes } = {},
): Evidence<PartnerRecord[]> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content) return content;
  const { proven } = content;
  // An empty list in a form that this API does not use comes from something else, such as a gateway.
  if (Array.isArray(body) && body.length === 0 && shape.envelope !== undefined)
    return { unknown: say`with a bare list instead of a ${shape.envelope}` };
  if (
    Array.isArray(proven) &&
    proven.length === 0 &&
    isObject(body) &&
    (TOTALS.some((name) => Number(body[name]) > 0) || MORE.some((name) => body[name]))
  )
    return { unknown: say`with an empty list that announces more records` };
  if (Array.isArray(proven)) return listed(proven, shape, required);
  if (!isObject(proven)) return { unknown: say`with ${kindOf(proven)} instead of a list` };
  if (idOf(proven, shape))
    return single ? listed([proven], shape, required) : { unknown: say`with one record instead of a list` };
  return unwrapped(proven, shape, required);
}

/**
 * Whether an answer says that its list is partial, or that there are other records. Then no records do not mean that there are
 * none.
 */
export function isPart(status: number, headers: Readonly<Record<string, unknown>>): boolean {
  const counts = [headers['x-total-count'], headers['x-result-count'], totalOf(headers)];
  const others = counts.some((count) => count !== undefined && Number(count) !== 0);
  return status === 206 || others || saysNext(headers);
}

/** Whether the headers link to a next page (RFC 8288, Link). */
export function saysNext(headers: Readonly<Record<string, unknown>>): boolean {
  return /rel="?next/i.test(String(headers.link ?? ''));
}

/**
 * The number of records by the headers of a list (TMF630, ServiceNow: X-Total-Count; RFC 9110: Content-Range); undefined: not
 * given.
 */
export function totalOf(headers: Readonly<Record<string, unknown>>): number | undefined {
  const range = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1];
  const given = headers['x-total-count'] ?? range;
  const total = given === undefined ? Number.NaN : Number(given);
  return Number.isNaN(total) ? undefined : total;
}

/**
 * The record in the answer to a request for one. `id`: of the requested record; ids are compared case-insensitively. `required`:
 * attributes that it must have. A partial record (206) proves nothing: what it leaves out may still exist.
 */
export function recordIn(
  status: number,
  body: unknown,
  shape: AnswerShape,
  id?: string,
  required: RequiredAttributes = [],
): Evidence<PartnerRecord> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content) return content;
  if (status === 206) return { unknown: say`206 with a partial record` };
  const { proven } = content;
  if (!isObject(proven)) return { unknown: say`with ${kindOf(proven)} instead of a record` };
  const given = idOf(proven, shape);
  if (!given) return { unknown: say`with an object that has no ${shape.id}` };
  if (id !== undefined && given.toLowerCase() !== id.toLowerCase())
    return { unknown: say`with the record ${given.slice(0, 80)} instead of ${id}`, other: true };
  const lacks = missingFrom(proven, required);
  return lacks === undefined ? { proven } : { unknown: say`with a record that does not show ${lacks}` };
}

/** The object in an answer that is not a record: a cart, a subscription. */
export function objectIn(status: number, body: unknown, shape: AnswerShape): Evidence<PartnerRecord> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content || isObject(content.proven)) return content as Evidence<PartnerRecord>;
  return { unknown: say`with ${kindOf(content.proven)} instead of an object` };
}

/** The first required attribute that a record does not have, in words. */
export function missingFrom(record: PartnerRecord, required: RequiredAttributes): string | undefined {
  const shows = (name: string) => record[name] !== undefined && record[name] !== null;
  return required
    .map((names) => [names].flat())
    .find((names) => !names.some(shows))
    ?.join(say` or `);
}

/** The id of a record; undefined where it has none. */
export function idOf(record: PartnerRecord, { id }: AnswerShape): string | undefined {
  const value = record[id];
  const plain = isObject(value) ? value.value : value;
  return (typeof plain === 'string' && plain !== '') || typeof plain === 'number' ? String(plain) : undefined;
}

export function isObject(value: unknown): value is PartnerRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function contentOf(status: number, body: unknown, shape: AnswerShape): Evidence<unknown> {
  if (status === 202) return { unknown: say`202 (accepted) without a result` };
  if (body === undefined) return { unknown: say`${status} without a body` };
  if (!isObject(body)) return { proven: body };
  const failure = shape.failure(body);
  if (failure !== undefined) return { unknown: say`${status} and an error: ${failure.slice(0, 200)}` };
  return { proven: shape.envelope !== undefined && shape.envelope in body ? body[shape.envelope] : body };
}

function listed(list: unknown[], shape: AnswerShape, required: RequiredAttributes): Evidence<PartnerRecord[]> {
  const records = list.filter(isObject).filter((entry) => idOf(entry, shape) !== undefined);
  if (records.length < list.length)
    return { unknown: say`with a list in which ${list.length - records.length} of ${list.length} have no ${shape.id}` };
  const lacks = records.map((record) => missingFrom(record, required)).find((name) => name !== undefined);
  return lacks === undefined ? { proven: records } : { unknown: say`with records that do not show ${lacks}` };
}

function unwrapped(body: PartnerRecord, shape: AnswerShape, required: RequiredAttributes): Evidence<PartnerRecord[]> {
  const lists = WRAPPERS.flatMap((name) => (Array.isArray(body[name]) ? [body[name] as unknown[]] : []));
  const [list] = lists;
  if (!list || lists.length > 1) return { unknown: say`with an object instead of a list` };
  if (list.length > 0) return listed(list, shape, required);
  return TOTALS.some((name) => body[name] === 0) ? { proven: [] } : { unknown: say`with an object that holds an empty list` };
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? say`a list` : say`a ${typeof value}`;
}
