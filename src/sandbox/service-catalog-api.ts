import { randomBytes } from 'node:crypto';
import { json, type Reply, type Request } from './exchange.js';
import type { Cart, ServiceNowDesk } from './servicenow.js';
import { errorBody } from './servicenow-errors.js';
import type { Row } from './servicenow-query.js';

const ROOT = '/api/sn_sc/servicecatalog/';

/**
 * Service Catalog API (ServiceNow, Service Catalog API): each user has one cart, which becomes a request with one item per entry.
 * Values of variables that a catalogue item does not have are silently ignored.
 */
export function serviceCatalogApi(desk: ServiceNowDesk, request: Request, user: string): Reply {
  const path = request.path.slice(ROOT.length);
  const [, catItem, verb] = /^items\/(\w+)(?:\/(add_to_cart|order_now))?$/.exec(path) ?? [];
  if (catItem) {
    const item = desk.row('sc_cat_item', catItem);
    if (item?.active !== 'true') return refuse(404, 'No Record found');
    if (!verb) return request.method === 'GET' ? ok({ ...item, variables: questions(desk, catItem) }) : refuse(405);
    if (request.method !== 'POST') return refuse(405);
    const cart = verb === 'add_to_cart' ? cartOf(desk, user) : { id: newId(), items: [] };
    const problem = addTo(desk, cart, catItem, request);
    if (problem) return problem;
    return verb === 'add_to_cart' ? ok({ cart_id: cart.id, items: cart.items.map(shown(desk)) }) : submit(desk, cart, user);
  }
  const cart = cartOf(desk, user);
  if (path === 'cart' && request.method === 'GET') return ok({ cart_id: cart.id, items: cart.items.map(shown(desk)) });
  if (path === 'cart/submit_order' && request.method === 'POST') {
    if (cart.items.length === 0) return refuse(400, 'Invalid Request', 'Cart is empty');
    const answer = submit(desk, cart, user);
    desk.carts.delete(user);
    return answer;
  }
  const [, id, empty] = /^cart\/(\w+)(\/empty)?$/.exec(path) ?? [];
  if (!id || request.method !== 'DELETE') return refuse(id ? 405 : 400, 'Requested URI does not represent any resource');
  if (empty && id !== cart.id) return refuse(404, 'No Record found');
  cart.items = empty ? [] : cart.items.filter((item) => item.id !== id);
  return { status: 204 };
}

function cartOf(desk: ServiceNowDesk, user: string): Cart {
  const cart = desk.carts.get(user) ?? { id: newId(), items: [] };
  desk.carts.set(user, cart);
  return cart;
}

function addTo(desk: ServiceNowDesk, cart: Cart, catItem: string, request: Request): Reply | undefined {
  const body = json(request);
  const quantity = String(body?.sysparm_quantity ?? '');
  if (!body || !/^[1-9]\d*$/.test(quantity)) return refuse(400, 'Invalid Request', 'sysparm_quantity is invalid');
  const asked = new Set(questions(desk, catItem).map((q) => q.name));
  const given = Object.entries((body.variables ?? {}) as Record<string, unknown>).filter(([name]) => asked.has(name));
  cart.items.push({
    id: newId(),
    catItem,
    quantity,
    variables: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
  });
  return undefined;
}

/** Creates the request, its items, and the rows with their variables. */
function submit(desk: ServiceNowDesk, cart: Cart, user: string): Reply {
  const made = desk.create('sc_request', { requested_for: user }, user);
  for (const { catItem, quantity, variables } of cart.items) {
    const name = desk.row('sc_cat_item', catItem)?.name ?? '';
    const item = desk.create(
      'sc_req_item',
      { request: made.sys_id, cat_item: catItem, quantity, short_description: name, stage: 'fulfillment' },
      user,
    );
    for (const question of questions(desk, catItem)) {
      const option = desk.create(
        'sc_item_option',
        { item_option_new: question.sys_id, value: variables[question.name ?? ''] ?? '' },
        user,
      );
      desk.create('sc_item_option_mtom', { request_item: item.sys_id, sc_item_option: option.sys_id }, user);
    }
    desk.create('sc_task', { request: made.sys_id, request_item: item.sys_id, short_description: name }, user);
  }
  const { sys_id, number = '' } = made;
  return ok({ sys_id, number, request_number: number, request_id: sys_id, parent_id: null, table: 'sc_request' });
}

/** The variables of a requested item, by name. */
export function variablesOf(desk: ServiceNowDesk, itemId: string): Record<string, string> {
  const { read } = desk.columns('sc_item_option_mtom');
  const rows = desk.rows('sc_item_option_mtom').filter((row) => row.request_item === itemId);
  return Object.fromEntries(
    rows.map((row) => [read(row, 'sc_item_option.item_option_new.name'), read(row, 'sc_item_option.value')]),
  );
}

function questions(desk: ServiceNowDesk, catItem: string): Row[] {
  return desk.rows('item_option_new').filter((row) => row.cat_item === catItem);
}

function shown(desk: ServiceNowDesk) {
  return ({ id, catItem, quantity, variables }: Cart['items'][number]) => ({
    cart_item_id: id,
    catalog_item_id: catItem,
    item_name: desk.row('sc_cat_item', catItem)?.name,
    quantity,
    variables,
  });
}

function newId(): string {
  return randomBytes(16).toString('hex');
}

function ok(result: unknown): Reply {
  return { status: 200, body: { result } };
}

function refuse(status: number, message?: string, detail?: string): Reply {
  return { status, body: errorBody(status, message, detail) };
}
