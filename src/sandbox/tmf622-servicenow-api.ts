import { below } from './api-traits.js';
import type { ApiTraits } from './behaviour-handlers.js';
import { type Handler, json, type Reply, type Request } from './exchange.js';
import { ITEMS } from './order-items.js';
import { list, notAllowed, refuse, select, tmfApi } from './tmf-api.js';
import { entries, type TmfRecord } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { amendItems, itemProblem } from './tmf622-amend.js';
import type { Order } from './tmf622-order.js';
import { isFinal } from './tmf622-states.js';
import { inOwnWords, type StateWords } from './tmf622-words.js';

const ROOT = '/api/sn_ind_tmt_orm';

/** ServiceNow's states (order management, state values). */
const WORDS: StateWords = {
  acknowledged: 'new',
  inProgress: 'in_progress',
  pending: 'awaiting_information',
  held: 'on_hold',
  assessingCancellation: 'assessing_cancellation',
  pendingCancellation: 'cancellation_in_progress',
  cancelled: 'canceled',
};
const ACTIONS = new Set(['add', 'change', 'delete', 'no-change', 'resume', 'suspend']);

/**
 * TMF622 as a vendor's ServiceNow has it (Product Order Open API): no hub; states in its own words; notes without ids, newest
 * first; a change contains only the changed items; an item is cancelled by `revisionOperation`; a cancellation is confirmed as
 * done as soon as it is requested, and cannot be read.
 */
export function tmf622ServiceNowApi(desk: OrderDesk): Handler {
  desk.listMode = 'append';
  desk.words = WORDS;
  return tmfApi(desk, ROOT, {
    order: (request, [resource, id]) => {
      if (resource !== 'productOrder') return refuse(desk, 404, 'Not found', 'Requested URI does not represent any resource');
      return id === undefined ? orders(desk, request) : oneOrder(desk, request, id);
    },
    cancelproductorder: (request) => (request.method === 'POST' ? cancel(desk, request) : notAllowed(desk, request)),
  });
}

export function serviceNowOrderTraits(traits: ApiTraits): ApiTraits {
  const kindOf = below(`${ROOT}/order`);
  return {
    ...traits,
    kindOf: (request) =>
      request.path === `${ROOT}/cancelproductorder` && request.method === 'POST' ? 'cancel' : kindOf(request),
  };
}

function orders(desk: OrderDesk, request: Request): Reply {
  if (request.method === 'GET') {
    const reply = list(desk.orders(), request.query);
    return { ...reply, body: entries(reply.body).map(shown) };
  }
  return request.method === 'POST' ? create(desk, request) : notAllowed(desk, request);
}

function oneOrder(desk: OrderDesk, request: Request, id: string): Reply {
  if (desk.queued().some((order) => order.id === id)) return badRequest(desk, QUEUED);
  const order = desk.order(id);
  if (!order) return refuse(desk, 404, 'Not found', 'No Record found');
  if (request.method === 'GET') return { status: 200, body: shown(select(order, request.query)) };
  return request.method === 'PATCH' ? patch(desk, request, id, order) : notAllowed(desk, request);
}

const QUEUED = 'This order is yet to be created in customer order table';

function create(desk: OrderDesk, request: Request): Reply {
  const body = json(request);
  if (!body || Array.isArray(body)) return badRequest(desk, 'The body is not a JSON object.');
  const items = entries(body[ITEMS]);
  const lacks = ['channel', 'relatedParty', ITEMS].find((name) => entries(body[name]).length === 0);
  if (lacks || !body.orderCurrency) return badRequest(desk, `${lacks ?? 'orderCurrency'} is mandatory`);
  if (body.externalId !== undefined && !/-TMF622$/.test(String(body.externalSystem)))
    return badRequest(desk, 'externalSystem is invalid');
  const wrong = items.find((item) => !item.id || !ACTIONS.has(String(item.action)));
  const reason = wrong ? `Item ${wrong.id}: id and action are mandatory` : itemProblem(body);
  if (reason) return badRequest(desk, reason);
  const { state: _state, ...given } = body;
  const order = desk.create({ ...given, [ITEMS]: items.map(({ state: _own, ...item }) => item) });
  const { id, href } = order;
  return desk.order(String(id)) ? { status: 201, body: shown(order) } : { status: 202, body: { id, href } };
}

function patch(desk: OrderDesk, request: Request, id: string, order: Order): Reply {
  const body = json(request);
  if (!body || Array.isArray(body)) return badRequest(desk, 'The body is not a JSON object.');
  const { state: _state, [ITEMS]: items, ...attributes } = body;
  // A state is ignored without a word, as are all columns that cannot be written.
  const amended =
    items === undefined
      ? undefined
      : amendItems(
          desk,
          order,
          entries(items).map(({ state: _own, revisionOperation, ...item }) => ({
            ...item,
            ...(revisionOperation === 'cancel' && { state: 'cancelled' }),
          })),
        );
  if (amended && !Array.isArray(amended)) return refuse(desk, amended.status, 'Not possible', amended.message);
  if (isFinal(order.state) && amended) return refuse(desk, 400, 'Bad request', `Order ${id} cannot be revised.`);
  desk.patch(id, { ...attributes, ...(amended && { [ITEMS]: amended }) }, 'customer');
  return { status: 201, body: shown(order) };
}

/** The answer says that the request is done, not that the order is cancelled. */
function cancel(desk: OrderDesk, request: Request): Reply {
  const body = json(request);
  const id = String(((body?.productOrder ?? {}) as TmfRecord).id ?? '');
  if (desk.queued().some((order) => order.id === id)) return badRequest(desk, QUEUED);
  if (!body || !desk.order(id)) return badRequest(desk, 'productOrder.id is invalid');
  const reason = desk.cancels.rejectionReason(id);
  if (reason) return badRequest(desk, reason);
  const { decision } = desk.cancels;
  if (typeof decision === 'number') return refuse(desk, decision, 'Not possible', `Order ${id} can no longer be cancelled.`);
  desk.cancels.request(body, id);
  return { status: 200, body: { ...body, id, state: 'done' } };
}

function shown(order: TmfRecord): TmfRecord {
  const notes = entries(order.note).map(({ id: _, ...note }) => note);
  return inOwnWords({ ...order, ...(order.note !== undefined && { note: notes.reverse() }) }, WORDS);
}

function badRequest(desk: OrderDesk, message: string): Reply {
  return refuse(desk, 400, 'Bad request', message);
}
