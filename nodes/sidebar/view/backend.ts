import type { Counts, MessageList, MessageView, Query } from '../views.js';

/** What the view needs of the place it stands in: the editor's sidebar, or the page of its own. */
export interface Backend {
  /** A label by its key, with `__name__` filled in. */
  t(key: string, values?: Record<string, unknown>): string;
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  /** Calls back when something may have changed; gives the function that ends it. */
  onChange(changed: () => void): () => void;
  /** Address of the view as a page of its own; absent where it is that page. */
  page?: string;
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

export class Messages {
  constructor(private readonly backend: Backend) {}

  /** The runtime looks through so many messages per request and no more; an empty page that is not the last one says only that. */
  async list(query: Query): Promise<MessageList> {
    let page = await this.page(query);
    for (let further = 0; further < MOST_EMPTY && page.messages.length === 0 && page.next; further++) {
      page = await this.page({ ...query, before: page.next });
    }
    return page;
  }

  private page({ search, state, before, limit }: Query): Promise<MessageList> {
    const query = new URLSearchParams({ search, state, limit: String(limit), ...(before && { before }) });
    return this.backend.get(`messages?${query}`) as Promise<MessageList>;
  }

  one(id: string): Promise<MessageView> {
    return this.backend.get(`messages/${encodeURIComponent(id)}`) as Promise<MessageView>;
  }

  counts(): Promise<Counts> {
    return this.backend.get('counts') as Promise<Counts>;
  }

  async act(kind: 'messages' | 'deliveries', id: string, action: 'replay' | 'skip', reason?: string): Promise<void> {
    await this.backend.post(`${kind}/${encodeURIComponent(id)}/${action}`, { reason }).catch((error) => {
      // Node-RED answers 401 also to those who are signed in and may not; who sees a message has signed in.
      throw error instanceof RequestError && error.status === 401 ? new RequestError(error.message, 403) : error;
    });
  }
}

/** What to tell a person of a request that failed. */
export function wordsFor(error: unknown, t: Backend['t']): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  if (error.status === 0) return t('trouble.noRuntime');
  if (error.status === 401) return t('trouble.signIn');
  if (error.status === 403) return t('trouble.notAllowed');
  return error.message;
}
