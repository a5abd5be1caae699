import type { ListQuery, Store } from '../../src/store/store.js';

/** Everything a store can return, to compare before and after. */
export async function everything(store: Store): Promise<unknown> {
  const query: ListQuery = { limit: 1_000_000 };
  const messages = await store.listMessages(query);
  const deliveries = await store.listDeliveries(query);
  return {
    messages,
    deliveries,
    conversations: await store.listConversations(query),
    counts: await store.counts(),
    bodies: await Promise.all([
      ...messages.map((record) => store.bodies('message', record.id)),
      ...deliveries.map((record) => store.bodies('delivery', record.id)),
    ]),
  };
}
