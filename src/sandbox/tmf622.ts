import { randomUUID } from 'node:crypto';
import { Behaviours } from './behaviours.js';
import type { LoggedRequest } from './exchange.js';
import { Faults } from './faults.js';
import type { TokenEndpoint } from './oauth.js';
import { EventSender } from './tmf-hub.js';
import { entries, type TmfRecord, typed, type Version } from './tmf-record.js';
import { Autopilot } from './tmf622-autopilot.js';
import { CancelTasks } from './tmf622-cancel.js';
import { changeEvent, deleteEvent, informationRequired, type OrderEvent } from './tmf622-events.js';
import { itemsOf, type Order } from './tmf622-order.js';
import { type RejectedItem, type Rejection, rejectItems } from './tmf622-rejections.js';
import { type ReportDetails, type ReportType, reportOf, reportText } from './tmf622-reports.js';
import { isFinal, rollUp, type StateKind, transitionPath } from './tmf622-states.js';
import { inOwnWords, OWN_WORDS, type StateWords } from './tmf622-words.js';

/** Order states in which the items may be amended. */
const AMENDABLE: ReadonlySet<string> = new Set(['draft', 'acknowledged', 'inProgress', 'inProgress.accepted', 'pending', 'held']);

/** How a vendor treats a request; its behaviours change that for the duration of one. */
export interface Treatment {
  /** Milliseconds after which a new order is created; undefined = at once. */
  queueFor: number | undefined;
  /** State of a new order and its items. */
  initialState: 'acknowledged' | 'completed';
  amendableIn: ReadonlySet<string>;
}

const FAILED_STATES = new Set(['rejected', 'failed']);
const CANCELLATION_STATES = new Set(['assessingCancellation', 'pendingCancellation']);

/** A vendor's TMF622 desk, in memory. Its methods are the actions of the vendor, called by the page and by tests. */
export class OrderDesk {
  readonly requests: LoggedRequest[] = [];
  readonly faults = new Faults();
  readonly behaviours = new Behaviours(true);
  readonly events: EventSender;
  readonly cancels: CancelTasks;
  /** How a PATCH treats lists: merge patch replaces them (RFC 7396), some vendors add notes and change items by their id. */
  listMode: 'replace' | 'append' = 'replace';
  /** By id of the offering. */
  readonly rejections = new Map<string, Rejection>();
  /** v4: strictly by the definition, every PATCH must contain the items. */
  patchRequiresItems = false;
  /** Sends `lastUpdate`, so that clients can filter by it: not in the standard, but common among providers. */
  sendsLastUpdate = false;
  private readonly list = new Map<string, Order>();
  private readonly queue = new Map<string, Order>();
  private readonly pastPointOfNoReturn = new Set<string>();
  private readonly autopilot: Autopilot;
  private treatment: Treatment = { queueFor: undefined, initialState: 'acknowledged', amendableIn: AMENDABLE };
  /** The words of the vendor's API for states, where they are not those of the standard. */
  words: StateWords = {};
  /** Added to all order numbers. */
  numberOffset = 0;
  private next: number;

  constructor(
    readonly version: Version,
    readonly name: string,
    readonly client: { id: string; secret: string },
    readonly tokens: TokenEndpoint,
    readonly baseUrl: () => string,
    private readonly changed: () => void = () => undefined,
  ) {
    this.events = new EventSender(version);
    // The vendors use different numbers, so that a mix-up would be noticed.
    this.next = version === 'v4' ? 400_000 : 500_000;
    this.cancels = new CancelTasks(this);
    this.autopilot = new Autopilot(this);
  }

  reset(): void {
    for (const part of [
      this.autopilot,
      this.cancels,
      this.events,
      this.list,
      this.queue,
      this.pastPointOfNoReturn,
      this.rejections,
    ])
      part.clear();
    this.requests.length = 0;
    this.faults.clear();
    this.behaviours.reset();
  }

  orders(): Order[] {
    return [...this.list.values()];
  }

  order(id: string): Order | undefined {
    return this.list.get(id);
  }

  /** Orders that were accepted but are not visible yet. */
  queued(): Order[] {
    return [...this.queue.values()];
  }

  /** Milliseconds before each step of an order from acknowledged through inProgress to completed; undefined = manual steps. */
  get autoAdvance(): number | undefined {
    return this.autopilot.delay;
  }

  set autoAdvance(delay: number | undefined) {
    this.autopilot.delay = delay;
    this.changed();
  }

  get amendableIn(): ReadonlySet<string> {
    return this.treatment.amendableIn;
  }

  /** Executes a request with another treatment. */
  during<T>(change: Partial<Treatment>, task: () => T): T {
    const before = this.treatment;
    this.treatment = { ...before, ...change };
    try {
      return task();
    } finally {
      this.treatment = before;
    }
  }

  /** Accepts an order; it may be created later. */
  create(given: Order): Order {
    const { requestedInitialState, ...attributes } = given;
    const id = `PO-${this.numberOffset + ++this.next}`;
    const draft = requestedInitialState === 'draft';
    const { initialState, queueFor } = this.treatment;
    const order: Order = typed(this.version, 'ProductOrder', {
      ...attributes,
      id,
      href: `${this.baseUrl()}/productOrder/${id}`,
      state: draft ? 'draft' : initialState,
      [this.version === 'v4' ? 'orderDate' : 'creationDate']: new Date().toISOString(),
      ...(given.requestedCompletionDate !== undefined && { expectedCompletionDate: given.requestedCompletionDate }),
    });
    for (const item of itemsOf(order)) item.state = initialState;
    if (queueFor === undefined) return this.add(order);
    this.queue.set(id, order);
    this.behaviours.later(queueFor, () => this.release(id));
    this.changed();
    return order;
  }

  /** Creates a queued order, or all of them. */
  release(id?: string): void {
    for (const order of id === undefined ? this.queued() : [this.queue.get(id)]) {
      if (order && this.queue.delete(String(order.id))) this.add(order);
    }
  }

  private add(order: Order): Order {
    this.list.set(String(order.id), order);
    this.behaviours.recordCreated(String(order.id));
    this.completeRecord(order);
    if (this.sendsLastUpdate) order.lastUpdate = after(undefined);
    const rejected = order.state === 'draft' ? [] : this.rejectItems(order);
    this.publish({ eventType: 'ProductOrderCreateEvent', payload: { productOrder: order } });
    this.reportRejected(order, rejected);
    this.autopilot.schedule(order);
    return order;
  }

  /** v5: a draft becomes an order. */
  submit(id: string): Order {
    const order = this.existing(id);
    let rejected: RejectedItem[] = [];
    this.change(order, () => {
      order.state = 'acknowledged';
      rejected = this.rejectItems(order);
    });
    this.reportRejected(order, rejected);
    return order;
  }

  private rejectItems(order: Order): RejectedItem[] {
    const rejected = rejectItems(itemsOf(order), this.rejections);
    this.updateOrderState(order);
    return rejected;
  }

  private reportRejected(order: Order, rejected: RejectedItem[]): void {
    for (const { item, reason } of rejected)
      this.errorMessage(String(order.id), { message: reason, code: 'rejected', items: [item] });
  }

  /**
   * Applies a PATCH or a change by the vendor; `null` removes an attribute. With auto-advance a customer's change resumes an
   * order that waits for information.
   */
  patch(id: string, change: Order, by: 'customer' | 'vendor' = 'vendor'): Order {
    const order = this.existing(id);
    let rejected: RejectedItem[] = [];
    this.change(order, () => {
      for (const [name, value] of Object.entries(change)) {
        if (value === null) delete order[name];
        else if (name === 'note' && this.listMode === 'append') order.note = [...entries(order.note), ...entries(value)];
        else order[name] = value;
      }
      if (order.state !== 'draft') rejected = this.rejectItems(order);
    });
    this.reportRejected(order, rejected);
    if (by === 'customer' && this.autoAdvance !== undefined && order.state === 'pending') this.setState(id, 'inProgress');
    return order;
  }

  /** The vendor's word for a state. */
  wordFor(state: string): string {
    return (this.behaviours.isActive('ownWords') ? OWN_WORDS : this.words)[state] ?? state;
  }

  /** Moves the order and its unfinished items to a state; throws if the transition is not allowed. */
  setState(id: string, state: string, reason?: string): Order {
    const order = this.existing(id);
    for (const step of this.steps('order', `Order ${id}`, String(order.state), state)) {
      this.change(order, () => {
        order.state = step;
        for (const item of itemsOf(order)) if (transitionPath(this.version, 'item', String(item.state), step)) item.state = step;
        if (step !== state) return;
        if (state === 'cancelled')
          Object.assign(order, { cancellationReason: reason ?? order.cancellationReason ?? 'Cancelled' });
        else if (reason) order.note = [...entries(order.note), this.noteOf(reason)];
      });
    }
    if (reason && FAILED_STATES.has(state)) this.reportFailure(id, state, reason);
    return order;
  }

  /** Moves one item to a state, and updates the state of the order. */
  setItemState(id: string, itemId: string, state: string, reason?: string): Order {
    const order = this.existing(id);
    const item = this.item(order, itemId);
    if (isFinal(order.state)) throw new Error(`Order ${id} is ${order.state}: its items cannot be changed.`);
    for (const step of this.steps('item', `Item ${itemId}`, String(item.state), state)) {
      this.change(order, () => {
        item.state = step;
        if (step === state && reason) this.addReason(order, item, reason);
        this.updateOrderState(order);
      });
    }
    if (reason && FAILED_STATES.has(state)) this.reportFailure(id, state, reason, itemId);
    return order;
  }

  addNote(id: string, text: string, author = this.name): Order {
    const order = this.existing(id);
    this.change(order, () => {
      order.note = [...entries(order.note), this.noteOf(text, author)];
    });
    return order;
  }

  /**
   * Requests information from the customer: the order (or item) becomes pending, a note gives the reason, and an event names the
   * required field.
   */
  requireInformation(id: string, text: string, path = '/note', itemId?: string): Order {
    const order = itemId === undefined ? this.setState(id, 'pending', text) : this.setItemState(id, itemId, 'pending', text);
    this.publish(informationRequired(this.version, 'ProductOrder', order, path));
    return order;
  }

  /** Milestones, jeopardy alerts and errors: v5 has an attribute and an event for each, in v4 they are notes. */
  milestone(id: string, about: ReportDetails): Order {
    return this.report(id, 'ProductOrderMilestone', about);
  }

  jeopardy(id: string, about: ReportDetails): Order {
    return this.report(id, 'ProductOrderJeopardyAlert', about);
  }

  errorMessage(id: string, about: ReportDetails): Order {
    return this.report(id, 'ProductOrderErrorMessage', about);
  }

  /**
   * From now on the order can neither be amended nor cancelled. The standard has no attribute for this, so a milestone reports
   * it.
   */
  passPointOfNoReturn(id: string): Order {
    this.pastPointOfNoReturn.add(id);
    return this.milestone(id, { code: 'pointOfNoReturn', message: 'This order can no longer be changed or cancelled.' });
  }

  isPastPointOfNoReturn(id: string): boolean {
    return this.pastPointOfNoReturn.has(id);
  }

  remove(id: string): boolean {
    const order = this.list.get(id);
    if (!order) return false;
    this.list.delete(id);
    this.publish(deleteEvent(this.version, order));
    return true;
  }

  /** Changes an order and publishes the change. `otherwise`: the event type if the state did not change. */
  change(order: Order, apply: () => void, otherwise?: string): void {
    const before = structuredClone(order);
    this.behaviours.beforeChange(String(order.id), order);
    apply();
    this.completeRecord(order);
    const event = changeEvent(this.version, before, order, otherwise);
    if (event && this.sendsLastUpdate) order.lastUpdate = after(before.lastUpdate);
    if (event) this.publish(event);
    this.autopilot.schedule(order);
  }

  publish({ eventType, payload, more }: OrderEvent & { more?: TmfRecord }): void {
    this.changed();
    this.events.send(eventType, this.behaviours.isActive('ownWords') ? inOwnWords(payload) : payload, more);
  }

  private steps(kind: StateKind, what: string, from: string, to: string): string[] {
    const steps = transitionPath(this.version, kind, from, to);
    if (!steps) throw new Error(`${what} is ${from}: a transition to ${to} is not allowed.`);
    return steps;
  }

  /** Derives the state of the order from its items, except while a cancellation is being decided. */
  private updateOrderState(order: Order): void {
    if (order.state === 'draft' || CANCELLATION_STATES.has(String(order.state)) || isFinal(order.state)) return;
    order.state = rollUp(itemsOf(order).map((item) => String(item.state))) ?? order.state;
  }

  private reportFailure(id: string, code: string, message: string, itemId?: string): void {
    if (this.version === 'v5') this.errorMessage(id, { message, code, ...(itemId && { items: [itemId] }) });
  }

  private report(id: string, type: ReportType, about: ReportDetails): Order {
    if (this.version === 'v4') return this.addNote(id, reportText(type, about));
    const order = this.existing(id);
    const name = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
    const made = reportOf(type, id, about);
    this.change(order, () => Object.assign(order, { [name]: [...entries(order[name]), made] }), `${type}Event`);
    return order;
  }

  private addReason(order: Order, item: TmfRecord, reason: string): void {
    if (this.version === 'v5') item.note = [...entries(item.note), this.noteOf(reason)];
    else order.note = [...entries(order.note), this.noteOf(`Item ${item.id}: ${reason}`)];
  }

  private noteOf(text: string, author = this.name): TmfRecord {
    return typed(this.version, 'Note', { text, author });
  }

  /** Adds the attributes that the server sets: ids and dates of notes, completion and cancellation dates. */
  private completeRecord(order: Order): void {
    const now = new Date().toISOString();
    const withIds = (notes: unknown) => entries(notes).map((note) => ({ id: randomUUID(), date: now, ...note }));
    if (order.note !== undefined) order.note = withIds(order.note);
    for (const item of itemsOf(order)) if (item.note !== undefined) item.note = withIds(item.note);
    if (order.state === 'completed') order.completionDate ??= now;
    if (order.state === 'cancelled') order.cancellationDate ??= now;
  }

  private existing(id: string): Order {
    const order = this.list.get(id);
    if (!order) throw new Error(`There is no order ${id}.`);
    return order;
  }

  private item(order: Order, itemId: string): TmfRecord {
    const item = itemsOf(order).find((one) => one.id === itemId);
    if (!item) throw new Error(`Order ${order.id} has no item ${itemId}.`);
    return item;
  }
}

/** The current time, but later than the previous value: two changes within a millisecond would look like one. */
function after(before: unknown): string {
  return new Date(Math.max(Date.now(), (Date.parse(String(before)) || 0) + 1)).toISOString();
}
