import type { NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import { brokers } from '../../src/delivery/brokers.js';
import { maskedClasses } from '../../src/delivery/shown-text.js';
import { type AdminRoutes, maskFor, type Request } from '../kit/admin-routes.js';
import { shownTo } from '../kit/audited.js';
import { EXPORT, isClear } from '../kit/rights.js';
import { conversationDetail, listConversations } from './conversation-view-model.js';
import {
  CONVERSATION_FILTERS,
  type ConversationDetail,
  type ConversationQuery,
  type LinkEditRequest,
  type Unchanged,
} from './conversation-views.js';
import { fixtureFile } from './fixture-file.js';
import { LinkEditService } from './link-edit-service.js';
import { nodeNames } from './node-names.js';
import { payloadReader } from './payload-reader.js';
import { notFound, openBrokers, personOf } from './requests.js';

const PAGE = 50;
const MAX_PAGE = 200;

/** The HTTP routes of the conversations view. */
export function serveConversations(RED: NodeAPI, routes: AdminRoutes): void {
  const nameOf = nodeNames(RED);
  const readPayload = payloadReader(RED);
  routes.get('conversations', (req) => listConversations(openBrokers(), { ...queryOf(req.query), clear: isClear(req) }, nameOf));
  const linkEdits = new LinkEditService(RED, nameOf);
  routes.get('conversations/:id', async (req): Promise<ConversationDetail | Unchanged> => {
    const { broker, id } = await conversationOf(req);
    const asked = typeof req.query.known === 'string' ? req.query.known : '';
    // What is shown in clear differs from what is masked, though nothing has changed; so does what a deploy has masked since.
    const view = maskFor(req) ? `${maskedClasses().join('-')}-` : 'clear-';
    const known = asked.startsWith(view) ? asked.slice(view.length) : undefined;
    const detail = (await conversationDetail([broker], id, nameOf, readPayload, known)) ?? notFound('conversation');
    const mark = `${view}${detail.mark}`;
    if (detail.unchanged) return { ...detail, mark };
    const target = { kind: 'conversation', id, name: detail.reference } as const;
    await broker.audit.reading({ by: personOf(req), action: 'read', target, ...shownTo(req) });
    return { ...detail, mark, linkEdits: await linkEdits.history(broker, id), targets: linkEdits.targets(broker) };
  });
  routes.post(
    'conversations/:id/fixture',
    async (req) => {
      const { broker, id } = await conversationOf(req);
      const target = { kind: 'conversation', id, name: id } as const;
      const people = req.body?.people === true;
      await broker.audit.add({ by: personOf(req), action: 'export', target, ...(people && { facts: { people } }) });
      return fixtureFile(RED, broker, id, nameOf, !people);
    },
    EXPORT,
  );
  routes.post('conversations/:id/preview', async (req) => {
    const { broker, id } = await conversationOf(req);
    return linkEdits.preview(broker, id, linkEditOf(req));
  });
  routes.post('conversations/:id/apply', async (req) => {
    const { broker, id } = await conversationOf(req);
    return linkEdits.apply(broker, id, linkEditOf(req), personOf(req));
  });
  routes.post('conversations/:id/undo', async (req) => {
    const { broker } = await conversationOf(req);
    return linkEdits.undo(broker, Number(req.body?.operation), personOf(req));
  });
}

/** The conversation of a request, by its id, reference or alias, with its broker. */
async function conversationOf(req: Request): Promise<{ broker: Broker; id: string }> {
  const wanted = req.params.id ?? '';
  for (const broker of brokers()) {
    const record = (await broker.store.conversation(wanted)) ?? (await broker.store.conversationByReference(wanted));
    if (record) return { broker, id: record.id };
  }
  return notFound('conversation');
}

function linkEditOf({ body = {} }: Request): LinkEditRequest {
  const text = (name: string) => (typeof body[name] === 'string' ? (body[name] as string).trim() : undefined);
  return {
    kind: text('kind') as LinkEditRequest['kind'],
    endpoint: text('endpoint'),
    entityType: text('entityType'),
    entity: text('entity'),
    other: text('other'),
  };
}

function queryOf(query: Request['query']): ConversationQuery {
  const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '');
  const state = CONVERSATION_FILTERS.find((filter) => filter === text('state')) ?? 'all';
  const limit = Math.min(Math.max(Number.parseInt(text('limit'), 10) || PAGE, 1), MAX_PAGE);
  return { search: text('search').trim(), state, before: text('before') || undefined, limit };
}
