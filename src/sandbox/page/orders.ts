import { act, type CustomerOrder, type State, type Vendor, type VendorOrder } from './backend.js';
import { Desk, type TicketView } from './desk.js';
import { field, h, select } from './dom.js';
import { button, OFFERINGS, orderTable, QUANTITIES, run } from './order-table.js';
import { canonical, stateChip } from './state-chip.js';
import { day, list, type Part, text, time, toLabel } from './text.js';

const ORDERS = 'sn_ind_tmt_orm_order';
const AMOUNTS = [['0', 'none'] as [string, string], ...QUANTITIES];
/** What a new employee gets unless somebody chooses otherwise: the team's laptop is the exception. */
const usual = (category: string) => (category === 'workplace' ? '0' : '1');

function table(title: string, heads: string[], rows: (Node | string)[][]): HTMLElement[] {
  const cells = (tag: string, row: (Node | string)[]) => h('tr', {}, ...row.map((cell) => h(tag, {}, cell)));
  return [
    h('h4', {}, title),
    h('table', {}, h('thead', {}, cells('th', heads)), h('tbody', {}, ...rows.map((r) => cells('td', r)))),
  ];
}

const customer = new Desk({
  section: 'orders',
  title: () => 'Customer',
  subtitle: () => 'ServiceNow, orders',
  actions: () => 'servicenow',
  noun: 'order',
  hint: 'Place an order and follow its progress.',
  open: {
    verb: 'Place',
    action: 'placeOrder',
    fields: () => [
      field('Short description', h('input', { name: 'short_description', required: true, maxlength: '160' })),
      h('div', { class: 'pairs' }, ...OFFERINGS.map(([name, category]) => field(name, select(name, AMOUNTS, usual(category))))),
    ],
    values: ({ short_description = '', ...quantities }) => ({
      short_description,
      order_currency: 'EUR',
      lines: JSON.stringify(
        OFFERINGS.filter(([offering]) => quantities[offering] !== '0').map(([offering, category]) => ({
          offering,
          category,
          quantity: quantities[offering],
        })),
      ),
    }),
  },
  changeState: (id, state) => ({ action: 'update', values: { table: ORDERS, id, state } }),
  commentActions: [
    ['comment', 'Comment'],
    ['workNote', 'Work note (internal)'],
  ],
  table: ORDERS,
});

function customerOrderView(row: CustomerOrder): TicketView {
  return {
    id: row.sys_id,
    number: text(row.number),
    title: text(row.short_description),
    description: text(row.description),
    state: canonical(row.state),
    stateLabel: toLabel(row.state),
    states: [],
    facts: [
      ['Vendors', text(row.correlation_display)],
      ['Requested by', day(row.requested_end_date)],
      ['Expected', day(row.expected_end_date)],
      ['Changed', `${time(row.sys_updated_on)} by ${text(row.sys_updated_by)}`],
    ],
    more: orderTable(row),
    entries: row.journal.map((j) => ({
      who: text(j.sys_created_by),
      when: time(j.sys_created_on),
      text: text(j.value),
      internal: j.element === 'work_notes',
    })),
  };
}

/** The vendor that runs ServiceNow. */
const SERVICENOW = 'orderssn';
let vendors: Record<string, Vendor> = {};

const vendor = (section: string) =>
  new Desk({
    section,
    title: () => vendors[section]?.name ?? section,
    subtitle: () =>
      section === SERVICENOW ? 'ServiceNow, its own TMF622' : `TM Forum TMF622 ${vendors[section]?.version}, product orders`,
    actions: () => section,
    noun: 'order',
    hint:
      section === SERVICENOW
        ? 'The example does not order here. Use the path /orderssn in an endpoint with the profile ServiceNow.'
        : 'Orders sent to this vendor appear here.',
    changeState: (id, state, reason) => ({ action: 'state', values: { id, state, ...(reason && { reason }) } }),
    commentActions: [
      ['note', 'Comment'],
      ['information', 'Request information'],
      ['jeopardy', 'Jeopardy'],
      ['milestone', 'Milestone'],
      ['error', 'Error'],
    ],
    extra: () => {
      const on = vendors[section]?.auto ?? false;
      const box = h('input', { type: 'checkbox', checked: on, onchange: () => void act(`${section}/auto`, { on: String(!on) }) });
      return h('label', { class: 'switch' }, box, 'Auto-advance');
    },
  });

function vendorOrderView(section: string, order: VendorOrder): TicketView {
  const { id, cancellation } = order;
  const items = order.items.map((item) => {
    const steps = select('state', [['', 'change…'], ...item.choices.map((s): [string, string] => [s, toLabel(s)])], '');
    steps.setAttribute('aria-label', `State of item ${item.id}`);
    steps.addEventListener('change', () => run(`${section}/itemState`, { id, item: item.id, state: steps.value }, steps));
    const offering = item.productOffering as Part | undefined;
    return [
      item.id,
      text(offering?.name ?? offering?.id),
      text(item.quantity ?? 1),
      stateChip(item.state, item.word),
      item.choices.length > 0 ? steps : '',
    ];
  });
  const request = cancellation && [
    h(
      'div',
      { class: 'entry asked', 'data-form': 'cancellation' },
      h('p', {}, `The customer requests cancellation: ${text(cancellation.cancellationReason) || 'no reason given'}`),
      h(
        'div',
        { class: 'row' },
        button('Accept', `${section}/acceptCancellation`, { id: cancellation.id }),
        button('Refuse', `${section}/refuseCancellation`, { id: cancellation.id }),
      ),
    ),
  ];
  const reports = ['productOrderErrorMessage', 'productOrderJeopardyAlert', 'productOrderMilestone'];
  const notes = [...list(order.note), ...order.items.flatMap((item) => list(item.note))];
  const reference = text(list(order.externalId)[0]?.id ?? order.externalId);
  return {
    id,
    number: id,
    title:
      text(order.description) || order.items.map((item) => text((item.productOffering as Part | undefined)?.name)).join(', '),
    description: '',
    state: text(order.state),
    stateLabel: toLabel(order.word),
    states: order.choices.map((s) => [s, toLabel(s)]),
    partner: reference,
    facts: [
      ['External ID', reference],
      ['Expected', day(order.expectedCompletionDate)],
      ['Cancelled', text(order.cancellationReason)],
      ['Point of no return', order.unstoppable ? 'passed' : ''],
    ],
    more: [
      ...(request ?? []),
      ...table('Items', ['', 'Offering', 'Qty', 'State', ''], items),
      h(
        'div',
        { class: 'row' },
        order.choices.length > 0 && !order.unstoppable && button('Pass point of no return', `${section}/pointOfNoReturn`, { id }),
      ),
    ],
    entries: [
      ...notes.map((n) => ({ who: text(n.author), when: time(n.date), text: text(n.text), internal: false })),
      ...reports.flatMap((name) =>
        list(order[name]).map((report) => ({
          who: toLabel(name.replace('productOrder', '')),
          when: time(report.timestamp ?? report.alertDate ?? report.milestoneDate),
          text: text(report.message),
          internal: false,
        })),
      ),
    ],
  };
}

const desks = Object.fromEntries(['orders5', 'orders4', SERVICENOW].map((section) => [section, vendor(section)]));

/** The orders view: the customer's orders as their manager sees them, and the part of each vendor. */
export function showOrders(now: State): void {
  vendors = now.vendors;
  customer.show(now.customer.orders.map(customerOrderView), now.customer);
  for (const [section, desk] of Object.entries(desks)) {
    const at = vendors[section];
    if (!at) continue;
    desk.show(
      at.orders.map((order) => vendorOrderView(section, order)),
      at,
    );
  }
}
