import { entries, type TmfRecord, typed, type Version } from './tmf-record.js';
import { informationRequired, type OrderEvent } from './tmf622-events.js';
import { itemsOf, type Order } from './tmf622-order.js';
import { isFinal } from './tmf622-states.js';

export interface Task extends TmfRecord {
  id: string;
  state: string;
}

/** The part of a vendor's desk that cancellations use. */
interface CancelDesk {
  readonly version: Version;
  readonly name: string;
  readonly numberOffset: number;
  readonly autoAdvance: number | undefined;
  readonly baseUrl: () => string;
  order(id: string): Order | undefined;
  setState(id: string, state: string, reason?: string): Order;
  change(order: Order, apply: () => void): void;
  publish(event: OrderEvent & { more?: TmfRecord }): void;
  isPastPointOfNoReturn(id: string): boolean;
}

/** How a cancellation is decided: manually, always accepted or refused, or the request is rejected with that status. */
export type Decision = 'manual' | 'accept' | 'refuse' | 400 | 409;

/** What a vendor makes of a request to cancel that it only confirms: nothing at all, or it says that it is done. */
export type Pretence = 'none' | 'pretended';

interface PriorState {
  orderId: string;
  state: unknown;
  items: Map<unknown, unknown>;
}

/** Requests to cancel orders (CancelProductOrder): acknowledged → inProgress → done or refused, with the effect on the order. */
export class CancelTasks {
  decision: Decision = 'manual';
  private readonly tasks = new Map<string, Task>();
  private readonly priorStates = new Map<string, PriorState>();
  private next = 300_000;
  private pretence: Pretence | undefined;

  constructor(private readonly desk: CancelDesk) {}

  clear(): void {
    this.tasks.clear();
    this.priorStates.clear();
  }

  all(): Task[] {
    return [...this.tasks.values()];
  }

  task(id: string): Task | undefined {
    return this.tasks.get(id);
  }

  /** The last request to cancel an order. */
  ofOrder(orderId: string): Task | undefined {
    return this.all().findLast(({ productOrder }) => (productOrder as TmfRecord).id === orderId);
  }

  /** Why a cancellation of the order cannot be requested; undefined if it can. */
  rejectionReason(orderId: string): string | undefined {
    const state = this.desk.order(orderId)?.state;
    if (isFinal(state)) return `Order ${orderId} is ${state}.`;
    return this.openTask(orderId) && `A cancellation of order ${orderId} is already in progress.`;
  }

  /** The open cancellation of an order. */
  openTask(orderId: string): Task | undefined {
    return this.all().find((task) => this.isOpen(task) && this.priorStates.get(task.id)?.orderId === orderId);
  }

  /** Executes a request that is confirmed without effect. */
  during<T>(pretence: Pretence, task: () => T): T {
    this.pretence = pretence;
    try {
      return task();
    } finally {
      this.pretence = undefined;
    }
  }

  request(given: TmfRecord, orderId: string): Task {
    const { desk } = this;
    const order = desk.order(orderId);
    if (!order) throw new Error(`There is no order ${orderId}.`);
    const id = `CPO-${desk.numberOffset + ++this.next}`;
    const task = typed(desk.version, 'CancelProductOrder', {
      ...given,
      id,
      href: `${desk.baseUrl()}/cancelProductOrder/${id}`,
      productOrder: { ...(given.productOrder as TmfRecord), href: order.href },
      state: this.pretence === 'pretended' ? 'done' : 'acknowledged',
      ...(desk.version === 'v5' && { creationDate: new Date().toISOString() }),
    }) as Task;
    this.tasks.set(id, task);
    if (this.pretence) return task;
    this.priorStates.set(id, {
      orderId,
      state: order.state,
      items: new Map(itemsOf(order).map((item) => [item.id, item.state])),
    });
    desk.publish({ eventType: 'CancelProductOrderCreateEvent', payload: { cancelProductOrder: task } });
    if (order.state === 'draft') desk.setState(orderId, 'acknowledged');
    desk.setState(orderId, 'assessingCancellation');
    this.decide(task, orderId);
    return task;
  }

  /** Accepts: the order is being cancelled. */
  accept(id: string): Task {
    const { task, prior } = this.open(id);
    this.move(task, 'inProgress');
    this.desk.setState(prior.orderId, 'pendingCancellation');
    return task;
  }

  /** Ends an accepted cancellation: the order is cancelled. */
  finish(id: string): Task {
    const { task, prior } = this.open(id);
    const order = this.desk.setState(prior.orderId, 'cancelled', String(task.cancellationReason ?? 'Cancelled on request'));
    this.move(task, 'done', { effectiveCancellationDate: order.cancellationDate });
    return task;
  }

  /** Refuses: the order returns to its previous state. */
  refuse(id: string, reason = 'The order can no longer be cancelled.'): Task {
    const { desk } = this;
    const { task, prior } = this.open(id);
    this.move(task, 'inProgress');
    this.move(task, desk.version === 'v4' ? 'terminatedWithError' : 'rejected');
    const order = desk.order(prior.orderId);
    if (!order) return task;
    desk.change(order, () => {
      order.state = prior.state;
      for (const item of itemsOf(order)) item.state = prior.items.get(item.id) ?? item.state;
      order.note = [...entries(order.note), typed(desk.version, 'Note', { text: `Not cancelled: ${reason}`, author: desk.name })];
    });
    return task;
  }

  /** Requests information from the customer before the cancellation is decided. */
  requireInformation(id: string, path = '/cancellationReason'): Task {
    const { task } = this.open(id);
    this.desk.publish(informationRequired(this.desk.version, 'CancelProductOrder', task, path));
    return task;
  }

  /** Decides automatically, step by step: refuses after the point of no return, otherwise follows `decision`. */
  private decide(task: Task, orderId: string): void {
    const { desk } = this;
    if (desk.isPastPointOfNoReturn(orderId) || this.decision === 'refuse') this.schedule(task, () => this.refuse(task.id));
    else if (this.decision === 'accept' || desk.autoAdvance !== undefined)
      this.schedule(task, () => {
        this.accept(task.id);
        this.schedule(task, () => this.finish(task.id));
      });
  }

  /** Runs a step after the desk's delay, unless the task was decided or removed in the meantime. */
  private schedule(task: Task, step: () => void): void {
    const run = () => {
      if (this.tasks.has(task.id) && this.isOpen(task)) step();
    };
    setTimeout(run, this.desk.autoAdvance ?? 0).unref();
  }

  private move(task: Task, state: string, more: TmfRecord = {}): void {
    if (task.state === state) return;
    Object.assign(task, { state }, more);
    this.desk.publish({ eventType: 'CancelProductOrderStateChangeEvent', payload: { cancelProductOrder: task } });
  }

  private isOpen(task: Task): boolean {
    return task.state === 'acknowledged' || task.state === 'inProgress';
  }

  private open(id: string): { task: Task; prior: PriorState } {
    const task = this.tasks.get(id);
    const prior = this.priorStates.get(id);
    if (!task || !prior) throw new Error(`There is no cancellation ${id}.`);
    if (!this.isOpen(task)) throw new Error(`Cancellation ${id} is ${task.state}.`);
    return { task, prior };
  }
}
