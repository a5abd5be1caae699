import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpAnswer, HttpRequest } from '../../http/http.js';
import { say } from '../../text/say.js';
import { type Api, isAbsent } from '../api.js';
import { isObject, totalOf } from '../evidence.js';
import type { Hub, RegistrationResult } from '../hub.js';
import type { Attributes } from './attributes.js';
import type { TmfDialect } from './dialect.js';
import { idFromLocation, sameAddress, shows, subscriptionFor } from './hub-answers.js';

/** Status codes by which a provider does not offer a function: neither TMF630 nor most providers have `GET /hub`. */
const NOT_OFFERED = new Set([400, 403, 405, 406, 501]);

/**
 * The hub of a TM Forum API, which manages the subscriptions to its events (TMF630). Error objects, web pages and answers of
 * gateways prove neither that a subscription exists nor that it is gone, so they are thrown.
 */
export class TmfHub implements Hub {
  readonly address: string;

  constructor(
    private readonly api: Api,
    private readonly base: string,
    private readonly dialect: TmfDialect,
    /** Name of the API, for errors. */
    private readonly apiName: string,
  ) {
    this.address = `${api.http.baseUrl}${base}`;
  }

  /** Subscribes. 202 proves nothing: it may be done later. */
  async registerHub(callback: string, query?: string): Promise<RegistrationResult> {
    if (!this.dialect.hub) {
      throw new SwitchboardError('SWB_CONFIG', say`ServiceNow’s ${this.apiName} has no hub.`, {
        where: this.api.name,
        field: 'hub',
        hint: say`Set the ${this.apiName.toLowerCase()} in node to polling.`,
      });
    }
    const request = {
      method: 'POST',
      path: `${this.base}/hub`,
      body: hubBody(callback, query, this.dialect),
      what: say`register at the hub`,
    } as const;
    try {
      return this.registered(callback, request, await this.api.ask(request));
    } catch (error) {
      if (!(error instanceof PartnerError) || error.status !== 409) throw error;
      if (!isObject(error.body) && error.answer)
        throw this.api.unexpected(request, say`409, but not from the API itself`, { status: 409 });
      const subscription = subscriptionFor(callback, error.body);
      return { already: true, ...(isObject(subscription) && subscription) };
    }
  }

  async unregisterHub(id: string): Promise<boolean> {
    const request = { method: 'DELETE', path: this.path(id), what: say`unregister from the hub` } as const;
    try {
      this.demandNoError(request, await this.api.ask(request));
      return true;
    } catch (error) {
      if (isAbsent(error)) return true;
      if (error instanceof PartnerError && (error.status === 405 || error.status === 501)) return false;
      throw error;
    }
  }

  async hubExists(id: string): Promise<boolean | undefined> {
    const request = { method: 'GET', path: this.path(id), what: say`check the registration` } as const;
    try {
      const answer = await this.api.ask(request);
      this.demandNoError(request, answer);
      if (shows(id, answer.body)) return true;
      throw this.api.unexpected(request, say`without the registration`, { status: answer.status });
    } catch (error) {
      if (isAbsent(error)) return false;
      if (isNotOffered(error)) return undefined;
      throw error;
    }
  }

  async hubsOf(callback: string): Promise<string[] | undefined> {
    const request = { method: 'GET', path: `${this.base}/hub`, what: say`list the registrations` } as const;
    try {
      const { records, headers } = await this.api.list(request, { required: ['callback'] });
      const ours = records.filter((record) => sameAddress(record.callback, callback)).map(({ id }) => String(id));
      if (ours.length === 0 && (totalOf(headers) ?? 0) > records.length)
        throw this.api.unexpected(request, say`with only part of the registrations`);
      return ours;
    } catch (error) {
      if (isAbsent(error) || isNotOffered(error)) return undefined;
      throw error;
    }
  }

  private registered(callback: string, request: HttpRequest, answer: HttpAnswer): RegistrationResult {
    const { status, headers, body } = answer;
    if (status === 202) throw this.api.unexpected(request, say`202: it may be done later`, { status });
    this.demandNoError(request, answer);
    const subscription = subscriptionFor(callback, body);
    if (isObject(subscription)) return subscription;
    if (subscription === 'others') throw this.api.unexpected(request, say`with another registration`, { status });
    const id = idFromLocation(headers.location, `${this.address}/hub`);
    if (id !== undefined) return { id };
    const isEmpty = body === undefined || (isObject(body) && Object.keys(body).length === 0);
    if (status !== 200 || subscription === 'there' || isEmpty) return {};
    throw this.api.unexpected(request, say`200 without a registration`, { status });
  }

  private demandNoError(request: HttpRequest, { status, body }: HttpAnswer): void {
    const failure = isObject(body) ? this.api.shape.failure(body) : undefined;
    if (failure !== undefined)
      throw this.api.unexpected(request, say`${status} and an error: ${failure.slice(0, 200)}`, { status });
  }

  /** `id`: the id or the URL that the provider gave; one of another origin is only a text. */
  private path(id: string): string {
    const isHere = URL.canParse(id) && new URL(id).origin === new URL(this.address).origin;
    return isHere ? new URL(id).href : `${this.base}/hub/${encodeURIComponent(id)}`;
  }
}

function isNotOffered(error: unknown): boolean {
  return error instanceof PartnerError && error.status !== undefined && NOT_OFFERED.has(error.status);
}

/** The body of a registration (EventSubscriptionInput in v4, Hub_FVO in v5). */
export function hubBody(callback: string, query: string | undefined, dialect: TmfDialect): Attributes {
  return { ...(dialect.typed && { '@type': 'Hub' }), callback, ...(query && { query }) };
}
