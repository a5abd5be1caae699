import { orderComparison } from './order-comparison.js';
import type { ServiceNowDesk } from './servicenow.js';
import { linesOf, placeOrder } from './servicenow-orders.js';
import type { Row } from './servicenow-query.js';
import { simulationState } from './simulation-actions.js';
import type { OrderDesk } from './tmf622.js';
import { itemsOf } from './tmf622-order.js';
import { nextStates } from './tmf622-states.js';

type Values = Record<string, string>;

const ORDERS = 'sn_ind_tmt_orm_order';
const LINES = 'sn_ind_tmt_orm_order_line_item';
const OFFERINGS = 'sn_prd_pm_product_offering';
/** Step delay in milliseconds: slow enough for a person to follow. */
const STEP_DELAY = 3_000;

/** The customer's orders for the page, newest first, each compared with what the vendors have of it. */
export function customerOrders(desk: ServiceNowDesk, vendors: OrderDesk[], most: number): unknown[] {
  const compared = orderComparison(desk, vendors);
  return newest(desk.rows(ORDERS), most).map((row) => ({ ...row, journal: desk.journal(row.sys_id), ...compared(row) }));
}

/** A vendor's desk for the page: orders, newest first, with the selectable states and the cancellation to decide. */
export function vendorOrders(desk: OrderDesk, most: number): unknown {
  // While a cancellation is requested, it must be decided first.
  const choices = (kind: 'order' | 'item', state: unknown) =>
    /Cancellation$/.test(String(state))
      ? []
      : nextStates(desk.version, kind, String(state)).filter((to) => !/Cancellation$/.test(to));
  return {
    name: desk.name,
    version: desk.version,
    auto: desk.autoAdvance !== undefined,
    ...simulationState(desk),
    orders: newest(desk.orders(), most).map((order) => ({
      ...order,
      unstoppable: desk.isPastPointOfNoReturn(String(order.id)),
      cancellation: desk.cancels.openTask(String(order.id)),
      word: desk.wordFor(String(order.state)),
      choices: choices('order', order.state),
      items: itemsOf(order).map((item) => ({
        ...item,
        word: desk.wordFor(String(item.state)),
        choices: choices('item', item.state),
      })),
    })),
  };
}

function newest<T>(list: T[], most: number): T[] {
  return list.slice(-most).reverse();
}

/**
 * Places an order for the customer; `lines` is JSON with offering, category and quantity of each line. Missing offerings are
 * created.
 */
export function placeCustomerOrder(desk: ServiceNowDesk, { lines = '[]', ...order }: Values): Row {
  const wanted = JSON.parse(lines) as Values[];
  if (wanted.length === 0) throw new Error('Select at least one offering.');
  return placeOrder(
    desk,
    order,
    wanted.map((line, index) => newLine(desk, index + 1, line)),
  ).order;
}

/** Adds a line with an offering, category and quantity to an order, under the next number. */
export function addOrderLine(desk: ServiceNowDesk, { id = '', ...wanted }: Values): Row {
  if (!desk.row(ORDERS, id)) throw new Error(`There is no order ${id}.`);
  const numbers = linesOf(desk, id).map((line) => Number(line.external_id) || 0);
  return desk.create(LINES, { ...newLine(desk, Math.max(0, ...numbers) + 1, wanted), order: id });
}

function newLine(desk: ServiceNowDesk, number: number, { offering = '', ...line }: Values): Record<string, string> {
  const known = desk.rows(OFFERINGS).find((row) => row.name === offering);
  const { sys_id } = known ?? desk.create(OFFERINGS, { name: offering });
  return { action: 'add', ...line, external_id: String(number), product_offering: sys_id };
}

/** Actions of a vendor's desk. */
export function vendorActions(desk: OrderDesk): Record<string, (values: Values) => unknown> {
  const about = ({ text = '', code, item }: Values) => ({ message: text, ...(code && { code }), ...(item && { items: [item] }) });
  return {
    create: (v) => desk.create(v),
    state: (v) => desk.setState(v.id ?? '', v.state ?? '', v.reason),
    itemState: (v) => desk.setItemState(v.id ?? '', v.item ?? '', v.state ?? '', v.reason),
    note: (v) => desk.addNote(v.id ?? '', v.text ?? ''),
    information: (v) => desk.requireInformation(v.id ?? '', v.text ?? '', v.path, v.item),
    milestone: (v) => desk.milestone(v.id ?? '', about(v)),
    jeopardy: (v) => desk.jeopardy(v.id ?? '', about(v)),
    error: (v) => desk.errorMessage(v.id ?? '', about(v)),
    pointOfNoReturn: (v) => desk.passPointOfNoReturn(v.id ?? ''),
    acceptCancellation: (v) => {
      desk.cancels.accept(v.id ?? '');
      return desk.cancels.finish(v.id ?? '');
    },
    refuseCancellation: (v) => desk.cancels.refuse(v.id ?? '', v.reason),
    auto: (v) => {
      desk.autoAdvance = v.on === 'true' ? STEP_DELAY : undefined;
    },
  };
}
