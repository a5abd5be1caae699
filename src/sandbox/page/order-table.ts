import { act, type ComparedLine, type CustomerOrder, type Price, type VendorItem } from './backend.js';
import { field, h, select, valuesOf } from './dom.js';
import { stateChip } from './state-chip.js';
import { day, toLabel } from './text.js';

const ORDERS = 'sn_ind_tmt_orm_order';
const LINES = 'sn_ind_tmt_orm_order_line_item';
const UPDATE = 'servicenow/update';

/** Equipment for a new employee, with the categories by which the second example splits an order. */
export const OFFERINGS: [offering: string, category: string][] = [
  ['Phone 15', 'device'],
  ['SIM 5G', 'connectivity'],
  ['Cover 15', 'device'],
  ['Delivery', 'logistics'],
  ['Laptop', 'workplace'],
];
export const QUANTITIES = Array.from({ length: 9 }, (_, index): [string, string] => [String(index + 1), String(index + 1)]);

const DONE = new Set(['canceled', 'completed', 'rejected']);
const MARKS = { same: ['✓', 'The customer’s state and the vendor’s agree'], open: ['…', ''], different: ['≠', ''] } as const;
const HEADS = [
  'Line',
  'Item',
  'Qty',
  'Vendor and its order',
  'At the customer',
  '',
  'At the vendor',
  'Price',
  'Date',
  'Cancellation',
];

export const isOver = (state: unknown) => DONE.has(String(state));

/** Runs an action without its own form; an error is shown in the detail pane. */
export function run(path: string, values: Record<string, string>, at: EventTarget | null): void {
  act(path, values).catch((problem: Error) =>
    (at as HTMLElement).closest('.detail')?.append(h('p', { class: 'error', role: 'alert' }, problem.message)),
  );
}

/** `label`: what the button does, where its text does not say to what. */
export const button = (text: string, path: string, values: Record<string, string>, label?: string) =>
  h('button', { type: 'button', 'aria-label': label, onclick: (event) => run(path, values, event.target) }, text);

/** The order manager's table: what the customer’s system says of each item beside what the vendors’ systems say. */
export function orderTable(order: CustomerOrder): HTMLElement[] {
  const open = !isOver(order.state);
  const heads = HEADS.map((head) => h('th', { scope: 'col' }, head || h('span', { class: 'unseen' }, 'Agreement')));
  return [
    h('div', { class: 'row verdict' }, verdict(order), h('span', { class: 'grow' }), open && cancelOrder(order)),
    h(
      'div',
      { class: 'wide', tabindex: '0', role: 'region', 'aria-label': 'Items of the order' },
      h(
        'table',
        { class: 'manager' },
        h('caption', { class: 'unseen' }, 'Items of the order, as the customer and the vendors see them'),
        h('thead', {}, h('tr', {}, ...heads)),
        h('tbody', {}, ...order.items.map((line) => lineRow(line, open))),
        order.additions.length > 0 && additions(order.additions),
      ),
    ),
    ...(open ? [lineForm(order.sys_id)] : []),
  ];
}

/** Says at a glance whether every item is right. */
function verdict({ items }: CustomerOrder): HTMLElement {
  const count = (wanted: string) => items.filter((line) => line.verdict === wanted).length;
  const [different, open] = [count('different'), count('open')];
  const of = (number: number) => `${number} of ${items.length} ${items.length === 1 ? 'item' : 'items'}`;
  if (different > 0) return h('p', { class: 'pill different' }, `≠ ${of(different)} ${different === 1 ? 'differs' : 'differ'}`);
  if (open > 0) return h('p', { class: 'pill open' }, `… ${of(open)} under way, all others agree`);
  return h('p', { class: 'pill same' }, items.length === 1 ? '✓ The item agrees' : `✓ All ${items.length} items agree`);
}

const cancelOrder = ({ sys_id: id }: CustomerOrder) => button('Cancel order', UPDATE, { table: ORDERS, id, state: 'canceled' });

function lineRow(line: ComparedLine, open: boolean): HTMLElement {
  const changes = open && !isOver(line.state);
  const [mark, meaning] = MARKS[line.verdict];
  const cancel = () =>
    button('Cancel', UPDATE, { table: LINES, id: line.id, state: 'canceled' }, `Cancel line ${line.line}, ${line.name}`);
  return h(
    'tr',
    { class: line.verdict },
    h('th', { scope: 'row' }, line.line),
    h('td', { class: 'name' }, line.name),
    h('td', {}, changes ? quantityField(line) : String(line.quantity), ...otherQuantities(line)),
    h('td', {}, ...parts(line.at, (item) => [item.vendor, h('small', {}, orderNumber(item))])),
    h('td', {}, stateChip(line.state)),
    h('td', { class: 'mark' }, h('span', { 'aria-hidden': 'true' }, mark), h('span', { class: 'unseen' }, line.why || meaning)),
    h('td', {}, ...parts(line.at, (item) => [stateChip(item.state, item.word)]), line.at.length === 0 && quiet(line.why)),
    h('td', {}, ...prices('customer', line.prices), ...parts(line.at, (item) => prices('vendor', item.prices))),
    h('td', {}, ...dates(line)),
    h('td', {}, ...distinct(line.at.map(cancellationOf)).map((text) => h('p', {}, text)), changes && cancel()),
  );
}

/** What the vendors added of their own: each as that vendor’s, not as an item of the customer’s. */
function additions(items: VendorItem[]): HTMLElement {
  return h(
    'tbody',
    { class: 'additions' },
    h('tr', {}, h('th', { scope: 'rowgroup', colspan: String(HEADS.length) }, 'Added by vendors, not ordered')),
    ...items.map((item) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, h('span', { class: 'unseen' }, 'none')),
        h('td', { class: 'name' }, item.name),
        h('td', {}, String(item.quantity)),
        h('td', {}, item.vendor, h('small', {}, orderNumber(item))),
        h('td', {}, '–'),
        h('td', {}),
        h('td', {}, stateChip(item.state, item.word)),
        h('td', {}, ...prices('vendor', item.prices)),
        h('td', {}, day(item.date)),
        h('td', {}, cancellationOf(item)),
      ),
    ),
  );
}

/** Several items at vendors, for example of one that was split, one below the other. */
function parts(items: VendorItem[], show: (item: VendorItem) => (Node | string)[]): HTMLElement[] {
  return items.map((item) => h('div', { class: 'part' }, ...show(item)));
}

/** Items of vendors have ids of their own; long ones are shortened. */
function orderNumber({ order, item }: VendorItem): string {
  return `${order} · item\u00a0${item.length > 8 ? `${item.slice(0, 8)}…` : item}`;
}

function quantityField(line: ComparedLine): HTMLElement {
  const known = QUANTITIES.some(([value]) => value === String(line.quantity));
  const choices: [string, string][] = known ? QUANTITIES : [...QUANTITIES, [String(line.quantity), String(line.quantity)]];
  const list = select('quantity', choices, String(line.quantity));
  list.setAttribute('aria-label', `Quantity of line ${line.line}`);
  list.addEventListener('change', () => run(UPDATE, { table: LINES, id: line.id, quantity: list.value }, list));
  return list;
}

/** The vendors’ quantities, where they are other than the customer’s. */
function otherQuantities({ quantity, at, why }: ComparedLine): HTMLElement[] {
  const theirs = at.map((item) => item.quantity);
  return theirs.length === 0 || (theirs.length === 1 && theirs[0] === quantity)
    ? []
    : [h('small', { class: why === 'quantity' ? 'error' : undefined }, `vendor: ${theirs.join(' + ')}`)];
}

function prices(whose: string, list: Price[]): HTMLElement[] {
  return list.map(({ kind, net, gross }) =>
    h(
      'div',
      { class: 'part' },
      ...[net && `${net} net`, gross && `${gross} gross`]
        .filter(Boolean)
        .map((text) => h('div', { class: 'amount' }, String(text))),
      h('small', {}, `${toLabel(kind).toLowerCase()}, ${whose}`),
    ),
  );
}

/** The customer's date and the vendors' dates, each with whose it is; one that they agree on is shown once. */
function dates({ date, at }: ComparedLine): HTMLElement[] {
  const whose = new Map<string, Set<string>>();
  const add = (when: string | undefined, who: string) => {
    if (when) whose.set(day(when), (whose.get(day(when)) ?? new Set()).add(who));
  };
  add(date, 'customer');
  for (const item of at) add(item.date, item.wholeOrder ? 'vendor’s whole order' : 'vendor');
  return [...whose].map(([when, who]) => h('div', { class: 'part' }, when, h('small', {}, [...who].join(', '))));
}

const quiet = (words: string) => h('span', { class: 'quiet' }, toLabel(words));

const WORDS: Record<string, string> = {
  acknowledged: 'Requested',
  inProgress: 'Accepted',
  done: 'Confirmed, not carried out',
  rejected: 'Refused',
  terminatedWithError: 'Refused',
};
const FINAL = new Set(['completed', 'failed', 'rejected', 'partial']);

/** How a cancellation of the item, or of the vendor's whole order, stands. */
function cancellationOf({ cancellation, state }: VendorItem): string {
  if (state === 'cancelled') return 'Cancelled';
  return cancellation && !FINAL.has(state) ? (WORDS[cancellation.state] ?? toLabel(cancellation.state)) : '';
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts.filter(Boolean))];
}

/** The form that adds a line to the order. */
function lineForm(id: string): HTMLElement {
  const submit = (event: Event) => {
    event.preventDefault();
    const { offering = '', quantity = '' } = valuesOf(event.target as HTMLFormElement);
    const category = OFFERINGS.find(([name]) => name === offering)?.[1] ?? '';
    run('servicenow/addLine', { id, offering, category, quantity }, event.target);
  };
  const names = OFFERINGS.map(([name]): [string, string] => [name, name]);
  return h(
    'form',
    { onsubmit: submit, 'data-form': 'line', class: 'row' },
    field('Another item', kept(select('offering', names), `offering-${id}`)),
    field('Quantity', kept(select('quantity', QUANTITIES), `quantity-${id}`)),
    h('button', { type: 'submit' }, 'Add line'),
  );
}

/** Keeps a choice while the desk is redrawn. */
function kept(control: HTMLElement, key: string): HTMLElement {
  control.setAttribute('data-keep', key);
  return control;
}
