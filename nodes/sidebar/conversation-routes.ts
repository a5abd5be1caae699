import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { adminRoutes, notThere, type Request } from './answering.js';
import { conversationDetail, listConversations } from './conversation-view-model.js';
import { CONVERSATION_FILTERS, type ConversationQuery } from './conversation-views.js';
import { hearing } from './hearing.js';
import { names } from './names.js';

const PAGE = 50;
const MOST = 200;

/** The routes behind the conversations view. */
export function serveConversations(RED: NodeAPI): void {
  const routes = adminRoutes(RED);
  const nameOf = names(RED);
  const hear = hearing(RED);
  routes.get('conversations', (req) => listConversations(brokers(), queryOf(req.query), nameOf));
  routes.get(
    'conversations/:id',
    async (req) => (await conversationDetail(brokers(), req.params.id ?? '', nameOf, hear)) ?? notThere('conversation'),
  );
}

function queryOf(query: Request['query']): ConversationQuery {
  const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '');
  const state = CONVERSATION_FILTERS.find((filter) => filter === text('state')) ?? 'all';
  const limit = Math.min(Math.max(Number.parseInt(text('limit'), 10) || PAGE, 1), MOST);
  return { search: text('search').trim(), state, before: text('before') || undefined, limit };
}
