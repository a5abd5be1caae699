import { randomUUID } from 'node:crypto';
import { FakePartner } from './fake-partner.js';
import { type Dialect, shownOrder, shownTask } from './vendor-answers.js';
import {
  type CancelTask,
  isFinal,
  note,
  type Quirks,
  type RefusedCreate,
  randomQuirks,
  stateOf,
  type VendorItem,
  type VendorOrder,
  type VendorState,
} from './vendor-orders.js';

/** How long after its answer an order that was only accepted exists, at most. Milliseconds. */
const LATE = 1_200;

/** A vendor's desk: its orders and what its people do with them. What they write is found in `words`, each text with a mark. */
export abstract class FakeVendor extends FakePartner {
  readonly orders: VendorOrder[] = [];
  readonly refusedCreates: RefusedCreate[] = [];
  protected readonly hubs = new Map<string, string>();
  /** Texts that the customer has to see, by the mark of the order. */
  readonly words: { mark: string; about: string; text: string }[] = [];
  /** Quirks that are not used. */
  off: ReadonlySet<string> = new Set();
  /** Whether events arrive as the standard promises, each once and in order. */
  calm = false;
  /** How it handles the next orders, instead of at random. */
  quirks?: Partial<Quirks>;
  private last = 700;
  private marks = 0;

  constructor(
    random: () => number,
    readonly name: string,
    readonly dialect: Dialect,
  ) {
    super(random);
  }

  get hubCount(): number {
    return this.hubs.size;
  }

  open(): VendorOrder[] {
    return this.orders.filter((order) => order.visibleFrom <= Date.now() && !isFinal(stateOf(order)));
  }

  /** A text that is recognised wherever it turns up: one that it repeats about an order has the same mark. */
  protected say(mark: string, about: string, text: string): string {
    const known = this.words.find((one) => one.mark === mark && one.about === about && one.text.startsWith(`${text} [[`));
    if (known) return known.text;
    const words = `${text} [[${this.name}-${++this.marks}]]`;
    this.words.push({ mark, about, text: words });
    return words;
  }

  protected newQuirks(): Quirks {
    return { ...randomQuirks(this.random, this.off), ...this.quirks };
  }

  protected nextId(): string {
    return `${this.name.slice(0, 2).toUpperCase()}-${++this.last}`;
  }

  protected itemId(order: VendorOrder, sent: string): string {
    const { ids } = order.quirks;
    return ids === 'kept' ? sent : ids === 'uuids' ? randomUUID() : String(9_000 + ++this.last);
  }

  // Actions of its people.

  /** One thing that somebody does with one of the open orders. */
  work(): void {
    const open = this.open();
    const order = open[Math.floor(this.random() * open.length)];
    if (!order) return;
    const asked = order.tasks.find(({ state }) => state === 'acknowledged');
    if (asked && order.quirks.cancels !== 'ignores' && this.random() < 0.4) {
      this.decide(order, asked);
      return;
    }
    const [item] = this.openItems(order).sort(() => this.random() - 0.5);
    if (!item) return;
    const kind = this.random();
    if (kind < 0.45) this.move(order, item, item.state === 'acknowledged' ? 'inProgress' : 'completed');
    else if (kind < 0.55) this.move(order, item, 'held');
    else if (kind < 0.62) this.move(order, item, 'pending');
    else if (kind < 0.68) this.fail(order, item);
    else if (kind < 0.8) {
      order.expected = new Date(Date.UTC(2027, 0, 1 + Math.floor(this.random() * 300))).toISOString();
      this.publish('ProductOrderAttributeValueChangeEvent', order);
    } else if (kind < 0.9) {
      order.notes.push(note(this.say(order.mark, order.id, `We are on it (${order.notes.length})`), this.now));
      this.publish('ProductOrderAttributeValueChangeEvent', order);
    } else if (kind < 0.95 && order.quirks.ids === 'kept' && !order.quirks.splits) this.requantify(order, item);
    else this.reprice(order, item);
  }

  private requantify(order: VendorOrder, item: VendorItem): void {
    item.quantity++;
    item.requantified = true;
    this.publish('ProductOrderAttributeValueChangeEvent', order);
  }

  private reprice(order: VendorOrder, item: VendorItem): void {
    item.price = 1 + Math.floor(this.random() * 500);
    this.publish('ProductOrderAttributeValueChangeEvent', order);
  }

  protected openItems(order: VendorOrder): VendorItem[] {
    return order.items.filter((item) => item.ours !== undefined && !item.removed && !isFinal(item.state));
  }

  private move(order: VendorOrder, item: VendorItem, state: VendorState): void {
    item.state = state;
    this.publish('ProductOrderStateChangeEvent', order);
  }

  /** ServiceNow has no item that failed: the whole order is rejected. */
  private fail(order: VendorOrder, item: VendorItem): void {
    order.notes.push(note(this.say(order.mark, order.id, `It did not work (${order.notes.length})`), this.now));
    if (this.dialect === 'servicenow') for (const one of this.openItems(order)) one.state = 'rejected';
    else item.state = 'failed';
    order.failedAt ??= Date.now();
    this.publish('ProductOrderStateChangeEvent', order);
  }

  /** Decides about a cancellation that it was asked for before. */
  private decide(order: VendorOrder, task: CancelTask): void {
    const asked = order.asked.find(({ became, item }) => became === 'open' && item === undefined);
    delete order.assessed;
    const refuses = order.quirks.cancels === 'refusesLater' || this.openItems(order).length === 0;
    task.state = refuses ? 'refused' : 'done';
    if (refuses) task.words = this.say(order.mark, order.id, 'It is on its way already');
    // Its tasks cannot be read.
    if (task.words && this.dialect === 'servicenow') order.notes.push(note(task.words, this.now));
    else this.cancelOpen(order);
    if (asked) Object.assign(asked, { became: refuses ? 'refused' : 'done', ...(task.words && { words: task.words }) });
    this.publish('CancelProductOrderStateChangeEvent', order, task);
    this.publish('ProductOrderStateChangeEvent', order);
  }

  protected cancelOpen(order: VendorOrder): void {
    for (const item of this.openItems(order)) item.state = 'cancelled';
  }

  /** Ends its day: what is to be decided is decided, and most orders are completed. */
  finish(): void {
    for (const order of this.open()) {
      const asked = order.tasks.find(({ state }) => state === 'acknowledged');
      if (asked && order.quirks.cancels !== 'ignores') this.decide(order, asked);
      for (const item of this.openItems(order)) if (this.random() < 0.75) item.state = 'completed';
      this.publish('ProductOrderStateChangeEvent', order);
    }
  }

  /** Makes an order exist; returns whether it is there already. */
  protected register(order: VendorOrder): boolean {
    const { quirks } = order;
    if (quirks.fee) {
      const next = Math.max(...order.items.map(({ ours }) => Number(ours))) + 1;
      const fee = { fields: { action: 'add' }, quantity: 1, offering: `Fee ${order.id}`, state: 'acknowledged' as const };
      order.items.push({ ...fee, id: quirks.fee === 'next' ? String(next) : `fee-${order.id}`, orderedAt: Date.now() });
      this.words.push({ mark: order.mark, about: order.id, text: fee.offering });
    }
    const [first] = order.items;
    if (quirks.splits && first && first.quantity > 1) {
      order.items.push({ ...first, id: `${first.id}-b`, quantity: first.quantity - 1 });
      Object.assign(first, { id: `${first.id}-a`, quantity: 1 });
    }
    if (quirks.completes) for (const item of order.items) item.state = 'completed';
    this.orders.push(order);
    if (!quirks.accepts) {
      this.publish('ProductOrderCreateEvent', order);
      if (quirks.further) this.makeFurther(order);
      return true;
    }
    const wait = LATE * this.random();
    order.visibleFrom = Date.now() + wait;
    setTimeout(() => {
      this.publish('ProductOrderCreateEvent', order);
      if (quirks.further) this.makeFurther(order);
    }, wait + 20);
    return false;
  }

  /** A back order of one item, for example. */
  private makeFurther(order: VendorOrder): void {
    const [first] = order.items;
    if (!first) return;
    const items = [{ ...first, id: `${first.id}-rest`, quantity: 1 }];
    const quirks: Quirks = { ids: 'kept', cancels: 'atOnce', cancelsItems: 'atOnce' };
    const own = { notes: [], asked: [], refusedChanges: [], tasks: [], items, quirks };
    const further: VendorOrder = { ...order, ...own, id: this.nextId(), furtherOf: order.id };
    this.words.push({ mark: order.mark, about: further.id, text: `has made a further order of it, ${further.id}` });
    this.orders.push(further);
    this.publish('ProductOrderCreateEvent', further);
  }

  // Events.

  protected shown(order: VendorOrder): Record<string, unknown> {
    return shownOrder(order, this.dialect, this.root);
  }

  /** Sends an event to all hubs; while it is not calm, some are lost, sent twice or late. */
  protected publish(eventType: string, order: VendorOrder, task?: CancelTask): void {
    const content = task ? { cancelProductOrder: shownTask(order, task, this.dialect) } : { productOrder: this.shown(order) };
    const event = {
      ...(this.dialect === 'v5' && { '@type': eventType }),
      ...{ eventId: randomUUID(), eventTime: new Date(this.now).toISOString(), eventType },
      event: structuredClone(content),
    };
    const path = `/listener/${eventType[0]!.toLowerCase()}${eventType.slice(1)}`;
    const kind = this.calm ? 1 : this.random();
    if (kind < 0.08) return;
    for (const callback of this.hubs.values()) {
      const late = kind > 0.8 && kind < 1 ? pauseFor(this.random() * LATE) : undefined;
      for (let times = kind < 0.18 ? 2 : 1; times > 0; times--) void this.notify(`${callback}${path}`, {}, event, late);
    }
  }
}

const pauseFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
