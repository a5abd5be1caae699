import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import type { Attributes } from './attributes.js';
import type { TmfDialect } from './dialect.js';

/** The hub of a TM Forum API, where subscriptions to its events are made (TMF630). */
export class TmfHub {
  constructor(
    private readonly http: HttpClient,
    private readonly base: string,
    private readonly dialect: TmfDialect,
    /** The name of the API, for errors. */
    private readonly api: string,
  ) {}

  /** Subscribes; gives the subscription's id. */
  async register(callback: string, query?: string): Promise<string> {
    if (!this.dialect.hub) {
      throw new SwitchboardError('SWB_CONFIG', `ServiceNow’s ${this.api} has no hub.`, {
        where: this.http.name,
        field: 'hub',
        hint: `Poll instead: set it in the ${this.api.toLowerCase()} in node.`,
      });
    }
    const { body } = await this.http.request<{ id?: string }>({
      method: 'POST',
      path: `${this.base}/hub`,
      body: hubBody(callback, query, this.dialect),
      what: 'register at the hub',
    });
    if (body?.id !== undefined) return String(body.id);
    throw new PartnerError('SWB_PARTNER_ANSWER', 'The registration at the hub was answered without an id.', {
      where: this.http.name,
      outcome: 'unknown',
      retry: true,
    });
  }

  async unregister(id: string): Promise<void> {
    try {
      await this.http.request({ method: 'DELETE', path: this.path(id), what: 'unregister from the hub' });
    } catch (error) {
      if (!(error instanceof PartnerError && error.status === 404)) throw error;
    }
  }

  /** Does the subscription stand? Undefined where the provider cannot tell. */
  async exists(id: string): Promise<boolean | undefined> {
    if (!this.dialect.hubReadable) return undefined;
    try {
      await this.http.request({ method: 'GET', path: this.path(id), what: 'check the registration' });
      return true;
    } catch (error) {
      if (error instanceof PartnerError && error.status === 404) return false;
      if (error instanceof PartnerError && (error.status === 405 || error.status === 501)) return undefined;
      throw error;
    }
  }

  private path(id: string): string {
    return `${this.base}/hub/${encodeURIComponent(id)}`;
  }
}

/** The body of a registration (EventSubscriptionInput in v4, Hub_FVO in v5). */
export function hubBody(callback: string, query: string | undefined, dialect: TmfDialect): Attributes {
  return { ...(dialect.typed && { '@type': 'Hub' }), callback, ...(query && { query }) };
}
