import { posix } from 'node:path';
import { PartnerError } from '../../errors.js';
import { errorText } from '../../http/failure.js';
import { CANCELLING_STATES, type Json } from '../../model/message.js';
import type { Api } from '../api.js';
import { type Attributes, isAttributes, textOf } from '../tmf/attributes.js';
import { pages } from '../tmf/list.js';
import type { Dialect } from './dialect.js';
import { orderOf } from './events.js';
import { cancelBody } from './render.js';

/** How a provider says no: it cannot be cancelled any more, or not by us. */
const REFUSALS = new Set([400, 403, 409, 422]);

/** The states of a task that goes on (TaskStateType; one of the two official v4 files says accepted). */
const UNDECIDED = new Set(['acknowledged', 'accepted', 'inprogress']);

/** Cancellations of a provider: an order is not cancelled by a PATCH of its state, it is asked for (TMF622, CancelProductOrder). */
export class Cancellations {
  private readonly path: string;

  constructor(
    private readonly api: Api,
    base: string,
    private readonly dialect: Dialect,
    private readonly clock: () => number,
  ) {
    this.path = posix.join(base, dialect.cancelPath);
  }

  /** Asks for an order to be cancelled; gives what was answered, a task that says so where the provider refused it at once. */
  async ask(orderId: string, reason: Json | undefined): Promise<Attributes> {
    const body = cancelBody(orderId, reason, this.dialect);
    try {
      const request = { method: 'POST', path: this.path, body, what: 'cancel order' } as const;
      const answer = await this.api.write(request, { accepts: true });
      return isAttributes(answer.body) ? answer.body : {};
    } catch (error) {
      if (!(error instanceof PartnerError && error.status !== undefined && REFUSALS.has(error.status)) || isQueued(error))
        throw error;
      // There is no task with an id: the time tells one refusal from the next.
      const id = `${orderId}-${new Date(this.clock()).toISOString()}`;
      const why = errorText(error.answer ?? '') || `it was answered ${error.status}`;
      return { id, state: 'rejected', reason: why, productOrder: { id: orderId } };
    }
  }

  /** Is an answer a task for this order? Where tasks cannot be read, one that does not say which order it is of is taken for it. */
  isTaskOf(answer: Attributes, orderId: string): boolean {
    const named = orderOf(answer);
    if (named !== undefined || this.dialect.cancelReadable) return named === orderId;
    return answer.id !== undefined && answer.id !== orderId;
  }

  /** A task for this order that goes on, or the one with the id that was answered; undefined where the list does not show it. */
  async find(orderId: string, answered?: string): Promise<Attributes | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const isIt = (task: Attributes) =>
      orderOf(task) === orderId && (task.id === answered || UNDECIDED.has((textOf(task.state) ?? '').toLowerCase()));
    try {
      for await (const page of pages(this.api, this.path, { 'productOrder.id': orderId }, 'look up cancellations')) {
        const found = page.find(isIt);
        if (found) return found;
      }
    } catch (error) {
      // Not every provider lists them; one that cannot be reached will say so when it is asked.
      if (!(error instanceof PartnerError) || error.status === undefined) throw error;
    }
    return undefined;
  }

  /** The task, where the provider lets it be read. */
  async read(id: string): Promise<Attributes | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const path = `${this.path}/${encodeURIComponent(id)}`;
    return (await this.api.read({ method: 'GET', path, what: 'read cancellation' }, id)) as Attributes;
  }
}

/** The order is being cancelled, or is. */
export function isCancelling(order: Attributes): boolean {
  const state = (textOf(order.state) ?? '').toLowerCase().replace(/_/g, '');
  return [...CANCELLING_STATES.map((s) => s.toLowerCase()), 'canceled', 'cancellationinprogress'].includes(state);
}

/** An order that was taken (202) and waits to be made: ServiceNow answers 400 for it until then. */
export function isQueued(error: unknown): boolean {
  return error instanceof PartnerError && error.status === 400 && /yet to be created/i.test(error.answer ?? error.message);
}
