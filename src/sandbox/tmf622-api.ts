import { type Handler, json, type Reply, type Request } from './exchange.js';
import { list, notAllowed, type Resource, readPatch, refuse, select, tmfApi } from './tmf-api.js';
import { hubs } from './tmf-hub-api.js';
import { entries, type TmfRecord, type Version } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { amendItems, itemProblem } from './tmf622-amend.js';
import type { Order } from './tmf622-order.js';
import { problems } from './tmf622-schema.js';
import { isFinal } from './tmf622-states.js';

/** Attributes not allowed in a create: the vendor sets them. */
const NOT_CREATABLE: Record<Version, string[]> = {
  v4: ['id', 'href', 'orderDate', 'state', 'completionDate', 'expectedCompletionDate'],
  v5: ['href', 'creationDate', 'state', 'completionDate', 'expectedCompletionDate', 'cancellationDate', 'cancellationReason'],
};
/** Attributes not allowed in a patch. */
const NOT_PATCHABLE: Record<Version, string[]> = {
  v4: ['id', 'href', 'orderDate'],
  v5: ['id', 'href', 'creationDate', 'requestedInitialState'],
};

/** The TMF622 API of a vendor, v4 or v5, validated against the API definitions. */
export function tmf622Api(desk: OrderDesk, root: string): Handler {
  return tmfApi(desk, root, {
    hub: hubs(desk, false),
    productOrder: productOrder(desk),
    cancelProductOrder: cancelProductOrder(desk),
  });
}

function productOrder(desk: OrderDesk): Resource {
  return (request, [id]) => {
    const { method, query } = request;
    if (!id) {
      if (method === 'GET') return list(desk.orders(), query);
      return method === 'POST' ? create(desk, request) : notAllowed(desk, request);
    }
    if (method === 'PATCH' && isQueued(desk, id)) return queuedOrderError(desk);
    const order = desk.order(id);
    if (!order) return refuse(desk, 404, 'Not found', `There is no order ${id}.`);
    switch (method) {
      case 'GET':
        return { status: 200, body: select(order, query) };
      case 'PATCH':
        return patch(desk, request, id, order);
      case 'DELETE':
        desk.remove(id);
        return { status: 204 };
      default:
        return notAllowed(desk, request);
    }
  };
}

function cancelProductOrder(desk: OrderDesk): Resource {
  return (request, [id]) => {
    const { method, query } = request;
    if (method === 'POST' && !id) return cancel(desk, request);
    if (method !== 'GET') return notAllowed(desk, request);
    if (!id) return list(desk.cancels.all(), query);
    const task = desk.cancels.task(id);
    return task ? { status: 200, body: select(task, query) } : refuse(desk, 404, 'Not found', `There is no cancellation ${id}.`);
  };
}

function create(desk: OrderDesk, request: Request): Reply {
  const body = json(request);
  if (!body || Array.isArray(body)) return badRequest(desk, 'The body is not a JSON object.');
  const fixed = NOT_CREATABLE[desk.version].find((name) => name in body);
  const wrong = fixed ? [`${fixed} cannot be set when an order is created.`] : problems(desk.version, ['Create', 'Order'], body);
  const reason = wrong.length > 0 ? wrong.join(' ') : itemProblem(body);
  if (reason) return badRequest(desk, reason);
  const order = desk.create(body);
  const { id, href, '@type': type } = order;
  if (!isQueued(desk, String(id))) return { status: 201, headers: { Location: String(href) }, body: order };
  return { status: 202, body: { ...(type !== undefined && { '@type': type }), id, href } };
}

function patch(desk: OrderDesk, request: Request, id: string, order: Order): Reply {
  const read = readPatch(desk, request, order);
  if ('status' in read) return read;
  const { change, whole } = read;
  const fixed = NOT_PATCHABLE[desk.version].find((name) => name in change);
  if (fixed) return badRequest(desk, `${fixed} cannot be changed.`);
  if (desk.patchRequiresItems && whole && entries(change.productOrderItem).length === 0)
    return badRequest(desk, 'productOrderItem is required.');
  const wrong = problems(desk.version, ['Update', 'Order'], whole ? change : { '@type': 'ProductOrder', ...change });
  if (wrong.length > 0) return badRequest(desk, wrong.join(' '));
  const { '@type': _type, state, productOrderItem, ...attributes } = change;
  const beyondNotes = Object.keys({ ...attributes, ...(productOrderItem !== undefined && { productOrderItem }) }).some(
    (n) => n !== 'note',
  );
  const items = productOrderItem === undefined ? undefined : amendItems(desk, order, entries(productOrderItem));
  if (items && !Array.isArray(items)) return refuse(desk, items.status, 'Not possible', items.message);
  if (isFinal(order.state) && beyondNotes) return refuse(desk, 409, 'Not possible', `Order ${id} is ${order.state}.`);
  const submits = state === 'acknowledged' && order.state === 'draft';
  if (state !== undefined && state !== order.state && !submits)
    return badRequest(desk, `state ${state}: only the vendor sets the state. Cancel an order with cancelProductOrder.`);
  desk.patch(id, { ...attributes, ...(items && { productOrderItem: items }) }, 'customer');
  if (submits) desk.submit(id);
  return { status: 200, body: order };
}

function cancel(desk: OrderDesk, request: Request): Reply {
  const body = json(request);
  if (!body || Array.isArray(body)) return badRequest(desk, 'The body is not a JSON object.');
  const wrong = problems(desk.version, ['CancelCreate'], body);
  if (wrong.length > 0) return badRequest(desk, wrong.join(' '));
  const id = String((body.productOrder as TmfRecord).id);
  if (isQueued(desk, id)) return queuedOrderError(desk);
  if (!desk.order(id)) return badRequest(desk, `There is no order ${id}.`);
  const reason = desk.cancels.rejectionReason(id);
  if (reason) return refuse(desk, 409, 'Not possible', reason);
  const { decision } = desk.cancels;
  if (typeof decision === 'number') return refuse(desk, decision, 'Not possible', `Order ${id} can no longer be cancelled.`);
  const task = desk.cancels.request(body, id);
  return { status: task.state === 'done' ? 200 : 201, headers: { Location: String(task.href) }, body: task };
}

function isQueued(desk: OrderDesk, id: string): boolean {
  return desk.queued().some((order) => order.id === id);
}

/** The error text of ServiceNow, which queues orders posted with `mode=async`. */
function queuedOrderError(desk: OrderDesk): Reply {
  return badRequest(desk, 'This order is yet to be created in customer order table');
}

function badRequest(desk: OrderDesk, message: string): Reply {
  return refuse(desk, 400, 'Bad request', message);
}
