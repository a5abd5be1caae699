import type {
  Action,
  AuditEntry,
  BulkRequest,
  BulkResult,
  Counts,
  EndpointView,
  MessageList,
  MessageView,
  Query,
  UnmappedView,
} from '../views.js';

/** What the view needs of the place it stands in: the editor's sidebar, or the page of its own. */
export interface Backend {
  /** A label by its key, with `__name__` filled in. */
  t(key: string, values?: Record<string, unknown>): string;
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** Calls back when something may have changed; gives the function that ends it. */
  onChange(changed: () => void): () => void;
  /** Lets a person change JSON; calls back with what it has become, or with nothing when it is to stay as it was. */
  editJson(title: string, text: string, done: (text: string | undefined) => void): void;
  /** Address of the view as a page of its own; absent where it is that page. */
  page?: string;
  /** Opens the dialog of a mapping, or of a new one; absent outside the editor. */
  openMapping?(node: string | undefined): void;
  /** Begins with a first connection; absent outside the editor. */
  newConnection?(): void;
}

const MOST_EMPTY = 20;

/** A request failed; the message is for people. */
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

  /** The runtime looks through so many messages per request and no more; an empty page that is not the last one says only that. */
  async list(query: Query): Promise<MessageList> {
    let page = await this.page(query);
    for (let further = 0; further < MOST_EMPTY && page.messages.length === 0 && page.next; further++) {
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

  endpoints(): Promise<EndpointView[]> {
    return this.backend.get('endpoints') as Promise<EndpointView[]>;
  }

  unmapped(): Promise<UnmappedView[]> {
    return this.backend.get('unmapped') as Promise<UnmappedView[]>;
  }

  audit(): Promise<AuditEntry[]> {
    return this.backend.get('audit') as Promise<AuditEntry[]>;
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

  forget(values: UnmappedView[]): Promise<unknown> {
    return write(this.backend, 'unmapped/forget', { values });
  }

  bulk(request: BulkRequest): Promise<BulkResult> {
    return write(this.backend, 'bulk', request) as Promise<BulkResult>;
  }
}

/** Sends a change. Node-RED answers 401 also to those who are signed in and may not; who sees a message has signed in. */
export function write(backend: Backend, path: string, body: object): Promise<unknown> {
  return backend.post(path, body).catch((error) => {
    throw error instanceof RequestError && error.status === 401 ? new RequestError('', 403) : error;
  });
}

/** What to tell a person of a request that failed. */
export function errorText(error: unknown, t: Backend['t']): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return t('trouble.noRuntime');
  if (error.status === 401) return t('trouble.signIn');
  if (error.status === 403) return error.message || t('trouble.notAllowed');
  return error.message;
}
