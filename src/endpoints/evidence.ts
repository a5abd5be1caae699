/**
 * What an answer proves. A partner's API, its gateway, its maintenance page and its error handler all answer on the same address, often with a
 * 2xx: an answer counts only if it is the answer to what was asked. The table is in docs/promises.md. Pure.
 */

/** How a system's answers look. */
export interface AnswerShape {
  /** Attribute of a body that holds the record or the list; absent: the body is it. */
  envelope?: string;
  /** Attribute that identifies a record. */
  id: string;
  /** What a body says went wrong, although its status is a success; undefined: it reports no error. */
  failure: (body: Record<string, unknown>) => string | undefined;
  /** The body of a 404 is the API's own, and so about what was asked for, not about the way there. */
  isOwnError: (body: Record<string, unknown>) => boolean;
}

/** A record as the partner gives it. */
export type PartnerRecord = Record<string, unknown>;

/** Attributes that a record has to show to be one, beside its id (of those in a list of their own any): an error, a stub or a job shows an id, too. */
export type RequiredAttributes = readonly (string | readonly string[])[];

/** Evidence, or why there is none, in words. `other`: it is another record than the one that was asked for. */
export type Evidence<T> = { is: T } | { unknown: string; other?: true };

/** Where lists stand that an API, or something before it, wraps. */
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
/** Where it says that there are more. */
const MORE = ['hasMore', 'has_more', 'next'];
/** Where such a wrapper says how many there are. */
const TOTALS = ['total', 'totalCount', 'total_count', 'count', 'totalElements', 'totalResults', 'size'];

/**
 * The records of an answer to a question for several. Proof of none is an empty list, or an empty wrapped one that says it has none. `lone`: one
 * record instead of a list is the one that was looked for; of a list that may hold several it says nothing of the others. `needs`: attributes
 * that each has to show.
 */
export function recordsIn(
  status: number,
  body: unknown,
  shape: AnswerShape,
  { lone = false, needs = [] }: { lone?: boolean; needs?: RequiredAttributes } = {},
): Evidence<PartnerRecord[]> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content) return content;
  const { is } = content;
  // Whoever answers an empty list in another form than this API's is somebody else.
  if (Array.isArray(body) && body.length === 0 && shape.envelope !== undefined)
    return { unknown: `with a bare list instead of a ${shape.envelope}` };
  if (
    Array.isArray(is) &&
    is.length === 0 &&
    isObject(body) &&
    (TOTALS.some((name) => Number(body[name]) > 0) || MORE.some((name) => body[name]))
  )
    return { unknown: 'with an empty list that says it is not all' };
  if (Array.isArray(is)) return listed(is, shape, needs);
  if (!isObject(is)) return { unknown: `with ${kindOf(is)} instead of a list` };
  if (idOf(is, shape)) return lone ? listed([is], shape, needs) : { unknown: 'with one record instead of a list' };
  return unwrapped(is, shape, needs);
}

/** What an answer says of a list beside its records: there are others, or it holds a part. Then no record is no proof that there is none. */
export function isPart(status: number, headers: Readonly<Record<string, unknown>>): boolean {
  const counts = [headers['x-total-count'], headers['x-result-count'], totalOf(headers)];
  const others = counts.some((count) => count !== undefined && Number(count) !== 0);
  return status === 206 || others || saysNext(headers);
}

/** The address of a further page is given (RFC 8288, Link). */
export function saysNext(headers: Readonly<Record<string, unknown>>): boolean {
  return /rel="?next/i.test(String(headers.link ?? ''));
}

/** How many records there are by the headers of a list (TMF630, ServiceNow: X-Total-Count; RFC 9110: Content-Range); undefined: they do not say. */
export function totalOf(headers: Readonly<Record<string, unknown>>): number | undefined {
  const range = /\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1];
  const given = headers['x-total-count'] ?? range;
  const total = given === undefined ? Number.NaN : Number(given);
  return Number.isNaN(total) ? undefined : total;
}

/**
 * The record of an answer to a question for one. `id`: the one that was asked for; ids are compared without regard to case. `needs`: attributes
 * that it has to show. A record in parts (206) is none: what is not shown may still be there.
 */
export function recordIn(status: number, body: unknown, shape: AnswerShape, id?: string, needs: RequiredAttributes = []): Evidence<PartnerRecord> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content) return content;
  if (status === 206) return { unknown: '206, with a part of the record' };
  const { is } = content;
  if (!isObject(is)) return { unknown: `with ${kindOf(is)} instead of a record` };
  const given = idOf(is, shape);
  if (!given) return { unknown: `with an object that has no ${shape.id}` };
  if (id !== undefined && given.toLowerCase() !== id.toLowerCase())
    return { unknown: `with the record ${given.slice(0, 80)} instead of ${id}`, other: true };
  const lacks = missingFrom(is, needs);
  return lacks === undefined ? { is } : { unknown: `with a record that does not show ${lacks}` };
}

/** The object of an answer that is no record: a cart, a subscription. */
export function objectIn(status: number, body: unknown, shape: AnswerShape): Evidence<PartnerRecord> {
  const content = contentOf(status, body, shape);
  if ('unknown' in content || isObject(content.is)) return content as Evidence<PartnerRecord>;
  return { unknown: `with ${kindOf(content.is)} instead of an object` };
}

/** What a record does not show first, although it has to, in words. */
export function missingFrom(record: PartnerRecord, needs: RequiredAttributes): string | undefined {
  const shows = (name: string) => record[name] !== undefined && record[name] !== null;
  return needs
    .map((names) => [names].flat())
    .find((names) => !names.some(shows))
    ?.join(' or ');
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
  if (status === 202) return { unknown: '202, which promises an answer and gives none' };
  if (body === undefined) return { unknown: `${status} without a body` };
  if (!isObject(body)) return { is: body };
  const failure = shape.failure(body);
  if (failure !== undefined) return { unknown: `${status} and an error: ${failure.slice(0, 200)}` };
  return { is: shape.envelope !== undefined && shape.envelope in body ? body[shape.envelope] : body };
}

function listed(list: unknown[], shape: AnswerShape, needs: RequiredAttributes): Evidence<PartnerRecord[]> {
  const records = list.filter(isObject).filter((entry) => idOf(entry, shape) !== undefined);
  if (records.length < list.length)
    return { unknown: `with a list in which ${list.length - records.length} of ${list.length} have no ${shape.id}` };
  const lacks = records.map((record) => missingFrom(record, needs)).find((name) => name !== undefined);
  return lacks === undefined ? { is: records } : { unknown: `with records that do not show ${lacks}` };
}

function unwrapped(body: PartnerRecord, shape: AnswerShape, needs: RequiredAttributes): Evidence<PartnerRecord[]> {
  const lists = WRAPPERS.flatMap((name) => (Array.isArray(body[name]) ? [body[name] as unknown[]] : []));
  const [list] = lists;
  if (!list || lists.length > 1) return { unknown: 'with an object instead of a list' };
  if (list.length > 0) return listed(list, shape, needs);
  return TOTALS.some((name) => body[name] === 0) ? { is: [] } : { unknown: 'with an object that holds an empty list' };
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
