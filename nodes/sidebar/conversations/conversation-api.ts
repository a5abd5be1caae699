import type {
  ConversationDetail,
  ConversationList,
  ConversationQuery,
  LinkEditPreview,
  LinkEditRequest,
  Unchanged,
} from '../conversation-views.js';
import { type Backend, write } from '../view/backend.js';

const MAX_EMPTY = 20;

/** The view's requests to the runtime. */
export class ConversationApi {
  constructor(private readonly backend: Backend) {}

  /** The runtime scans a limited number of records per request, so an empty page need not be the last one. */
  async list(query: ConversationQuery): Promise<ConversationList> {
    let page = await this.page(query);
    for (let further = 0; further < MAX_EMPTY && page.conversations.length === 0 && page.next; further++) {
      page = await this.page({ ...query, before: page.next });
    }
    return page;
  }

  /** `known`: the mark of the conversation as drawn; returns `Unchanged` if nothing has changed since. */
  one(id: string, known = ''): Promise<ConversationDetail | Unchanged> {
    return this.backend.get(`conversations/${encodeURIComponent(id)}?known=${known}`) as Promise<ConversationDetail | Unchanged>;
  }

  /** The conversation as a test fixture; `people`: with people's data. */
  fixture(id: string, people: boolean): Promise<object> {
    return this.post(id, 'fixture', { people }) as Promise<object>;
  }

  /** The effects of a link edit. */
  preview(id: string, request: LinkEditRequest): Promise<LinkEditPreview> {
    return this.post(id, 'preview', request) as Promise<LinkEditPreview>;
  }

  async apply(id: string, request: LinkEditRequest): Promise<void> {
    await this.post(id, 'apply', request);
  }

  async undo(id: string, operation: number): Promise<void> {
    await this.post(id, 'undo', { operation });
  }

  private post(id: string, action: string, body: object): Promise<unknown> {
    return write(this.backend, `conversations/${encodeURIComponent(id)}/${action}`, body);
  }

  private page({ search, state, before, limit }: ConversationQuery): Promise<ConversationList> {
    const query = new URLSearchParams({ search, state, limit: String(limit), ...(before && { before }) });
    return this.backend.get(`conversations?${query}`) as Promise<ConversationList>;
  }
}
