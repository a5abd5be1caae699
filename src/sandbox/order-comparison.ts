import type { ComparedLine, ComparedOrder, Price, VendorItem, Verdict } from './compared-order.js';
import type { ServiceNowDesk } from './servicenow.js';
import { linesOf } from './servicenow-orders.js';
import type { Row } from './servicenow-query.js';
import { entries, type TmfRecord } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { itemsOf, type Order } from './tmf622-order.js';
import { isFinal, rollUp } from './tmf622-states.js';

/*
 * An order as its manager sees it: what the customer's system says of each line beside what the vendors' own systems say. It is
 * read from the desks alone, so it also shows where whatever is between them is wrong.
 */

const LINES = 'sn_ind_tmt_orm_order_line_item';

/** A vendor's item with what identifies the line it was ordered for. */
interface Candidate {
  item: VendorItem;
  id: string;
  offering: { id?: unknown; name: string };
}

/** The customer's states that say the same as a vendor's; ServiceNow has none for failed and partial. */
const SAME: Record<string, string[]> = {
  acknowledged: ['new', 'submitted', 'acknowledged'],
  inProgress: ['in_progress', 'revision_in_progress'],
  'inProgress.accepted': ['in_progress', 'revision_in_progress'],
  pending: ['awaiting_information'],
  held: ['on_hold'],
  failed: ['on_hold'],
  partial: ['on_hold'],
  assessingCancellation: ['assessing_cancellation'],
  pendingCancellation: ['cancellation_in_progress'],
  cancelled: ['canceled'],
  completed: ['completed'],
  rejected: ['rejected'],
};
/** States of requested items (ServiceNow, sc_req_item.state). */
const REQUESTED: Record<string, string> = {
  '1': 'acknowledged',
  '2': 'inProgress',
  '-5': 'pending',
  '3': 'completed',
  '4': 'failed',
};

/** Compares orders of a customer with those of the vendors that have our reference to it. */
export function orderComparison(customer: ServiceNowDesk, vendors: OrderDesk[]): (order: Row) => ComparedOrder {
  const placed = vendors.flatMap((desk) => desk.orders().map((order) => ({ desk, order, stem: stemOf(referenceOf(order)) })));
  const requests = customer.rows('sc_request').map((row) => ({ row, stem: stemOf(row.correlation_id ?? '') }));
  return (order) => {
    const lines = linesOf(customer, order.sys_id);
    const numbers = [order, ...lines].map((row) => row.correlation_display ?? '').join(' ');
    const named = (number: unknown) => new RegExp(`(^|[^\\w-])${number}([^\\w-]|$)`).test(numbers);
    const stems = new Set(
      [...placed.filter((p) => named(p.order.id)), ...requests.filter((r) => named(r.row.number))].map((p) => p.stem),
    );
    stems.delete('');
    const candidates = [
      ...placed.filter((p) => stems.has(p.stem)).flatMap((p) => itemsAt(p.desk, p.order)),
      ...requests.filter((r) => stems.has(r.stem)).flatMap((r) => requestedItems(customer, r.row)),
    ];
    const { of, others } = assigned(lines, candidates, (line) => customer.displayed(LINES, line, 'product_offering'));
    /** A merged item stands for several lines, and has the quantity of all of them. */
    const sharing = (line: Row) => {
      const at = of.get(line) ?? [];
      const together = lines.filter((other) => other === line || of.get(other)?.some((item) => at.includes(item)));
      return together.reduce((sum, other) => sum + Number(other.quantity), 0);
    };
    return {
      items: lines.map((line) => compared(customer, order, line, of.get(line) ?? [], sharing(line))),
      additions: others.map(({ item }) => item),
    };
  };
}

function itemsAt(desk: OrderDesk, order: Order): Candidate[] {
  const task = desk.cancels.ofOrder(String(order.id));
  return itemsOf(order).map((item) => {
    const offering = (item.productOffering ?? {}) as TmfRecord;
    const name = String(offering.name ?? offering.id ?? '');
    const date = item.expectedCompletionDate ?? order.expectedCompletionDate;
    return {
      id: String(item.id),
      offering: { id: offering.id, name },
      item: {
        vendor: desk.name,
        order: String(order.id),
        item: String(item.id),
        name,
        quantity: Number(item.quantity ?? 1),
        state: String(item.state),
        word: desk.wordFor(String(item.state)),
        prices: entries(item.itemPrice).map(priceOf),
        ...(date !== undefined && { date: String(date) }),
        ...(date !== undefined && item.expectedCompletionDate === undefined && { wholeOrder: true as const }),
        ...(task && {
          cancellation: {
            state: task.state,
            ...(task.cancellationReason !== undefined && { reason: String(task.cancellationReason) }),
          },
        }),
      },
    };
  });
}

function requestedItems(customer: ServiceNowDesk, request: Row): Candidate[] {
  const cancelled = request.request_state === 'closed_cancelled';
  return customer
    .rows('sc_req_item')
    .filter((row) => row.request === request.sys_id)
    .map((row) => {
      const state = cancelled || row.state === '7' ? 'cancelled' : (REQUESTED[row.state ?? ''] ?? 'acknowledged');
      const [order, number, name] = [request.number ?? '', row.number ?? '', row.short_description ?? ''];
      const item = { vendor: 'Internal team', order, item: number, name, quantity: Number(row.quantity), state, word: state };
      return { id: row.correlation_id ?? '', offering: { name }, item: { ...item, prices: [] } };
    });
}

function priceOf({ priceType, price }: TmfRecord): Price {
  const { dutyFreeAmount, taxIncludedAmount } = (price ?? {}) as { [name: string]: TmfRecord | undefined };
  const amount = (money: TmfRecord) => `${Number(money.value).toFixed(2)} ${money.unit ?? ''}`.trim();
  return {
    kind: String(priceType ?? ''),
    ...(dutyFreeAmount && { net: amount(dutyFreeAmount) }),
    ...(taxIncludedAmount && { gross: amount(taxIncludedAmount) }),
  };
}

/**
 * The vendors' items of each line, by offering and, among lines of one offering, by number and then by order. A vendor that
 * merged or bundled lines has one item for several of them.
 */
function assigned(lines: Row[], candidates: Candidate[], nameOf: (line: Row) => string) {
  const of = new Map<Row, VendorItem[]>(lines.map((line) => [line, []]));
  const free = new Set(candidates);
  const give = (line: Row, candidate: Candidate) => {
    of.get(line)?.push(candidate.item);
    free.delete(candidate);
  };
  const isOf = (line: Row) => (c: Candidate) => c.offering.id === line.product_offering || c.offering.name === nameOf(line);
  for (const line of lines)
    for (const c of candidates) if (isOf(line)(c) && c.id === line.external_id && free.has(c)) give(line, c);
  for (const line of lines) {
    const same = lines.filter((other) => other.product_offering === line.product_offering);
    const left = [...free].filter(isOf(line));
    const without = same.filter((other) => of.get(other)?.length === 0);
    if (same.length === 1) for (const c of left) give(line, c);
    else if (without.includes(line) && left[0]) give(line, left[0]);
  }
  for (const line of lines) {
    const shared = candidates.find((c) => isOf(line)(c) || c.offering.name.includes(nameOf(line)));
    if (shared && of.get(line)?.length === 0) give(line, shared);
  }
  return { of, others: [...free] };
}

function compared(customer: ServiceNowDesk, order: Row, line: Row, at: VendorItem[], expected: number): ComparedLine {
  const state = line.state ?? '';
  const name = customer.displayed(LINES, line, 'product_offering');
  const currency = line.currency || order.order_currency || '';
  const price = (kind: string, value: string | undefined): Price[] =>
    value ? [{ kind, net: `${Number(value).toFixed(2)} ${currency}`.trim() }] : [];
  return {
    id: line.sys_id,
    line: line.external_id || line.number || '',
    name,
    quantity: Number(line.quantity),
    state,
    number: line.correlation_display ?? '',
    prices: [...price('oneTime', line.nrc), ...price('recurring', line.mrc)],
    date: line.expected_end_date ?? '',
    at,
    ...judged(state, name, expected, at),
  };
}

function judged(state: string, name: string, expected: number, at: VendorItem[]): { verdict: Verdict; why: string } {
  const over = ['canceled', 'rejected'].includes(state);
  if (at.length === 0) {
    if (over) return { verdict: 'same', why: '' };
    return state === 'completed' ? { verdict: 'different', why: 'never ordered' } : { verdict: 'open', why: 'not ordered yet' };
  }
  const states = at.map((item) => item.state);
  const theirs = rollUp(states) ?? 'acknowledged';
  // Of what is in parts, some ended and none begun, either may be said.
  const begun = states.some((one) => one !== 'acknowledged' && !isFinal(one));
  const said = theirs === 'inProgress' && !begun ? [theirs, 'acknowledged'] : [theirs];
  if (!said.some((one) => SAME[one]?.includes(state))) {
    const cancelling = over && !isFinal(theirs) && at.some(({ cancellation }) => isUnderWay(cancellation?.state));
    return cancelling ? { verdict: 'open', why: 'being cancelled' } : { verdict: 'different', why: 'state' };
  }
  const kept = at.filter((item) => item.state !== 'cancelled');
  const ordered = kept.reduce((sum, item) => sum + item.quantity, 0);
  // What the vendor calls otherwise, it counts otherwise, too.
  const counted = kept.length > 0 && kept.every((item) => item.name === name);
  return counted && ordered !== expected ? { verdict: 'different', why: 'quantity' } : { verdict: 'same', why: '' };
}

function isUnderWay(task: string | undefined): boolean {
  return task === 'acknowledged' || task === 'inProgress';
}

/** Our reference in a vendor's order: a text, or the first of a list. */
function referenceOf({ externalId }: Order): string {
  return String(entries(externalId)[0]?.id ?? externalId ?? '');
}

/** A reference without the part of it that names a vendor's share of the order. */
function stemOf(reference: string): string {
  return reference.split('/')[0] ?? '';
}
