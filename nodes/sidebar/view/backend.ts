import type {
  Access,
  Action,
  AuditEntry,
  BulkRequest,
  BulkResult,
  Counts,
  EndpointView,
  ErasureRequest,
  ErasureView,
  MessageList,
  MessageView,
  MisconfiguredEndpoint,
  NamedEndpoint,
  Query,
  UnmappedView,
  WaitSummary,
} from '../views.js';

/** What the view needs from its host: the editor's sidebar, or the separate page. */
export interface Backend {
  /** A label by its key, with `__name__` filled in. */
  t(key: string, values?: Record<string, unknown>): string;
  get(path: string): Promise<unknown>;
  /** The answer as text: a file. */
  text(path: string, body: object): Promise<string>;
  post(path: string, body: object): Promise<unknown>;
  /** Calls back when something may have changed; returns the function to unsubscribe. */
  onChange(changed: () => void): () => void;
  /** Opens a JSON editor; calls back with the new text, or with undefined if cancelled. */
  editJson(title: string, text: string, done: (text: string | undefined) => void): void;
  /** What the user may do; absent: the host does not know. */
  access?: Access;
  /** Payloads are shown as they are, so that they can be edited. */
  isClear?: boolean;
  /** URL of the separate page; absent on that page itself. */
  page?: string;
  /** Opens the dialog of an existing or a new mapping; absent outside the editor. */
  openMapping?(node: string | undefined): void;
  /** Opens the wizard for a new connection; absent outside the editor. */
  newConnection?(): void;
}

const MAX_EMPTY = 20;

/** A failed request; the message is for display. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export type ActionBody = { reason?: string; payload?: unknown };

export class MessageApi {
  constructor(private readonly backend: Backend) {}

  /** The runtime scans a limited number of messages per request, so an empty page need not be the last one. */
  async list(query: Query): Promise<MessageList> {
    let page = await this.page(query);
    for (let further = 0; further < MAX_EMPTY && page.messages.length === 0 && page.next; further++) {
      page = await this.page({ ...query, before: page.next });
    }
    return page;
  }

  private page(query: Query): Promise<MessageList> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    return this.backend.get(
      `messages?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`,
    ) as Promise<MessageList>;
  }

  one(id: string): Promise<MessageView> {
    return this.backend.get(`messages/${encodeURIComponent(id)}`) as Promise<MessageView>;
  }

  counts(): Promise<Counts> {
    return this.backend.get('counts') as Promise<Counts>;
  }

  /** Why messages and deliveries wait. */
  waits(): Promise<WaitSummary> {
    return this.backend.get('waits') as Promise<WaitSummary>;
  }

  endpoints(): Promise<EndpointView[]> {
    return this.backend.get('endpoints') as Promise<EndpointView[]>;
  }

  /** Endpoints that cannot work as they are configured. */
  misconfiguredEndpoints(): Promise<MisconfiguredEndpoint[]> {
    return this.backend.get('endpoints/misconfigured') as Promise<MisconfiguredEndpoint[]>;
  }

  /** Endpoints that are no longer in the flows. */
  deletedEndpoints(): Promise<NamedEndpoint[]> {
    return this.backend.get('endpoints/deleted') as Promise<NamedEndpoint[]>;
  }

  unmapped(): Promise<UnmappedView[]> {
    return this.backend.get('unmapped') as Promise<UnmappedView[]>;
  }

  /** `all`: also who has read what. */
  audit(all: boolean): Promise<AuditEntry[]> {
    return this.backend.get(`audit?all=${all}`) as Promise<AuditEntry[]>;
  }

  /** The whole audit trail, as lines of JSON. */
  auditFile(): Promise<string> {
    return this.backend.text('audit/export', {});
  }

  async act(kind: 'messages' | 'deliveries', id: string, action: Action, body: ActionBody = {}): Promise<void> {
    await write(this.backend, `${kind}/${encodeURIComponent(id)}/${action}`, body);
  }

  suspend(endpoint: string, reason: string): Promise<unknown> {
    return write(this.backend, `endpoints/${encodeURIComponent(endpoint)}/suspend`, { reason });
  }

  resume(endpoint: string): Promise<unknown> {
    return write(this.backend, `endpoints/${encodeURIComponent(endpoint)}/resume`, {});
  }

  /** Gives the callback of an endpoint's hub a new secret. */
  renewSecret(endpoint: string): Promise<unknown> {
    return write(this.backend, `endpoints/${encodeURIComponent(endpoint)}/renewSecret`, {});
  }

  forget(values: UnmappedView[]): Promise<unknown> {
    return write(this.backend, 'unmapped/forget', { values });
  }

  previewErasure(request: ErasureRequest): Promise<ErasureView> {
    return write(this.backend, 'people/preview', request) as Promise<ErasureView>;
  }

  /** `confirm`: the number of tickets that were confirmed. */
  erase(request: ErasureRequest, confirm: number): Promise<ErasureView> {
    return write(this.backend, 'people/erase', { ...request, confirm }) as Promise<ErasureView>;
  }

  bulk(request: BulkRequest): Promise<BulkResult> {
    return write(this.backend, 'bulk', request) as Promise<BulkResult>;
  }
}

/**
 * Sends a change. Node-RED also answers 401 if a signed-in user lacks the permission; a user who can see a message is signed in.
 */
export function write(backend: Backend, path: string, body: object): Promise<unknown> {
  return backend.post(path, body).catch((error) => {
    throw error instanceof RequestError && error.status === 401 ? new RequestError('', 403) : error;
  });
}

/** Whether what was asked for does not exist any more: it must not be shown any longer. */
export const isGone = (error: unknown): boolean => error instanceof RequestError && error.status === 404;

/** The text to show for a failed request. */
export function errorText(error: unknown, t: Backend['t']): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return t('trouble.noRuntime');
  if (error.status === 401) return t('trouble.signIn');
  if (error.status === 403) return error.message || t('trouble.notAllowed');
  return error.message;
}
