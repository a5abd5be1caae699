import { posix } from 'node:path';
import { PartnerError } from '../../errors.js';
import { errorText } from '../../http/error-text.js';
import { choiceKey } from '../../model/choice.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { type Attributes, isAttributes, textOf } from '../tmf/attributes.js';
import { pages } from '../tmf/list.js';
import type { Dialect } from './dialect.js';
import { orderOf } from './events.js';
import { cancelBody } from './render.js';

/** Status codes by which a provider refuses a cancellation: it is too late, or not allowed to us. */
const REFUSALS = new Set([400, 403, 409, 422]);

/** States of a task that is still open (TaskStateType; one of the two official v4 files has accepted). */
const UNDECIDED = new Set(['acknowledged', 'accepted', 'inprogress']);

/**
 * Cancellations at a provider: an order is not cancelled by a PATCH of its state, but by a cancellation request (TMF622,
 * CancelProductOrder).
 */
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

  /** Requests the cancellation of an order; returns the answer, or a rejected task where the provider refused at once. */
  async ask(orderId: string, reason: Json | undefined): Promise<Attributes> {
    const body = cancelBody(orderId, reason, this.dialect);
    try {
      const request = { method: 'POST', path: this.path, body, what: say`cancel order` } as const;
      const answer = await this.api.write(request, { accepts: true });
      return isAttributes(answer.body) ? answer.body : {};
    } catch (error) {
      if (!(error instanceof PartnerError && error.status !== undefined && REFUSALS.has(error.status)) || isQueued(error))
        throw error;
      // A refusal has no task id, so the time distinguishes one refusal from the next.
      const id = `${orderId}-${new Date(this.clock()).toISOString()}`;
      const why = errorText(error.answer ?? '') || `it was answered ${error.status}`;
      return { id, state: 'rejected', reason: why, productOrder: { id: orderId } };
    }
  }

  /** Whether an answer is a task for this order. Where tasks cannot be read, a task that names no order counts as one. */
  isTaskOf(answer: Attributes, orderId: string): boolean {
    const named = orderOf(answer);
    if (named !== undefined || this.dialect.cancelReadable) return named === orderId;
    return answer.id !== undefined && answer.id !== orderId;
  }

  /** An open task for this order, or the one with the id in the answer; undefined where the list does not show it. */
  async find(orderId: string, answered?: string): Promise<Attributes | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const matches = (task: Attributes) =>
      orderOf(task) === orderId && (task.id === answered || UNDECIDED.has(choiceKey(textOf(task.state) ?? '')));
    try {
      for await (const page of pages(this.api, this.path, { 'productOrder.id': orderId }, say`look up cancellations`)) {
        const found = page.find(matches);
        if (found) return found;
      }
    } catch (error) {
      // Not every provider lists them; one that cannot be reached will fail when the cancellation is requested.
      if (!(error instanceof PartnerError) || error.status === undefined) throw error;
    }
    return undefined;
  }

  /** The task, where the provider allows reading it. */
  async read(id: string): Promise<Attributes | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const path = `${this.path}/${encodeURIComponent(id)}`;
    return (await this.api.read({ method: 'GET', path, what: say`read cancellation` }, id)) as Attributes;
  }
}

/** An order that was accepted (202) and is still to be created: until then, ServiceNow answers 400 for it. */
export function isQueued(error: unknown): boolean {
  return error instanceof PartnerError && error.status === 400 && /yet to be created/i.test(error.answer ?? error.message);
}
