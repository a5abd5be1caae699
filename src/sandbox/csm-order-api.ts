import { json, type Reply, type Request } from './exchange.js';
import type { ServiceNowDesk } from './servicenow.js';
import { errorBody } from './servicenow-errors.js';
import { characteristicsOf, linesOf, type NewLine, placeOrder } from './servicenow-orders.js';
import type { Row } from './servicenow-query.js';

const ROOT = '/api/sn_ind_tmt_orm/order';
const FAMILY = 'sn_csm_om';

/** CSM Order API (ServiceNow, Order API): orders in the CSM tables, although its path is that of telecom. */
export function csmOrderApi(desk: ServiceNowDesk, request: Request, user: string): Reply {
  if (request.path === ROOT) return request.method === 'POST' ? create(desk, request, user) : refuse(405);
  const id = request.path.startsWith(`${ROOT}/`) ? request.path.slice(ROOT.length + 1) : '';
  if (request.method !== 'GET') return refuse(405);
  const row = desk.rows(`${FAMILY}_order`).find((order) => order.sys_id === id || order.number === id);
  return row ? { status: 200, body: { result: shown(desk, row) } } : refuse(404);
}

function create(desk: ServiceNowDesk, request: Request, user: string): Reply {
  const body = json(request);
  const given = body?.order_line_items;
  if (!body || !Array.isArray(given) || given.length === 0) return refuse(400, 'order_line_items is mandatory');
  const { order_line_items: _lines, ...order } = body;
  const lines = (given as Record<string, unknown>[]).map(({ order_line_characteristics: list, ...columns }) => ({
    ...columns,
    characteristics: Object.fromEntries(
      ((list ?? []) as Record<string, unknown>[]).map((c) => [
        String(c.characteristic),
        String(c.value ?? c.characteristic_option),
      ]),
    ),
  }));
  const placed = placeOrder(desk, order as Record<string, string>, lines as NewLine[], user, FAMILY);
  return { status: 201, body: { result: shown(desk, placed.order) } };
}

function shown(desk: ServiceNowDesk, order: Row): Record<string, unknown> {
  return {
    ...order,
    order_id: order.number,
    order_line_items: linesOf(desk, order.sys_id, FAMILY).map((line) => ({
      ...line,
      order_line_id: line.number,
      order: order.number,
      order_line_characteristics: Object.entries(characteristicsOf(desk, line.sys_id, FAMILY)).map(([characteristic, value]) => ({
        characteristic,
        value,
      })),
    })),
  };
}

function refuse(status: number, message?: string): Reply {
  return { status, body: errorBody(status, message) };
}
