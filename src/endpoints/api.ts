import { type ErrorCode, PartnerError } from '../errors.js';
import { withoutMarkup } from '../http/failure.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/http.js';
import {
  type PartnerRecord,
  type AnswerShape,
  type Evidence,
  idOf,
  isObject,
  isPart,
  missingFrom,
  type RequiredAttributes,
  objectIn,
  recordIn,
  recordsIn,
} from './evidence.js';

/** What a write was answered; `record` where the answer shows it. */
export interface WriteAnswer extends HttpAnswer {
  record?: PartnerRecord;
}

export interface ListExpectations {
  /** Whether the body of the API's own 404 says that there are none. */
  absent?: (body: PartnerRecord) => boolean;
  /** One record is looked for: it may come instead of a list. */
  lone?: boolean;
  /** What each record has to show. */
  needs?: RequiredAttributes;
  /** Is a record one of those that were asked for? Partners ignore conditions that they do not understand, and give any. */
  asked?: (record: PartnerRecord) => boolean;
  /** One page of several: the caller knows whether one without records is the end. */
  page?: boolean;
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
  ofRecord?: boolean;
  hint?: string;
}

/**
 * One partner's API. Every question of every client goes through here, so that none takes for an answer what is none: what it could not
 * understand it throws as PartnerError SWB_PARTNER_ANSWER, to be asked again.
 */
export class Api {
  constructor(
    readonly http: HttpClient,
    readonly shape: AnswerShape,
  ) {}

  get name(): string {
    return this.http.name;
  }

  /** Asks for several records. */
  async list(request: HttpRequest, { absent, lone, needs, asked, page }: ListExpectations = {}): Promise<ListAnswer> {
    try {
      const { status, body, headers } = await this.ask(request);
      const records = this.proven(recordsIn(status, body, this.shape, { lone, needs }), request, status);
      if (records.length === 0 && !page && isPart(status, headers))
        throw this.unexpected(request, 'with no records, but not with all there are', { status });
      if (asked && !records.every(asked)) throw this.unmatched(request);
      return { records, status, headers };
    } catch (error) {
      if (isAbsent(error) && isObject(error.body) && absent?.(error.body)) return { records: [], status: 404, headers: {} };
      throw error;
    }
  }

  /** Asks for one record by its id. */
  async read(request: HttpRequest, id: string, needs?: RequiredAttributes): Promise<PartnerRecord> {
    return (await this.readMarked(request, id, needs)).record;
  }

  /** The same, with the mark of its state (RFC 9110, ETag), where the answer gives one by which a write can be made to depend on it: a strong one. */
  async readMarked(request: HttpRequest, id: string, needs?: RequiredAttributes): Promise<{ record: PartnerRecord; etag?: string }> {
    const { status, body, headers } = await this.ask(request);
    const record = this.proven(recordIn(status, body, this.shape, id, needs), request, status, true);
    const { etag } = headers;
    return { record, ...(etag?.startsWith('"') && { etag }) };
  }

  /**
   * Writes. An empty 2xx, or a record that lacks what it `needs`, is a success that shows nothing; 202 and anything that is not the record
   * (`id`: of which one) is no proof that it was done. `accepts`: 202 is looked at by the caller.
   */
  async write(
    request: HttpRequest,
    { id, needs = [], accepts = false }: { id?: string; needs?: RequiredAttributes; accepts?: boolean } = {},
  ): Promise<WriteAnswer> {
    const { status, headers, body } = await this.ask(request);
    if (status === 202 && !accepts) throw this.unexpected(request, '202: it may be done later', { status });
    if (body === undefined || status === 202) return { status, headers, body };
    const record = this.proven(recordIn(status === 206 ? 200 : status, body, this.shape, id), request, status);
    const shows = status !== 206 && missingFrom(record, needs) === undefined;
    return { status, headers, body, ...(shows && { record }) };
  }

  /** Changes the record with this id; gives it as the answer shows it, else as `read` does. */
  async change(request: HttpRequest, id: string, read: () => Promise<PartnerRecord>, needs?: RequiredAttributes): Promise<PartnerRecord> {
    const { record } = await this.write(request, { id, needs });
    return record ?? afterWrite(read);
  }

  /**
   * Creates a record; gives it as the answer shows it, else as it is read by the id that the answer names. `wrong`: by what it is another than
   * what was to be created, in words. An answer without an id says nothing; one with another record was given all the same, so that nothing is
   * created again.
   */
  async create(
    request: HttpRequest,
    wrong: (record: PartnerRecord) => string | undefined,
    read: (id: string) => Promise<PartnerRecord>,
    needs?: RequiredAttributes,
  ): Promise<PartnerRecord> {
    const { record, body, status } = await this.write(request, { needs });
    const named = record ?? this.inside(body);
    const id = named && idOf(named, this.shape);
    if (id === undefined) throw this.unexpected(request, `${status} without a record`, { status });
    const made = record ?? (await afterWrite(() => read(id), true));
    const fault = wrong(made);
    if (fault === undefined) return made;
    throw this.unshown(request, `the record ${id} was answered, and ${fault}`);
  }

  /** Asks for, or writes, what is no record and has no id. */
  async object(request: HttpRequest): Promise<PartnerRecord> {
    const { status, body } = await this.ask(request);
    return this.proven(objectIn(status, body, this.shape), request, status);
  }

  /** Any other request: that it was a success is all that is asked. */
  async ask(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.http.request(request);
    } catch (error) {
      if (!(error instanceof PartnerError) || (error.status !== 404 && error.status !== 410)) throw error;
      if (isObject(error.body) && this.shape.isOwnError(error.body)) throw error;
      const how = `${error.status}, but not by the API itself (${said(error)})`;
      // Something on the way says that one record is not there: that tells nothing about the others, nor of what became of a write.
      throw this.unexpected(request, how, { status: error.status, ofRecord: true });
    }
  }

  /** An answer that is none to this request. */
  unexpected(request: Pick<HttpRequest, 'method' | 'what'>, how: string, strange: UnexpectedAnswer = {}): PartnerError {
    const { status, outcome = outcomeOf(request), code = 'SWB_PARTNER_ANSWER', ofRecord, hint } = strange;
    return new PartnerError(code, `${request.what} was answered ${how}. That is no answer to what was asked.`, {
      where: this.http.name,
      hint: hint ?? (outcome === 'unknown' ? 'It is looked up and tried again.' : 'It is asked again.'),
      outcome,
      retry: true,
      status,
      ofRecord,
    });
  }

  /** Records that were not asked for: what was asked for may be among others that are not shown. */
  unmatched(request: Pick<HttpRequest, 'method' | 'what'>, hint?: string): PartnerError {
    return this.unexpected(request, 'with records that were not asked for', { hint, outcome: 'notDone' });
  }

  /** A write that was answered as done, and is not shown. */
  unshown({ what }: Pick<HttpRequest, 'what'>, how: string): PartnerError {
    return new PartnerError('SWB_PARTNER_ANSWER', `${what}: ${how}.`, {
      where: this.http.name,
      hint: 'It is looked for, and not sent again without a person.',
      outcome: 'unknown',
      retry: true,
      ofRecord: true,
      unshown: true,
    });
  }

  private inside(body: unknown): PartnerRecord | undefined {
    const { envelope } = this.shape;
    const content = isObject(body) && envelope !== undefined && envelope in body ? body[envelope] : body;
    return isObject(content) ? content : undefined;
  }

  private proven<T>(evidence: Evidence<T>, request: HttpRequest, status: number, ofRecord = false): T {
    if ('is' in evidence) return evidence.is;
    throw this.unexpected(request, evidence.unknown, { status, ofRecord, ...(evidence.other && { code: 'SWB_WRONG_ENTITY' }) });
  }
}

/**
 * Reads what a write left there. The write was done: when the reading fails, it has to be looked for before anything is written again.
 * `unshown`: and then only when a person says so.
 */
export async function afterWrite<T>(read: () => Promise<T>, unshown = false): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof PartnerError ? halfDone(error, unshown || error.unshown) : error;
  }
}

/** The same failure of something of which a part is done. */
export function halfDone(error: PartnerError, unshown = error.unshown): PartnerError {
  return error.but({ outcome: 'unknown', retry: true, unshown });
}

/** The API itself says that what was asked for is not there. */
export function isAbsent(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.code === 'SWB_PARTNER_NOT_FOUND';
}

function outcomeOf({ method }: Pick<HttpRequest, 'method'>): 'notDone' | 'unknown' {
  return method === 'GET' ? 'notDone' : 'unknown';
}

function said({ answer = '' }: PartnerError): string {
  return withoutMarkup(answer).slice(0, 80) || 'it said nothing';
}
