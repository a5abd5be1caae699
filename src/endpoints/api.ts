import { type ErrorCode, PartnerError } from '../errors.js';
import { errorText } from '../http/error-text.js';
import { withExchange } from '../http/exchange-log.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/http.js';
import { say } from '../text/say.js';
import {
  type AnswerShape,
  type Evidence,
  idOf,
  isObject,
  isPart,
  missingFrom,
  objectIn,
  type PartnerRecord,
  type RequiredAttributes,
  recordIn,
  recordsIn,
} from './evidence.js';
import type { Paging } from './paging.js';

/** The answer to a write; `record` where the answer shows it. */
export interface WriteAnswer extends HttpAnswer {
  record?: PartnerRecord;
}

/** What the answer to a list request must satisfy. */
export interface ListExpectations {
  /** Whether the body of the API's own 404 means that there are no records. */
  absent?: (body: PartnerRecord) => boolean;
  /** Only one record is looked for, so the partner may return it without a list. */
  single?: boolean;
  /** Attributes that each record must have. */
  required?: RequiredAttributes;
  /** Whether a record matches the query. Partners ignore conditions that they do not understand and return any records. */
  matches?: (record: PartnerRecord) => boolean;
  /** One page of several: the caller decides whether an empty page is the end. The same for all pages of a list. */
  page?: Paging;
}

export interface ListAnswer {
  records: PartnerRecord[];
  status: number;
  headers: HttpAnswer['headers'];
}

interface UnexpectedAnswer {
  status?: number;
  outcome?: 'notDone' | 'unknown';
  code?: ErrorCode;
  concernsRecord?: boolean;
  hint?: string;
}

/**
 * One partner's API. All requests of all clients go through here, so that none mistakes an unrelated answer for the expected one.
 * Whatever does not match the request is thrown as PartnerError SWB_PARTNER_ANSWER, to be retried.
 */
export class Api {
  constructor(
    readonly http: HttpClient,
    readonly shape: AnswerShape,
  ) {}

  get name(): string {
    return this.http.name;
  }

  /** Requests several records. */
  async list(request: HttpRequest, { absent, single, required, matches, page }: ListExpectations = {}): Promise<ListAnswer> {
    page?.next(this.name, request);
    try {
      const { status, body, headers, size = 0 } = await this.ask(request);
      const records = this.unwrap(recordsIn(status, body, this.shape, { single, required }), request, status);
      page?.got({ records: records.length, size }, this.name, request);
      if (records.length === 0 && !page && isPart(status, headers))
        throw this.unexpected(request, say`with no records, although there are some`, { status });
      if (matches && !records.every(matches)) throw this.unmatched(request);
      return { records, status, headers };
    } catch (error) {
      if (isAbsent(error) && isObject(error.body) && absent?.(error.body)) return { records: [], status: 404, headers: {} };
      throw error;
    }
  }

  /** Requests one record by its id. */
  async read(request: HttpRequest, id: string, required?: RequiredAttributes): Promise<PartnerRecord> {
    return (await this.readTagged(request, id, required)).record;
  }

  /** As `read`, with the record's strong ETag (RFC 9110), where the answer has one: a write can be made conditional on it. */
  async readTagged(
    request: HttpRequest,
    id: string,
    required?: RequiredAttributes,
  ): Promise<{ record: PartnerRecord; etag?: string }> {
    const { status, body, headers } = await this.ask(request);
    const record = this.unwrap(recordIn(status, body, this.shape, id, required), request, status, true);
    const { etag } = headers;
    return { record, ...(etag?.startsWith('"') && { etag }) };
  }

  /**
   * Writes. An empty 2xx, or a record without the `required` attributes, is a success that shows nothing; 202, or anything but
   * the record (`id`: its id), does not prove that the write was done. `accepts`: the caller handles a 202.
   */
  async write(
    request: HttpRequest,
    { id, required = [], accepts = false }: { id?: string; required?: RequiredAttributes; accepts?: boolean } = {},
  ): Promise<WriteAnswer> {
    const { status, headers, body } = await this.ask(request);
    if (status === 202 && !accepts) throw this.unexpected(request, say`202: it may be done later`, { status });
    if (body === undefined || status === 202) return { status, headers, body };
    const record = this.unwrap(recordIn(status === 206 ? 200 : status, body, this.shape, id), request, status);
    const shows = status !== 206 && missingFrom(record, required) === undefined;
    return { status, headers, body, ...(shows && { record }) };
  }

  /** Changes the record with this id; returns it as the answer shows it, else as `read` does. */
  async change(
    request: HttpRequest,
    id: string,
    read: () => Promise<PartnerRecord>,
    required?: RequiredAttributes,
  ): Promise<PartnerRecord> {
    const { record } = await this.write(request, { id, required });
    return record ?? afterWrite(read);
  }

  /**
   * Creates a record; returns it as the answer shows it, else as it is read by the id in the answer. `mismatch`: how the record
   * differs from the one that was to be created, in words. An answer without an id proves nothing; an answer with another record
   * may still mean that ours was created, so it must not be created again.
   */
  async create(
    request: HttpRequest,
    mismatch: (record: PartnerRecord) => string | undefined,
    read: (id: string) => Promise<PartnerRecord>,
    required?: RequiredAttributes,
  ): Promise<PartnerRecord> {
    const { record, body, status } = await this.write(request, { required });
    const named = record ?? this.inside(body);
    const id = named && idOf(named, this.shape);
    if (id === undefined) throw this.unexpected(request, say`${status} without a record`, { status });
    const created = record ?? (await afterWrite(() => read(id), true));
    const fault = mismatch(created);
    if (fault === undefined) return created;
    throw this.unshown(request, say`the response is the record ${id}, which ${fault}`);
  }

  /** Requests or writes an object that is not a record and has no id. */
  async object(request: HttpRequest): Promise<PartnerRecord> {
    const { status, body } = await this.ask(request);
    return this.unwrap(objectIn(status, body, this.shape), request, status);
  }

  /** Any other request: only its success counts. */
  async ask(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.http.request(request);
    } catch (error) {
      if (!(error instanceof PartnerError) || (error.status !== 404 && error.status !== 410)) throw error;
      if (isObject(error.body) && this.shape.isOwnError(error.body)) throw error;
      const how = say`${error.status}, but not from the API itself (${answerText(error)})`;
      // Something between us and the API reports that one record is missing. That says nothing about other records, nor about the
      // effect of a write.
      throw this.unexpected(request, how, { status: error.status, concernsRecord: true });
    }
  }

  /** An answer that does not match the request. */
  unexpected(request: Pick<HttpRequest, 'method' | 'what'>, how: string, answer: UnexpectedAnswer = {}): PartnerError {
    const { status, outcome = outcomeOf(request), code = 'SWB_PARTNER_ANSWER', concernsRecord, hint } = answer;
    const error = new PartnerError(code, say`${request.what}: unexpected response ${this.http.mask(how)}.`, {
      where: this.http.name,
      hint:
        hint ??
        (outcome === 'unknown'
          ? say`Switchboard checks whether it was done, then retries.`
          : say`Switchboard retries the request.`),
      outcome,
      retry: true,
      status,
      concernsRecord,
    });
    return withExchange(error, request);
  }

  /** Records that do not match the query: those that match may be among others that are not shown. */
  unmatched(request: Pick<HttpRequest, 'method' | 'what'>, hint?: string): PartnerError {
    return this.unexpected(request, say`with records that do not match the query`, { hint, outcome: 'notDone' });
  }

  /** A write that was answered with a success and whose result does not show. */
  unshown(request: Pick<HttpRequest, 'what'>, how: string): PartnerError {
    const error = new PartnerError('SWB_PARTNER_ANSWER', say`${request.what}: ${this.http.mask(how)}.`, {
      where: this.http.name,
      hint: say`Switchboard keeps checking, and sends it again only after a user confirms.`,
      outcome: 'unknown',
      retry: true,
      concernsRecord: true,
      notVisible: true,
    });
    return withExchange(error, request);
  }

  private inside(body: unknown): PartnerRecord | undefined {
    const { envelope } = this.shape;
    const content = isObject(body) && envelope !== undefined && envelope in body ? body[envelope] : body;
    return isObject(content) ? content : undefined;
  }

  private unwrap<T>(evidence: Evidence<T>, request: HttpRequest, status: number, concernsRecord = false): T {
    if ('proven' in evidence) return evidence.proven;
    throw this.unexpected(request, evidence.unknown, {
      status,
      concernsRecord,
      ...(evidence.other && { code: 'SWB_WRONG_ENTITY' }),
    });
  }
}

/**
 * Reads the result of a write. The write was done: if the read fails, look for the result before writing again.
 * `unshown`: and write again only after a person confirms.
 */
export async function afterWrite<T>(read: () => Promise<T>, unshown = false): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof PartnerError ? halfDone(error, unshown || error.notVisible) : error;
  }
}

/** The same failure, of an action that was partly done. */
export function halfDone(error: PartnerError, unshown = error.notVisible): PartnerError {
  return error.withDetails({ outcome: 'unknown', retry: true, notVisible: unshown });
}

/** The API itself says that the requested record does not exist. */
export function isAbsent(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.code === 'SWB_PARTNER_NOT_FOUND';
}

function outcomeOf({ method }: Pick<HttpRequest, 'method'>): 'notDone' | 'unknown' {
  return method === 'GET' ? 'notDone' : 'unknown';
}

function answerText({ answer = '' }: PartnerError): string {
  return errorText(answer).slice(0, 80) || say`no message`;
}
