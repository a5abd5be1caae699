import { asGet, lastPart, type OrderHandler } from './behaviour-handlers.js';
import type { OrderBehaviourName } from './behaviours.js';
import { json, type Reply, type Request } from './exchange.js';
import { ITEM_RULES, ITEMS, inTwoParts, repriced, withBody, withChangedItems, withOwnIdsForNewItems } from './order-items.js';
import { refuse } from './tmf-api.js';
import { entries, type TmfRecord } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { itemsOf } from './tmf622-order.js';
import { inOwnWords, inStandardWords } from './tmf622-words.js';

/** Order states in which a vendor that locks its orders early still accepts changes. */
const EARLY = new Set(['draft', 'acknowledged']);
const DAY = 86_400_000;
/** How long a vendor says that an order takes, and how much longer it takes then. */
const DELIVERY = 14 * DAY;
const DELAY = 7 * DAY;

/** What a vendor makes of orders, each executed with the API's own handler. */
export function orderBehaviours(desk: OrderDesk): Record<OrderBehaviourName, OrderHandler> {
  const { version } = desk;
  const items = Object.fromEntries(
    ITEM_RULES.map((name): [string, OrderHandler] => [
      name,
      ({ request, handler }) => handler(withChangedItems(request, name, version)),
    ]),
  ) as Record<(typeof ITEM_RULES)[number], OrderHandler>;
  const created = (reply: Reply) => (reply.status === 201 ? String((reply.body as TmfRecord).id) : undefined);

  return {
    ...items,
    ownIds: (asked) => {
      if (asked.request.method !== 'PATCH') return items.ownIds(asked);
      const known = new Set(itemsOf(desk.order(lastPart(asked.request)) ?? {}).map((item) => item.id));
      return asked.handler(withOwnIdsForNewItems(asked.request, known));
    },
    splitOrder: ({ request, handler }) => {
      const parts = inTwoParts(request);
      if (!parts) return handler(request);
      const reply = handler(parts[0]);
      if (reply.status < 300) handler(parts[1]);
      return reply;
    },
    queued: ({ request, handler, ms }) => desk.during({ queueFor: ms }, () => handler(request)),
    eventOnly: ({ request, handler, ms }) => {
      const reply = desk.during({ queueFor: ms }, () => handler(request));
      return reply.status === 202 ? { status: 202 } : reply;
    },
    completed: ({ request, handler }) => desk.during({ initialState: 'completed' }, () => handler(request)),
    wholeDate: ({ request, handler }) => {
      const reply = handler(request);
      const id = created(reply);
      if (id === undefined) return reply;
      desk.patch(id, { expectedCompletionDate: later(new Date(), DELIVERY) });
      return { ...reply, body: handler({ ...asGet(request), path: `${request.path}/${id}` }).body };
    },
    reprice: ({ request, handler, ms }) => {
      const reply = handler(request);
      const id = created(reply);
      if (id !== undefined) desk.behaviours.later(ms, () => reprice(desk, id));
      return reply;
    },
    lockedInProgress: ({ request, handler }) => desk.during({ amendableIn: EARLY }, () => handler(request)),
    cancelMissing: ({ request, handler }) =>
      /\/cancelproductorder/i.test(request.path)
        ? refuse(desk, 404, 'Not found', 'There is no resource cancelProductOrder.')
        : handler(request),
    cancelIgnored: ({ request, handler }) =>
      request.method === 'PATCH' ? handler(withoutCancellations(request)) : desk.cancels.during('none', () => handler(request)),
    cancelPretended: ({ request, handler }) => {
      if (request.method !== 'PATCH') return desk.cancels.during('pretended', () => handler(request));
      const cancelled = cancelledIn(request);
      const reply = handler(withoutCancellations(request));
      return reply.status < 300 ? { ...reply, body: withCancelled(reply.body as TmfRecord, cancelled) } : reply;
    },
    ownWords: ({ request, handler }) => {
      const body = json(request);
      const reply = handler(body ? withBody(request, inStandardWords(body)) : request);
      return reply.status < 300 && reply.body ? { ...reply, body: inOwnWords(reply.body) } : reply;
    },
  };
}

/** The vendor changes the prices of an order and its date. */
function reprice(desk: OrderDesk, id: string): void {
  const order = desk.order(id);
  if (!order) return;
  const expected = new Date(String(order.expectedCompletionDate ?? later(new Date(), DELIVERY)));
  desk.patch(id, {
    expectedCompletionDate: later(expected, DELAY),
    [ITEMS]: repriced(entries(order[ITEMS]), desk.version),
  });
}

function later(date: Date, ms: number): string {
  return new Date(date.getTime() + ms).toISOString();
}

/** The ids of the items that a change cancels. */
function cancelledIn(request: Request): ReadonlySet<unknown> {
  const change = json(request) ?? {};
  return new Set(entries(change[ITEMS]).flatMap((item) => (isCancelled(item) ? [item.id] : [])));
}

/** The change without what it cancels; also in the form of a JSON Patch. */
function withoutCancellations(request: Request): Request {
  const change = json(request);
  if (Array.isArray(change))
    return withBody(
      request,
      entries(change).filter(({ value }) => value !== 'cancelled'),
    );
  if (!change || !(ITEMS in change)) return request;
  const items = entries(change[ITEMS]).map((item) => {
    const { state: _state, revisionOperation: _operation, ...rest } = item;
    return isCancelled(item) ? rest : item;
  });
  return withBody(request, { ...change, [ITEMS]: items });
}

/** By its state, or as ServiceNow has it. */
function isCancelled({ state, revisionOperation }: TmfRecord): boolean {
  return state === 'cancelled' || revisionOperation === 'cancel';
}

function withCancelled(order: TmfRecord, ids: ReadonlySet<unknown>): TmfRecord {
  const items = entries(order[ITEMS]).map((item) => (ids.has(item.id) ? { ...item, state: 'cancelled' } : item));
  return { ...order, [ITEMS]: items };
}
