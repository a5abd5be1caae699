import type { ConversationDetail, ConversationList, ConversationQuery } from '../conversation-views.js';
import type { Backend } from '../view/backend.js';

const MOST_EMPTY = 20;

/** What the view asks of the runtime. */
export class ConversationDesk {
  constructor(private readonly backend: Backend) {}

  /** The runtime looks through so much per request and no more; an empty page that is not the last one says only that. */
  async list(query: ConversationQuery): Promise<ConversationList> {
    let page = await this.page(query);
    for (let further = 0; further < MOST_EMPTY && page.conversations.length === 0 && page.next; further++) {
      page = await this.page({ ...query, before: page.next });
    }
    return page;
  }

  one(id: string): Promise<ConversationDetail> {
    return this.backend.get(`conversations/${encodeURIComponent(id)}`) as Promise<ConversationDetail>;
  }

  private page({ search, state, before, limit }: ConversationQuery): Promise<ConversationList> {
    const query = new URLSearchParams({ search, state, limit: String(limit), ...(before && { before }) });
    return this.backend.get(`conversations?${query}`) as Promise<ConversationList>;
  }
}
