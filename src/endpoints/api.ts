import { type ErrorCode, PartnerError } from '../errors.js';
import { withoutMarkup } from '../http/failure.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/http.js';
import { type Answered, type AnswerShape, type Evidence, isObject, objectIn, recordIn, recordsIn } from './evidence.js';

/** What a write was answered; `record` where the answer shows it. */
export interface WriteAnswer extends HttpAnswer {
  record?: Answered;
}

export interface ListQuestion {
  /** Whether the body of the API's own 404 says that there are none. */
  absent?: (body: Answered) => boolean;
  /** One record is looked for: it may come instead of a list. */
  lone?: boolean;
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
  async list(
    request: HttpRequest,
    { absent, lone }: ListQuestion = {},
  ): Promise<{ records: Answered[]; headers: HttpAnswer['headers'] }> {
    try {
      const { status, body, headers } = await this.ask(request);
      return { records: this.proven(recordsIn(status, body, this.shape, lone), request, status), headers };
    } catch (error) {
      if (isAbsent(error) && isObject(error.body) && absent?.(error.body)) return { records: [], headers: {} };
      throw error;
    }
  }

  /** Asks for one record by its id. */
  async read(request: HttpRequest, id: string): Promise<Answered> {
    const { status, body } = await this.ask(request);
    return this.proven(recordIn(status, body, this.shape, id), request, status);
  }

  /**
   * Writes. An empty 2xx is a success that shows nothing; 202 and anything that is not the record (`id`: of which one) is no proof that it was done.
   * `accepts`: 202 is looked at by the caller.
   */
  async write(request: HttpRequest, { id, accepts = false }: { id?: string; accepts?: boolean } = {}): Promise<WriteAnswer> {
    const { status, headers, body } = await this.ask(request);
    if (status === 202 && !accepts) throw this.strange(request, '202: it may be done later', 202);
    if (body === undefined || status === 202) return { status, headers, body };
    return { status, headers, body, record: this.proven(recordIn(status, body, this.shape, id), request, status) };
  }

  /** Writes what has to be shown in the answer: without the record it is not known whether it was done. `id`: of which one. */
  async writeShown(request: HttpRequest, id?: string): Promise<Answered> {
    const { record, status } = await this.write(request, { id });
    if (record) return record;
    throw this.strange(request, `${status} without a record`, status);
  }

  /** Asks for, or writes, what is no record and has no id. */
  async object(request: HttpRequest): Promise<Answered> {
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
      throw this.strange(request, `${error.status}, but not by the API itself (${said(error)})`, error.status, 'notDone');
    }
  }

  /** An answer that is none to this request. */
  strange(
    request: HttpRequest,
    how: string,
    status?: number,
    outcome = outcomeOf(request),
    code: ErrorCode = 'SWB_PARTNER_ANSWER',
  ): PartnerError {
    return new PartnerError(code, `${request.what} was answered ${how}. That is no answer to what was asked.`, {
      where: this.http.name,
      hint: outcome === 'unknown' ? 'It is looked up and tried again.' : 'It is asked again.',
      outcome,
      retry: true,
      status,
    });
  }

  private proven<T>(evidence: Evidence<T>, request: HttpRequest, status: number): T {
    if ('is' in evidence) return evidence.is;
    throw this.strange(request, evidence.unknown, status, outcomeOf(request), evidence.other && 'SWB_WRONG_ENTITY');
  }
}

/** Reads what a write left there. The write was done: when the reading fails, it has to be looked for before anything is written again. */
export async function afterWrite<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof PartnerError ? halfDone(error) : error;
  }
}

/** The same failure of something of which a part is done. */
export function halfDone(error: PartnerError): PartnerError {
  const { code, message, status, retryAfter, answer, body } = error;
  return new PartnerError(code, message, { outcome: 'unknown', retry: true, status, retryAfter, answer, body, cause: error });
}

/** The API itself says that what was asked for is not there. */
export function isAbsent(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.code === 'SWB_PARTNER_NOT_FOUND';
}

function outcomeOf({ method }: HttpRequest): 'notDone' | 'unknown' {
  return method === 'GET' ? 'notDone' : 'unknown';
}

function said({ answer = '' }: PartnerError): string {
  return withoutMarkup(answer).slice(0, 80) || 'it said nothing';
}
