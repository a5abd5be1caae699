import { DecisionError, PartnerError } from '../../errors.js';
import { errorText } from '../../http/error-text.js';
import type { GenericComment, Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Api, afterWrite, isAbsent } from '../api.js';
import type { WriteResult } from '../endpoint.js';
import { type Attributes, droppedFrom, textOf } from '../tmf/attributes.js';
import { isSettled, refusalReason } from './cancel-decision.js';
import { isUnanswered, itemsNote, noteComment, orderNote } from './cancel-note.js';
import { type Cancellations, isQueued } from './cancellation.js';
import { isCancelling } from './cancelling-states.js';
import type { CancelBy } from './dialect.js';
import { cancelledItems, isCancelledItem } from './items.js';
import { isEnded, isRefused } from './task-states.js';

/** Statuses by which a provider refuses a cancellation: it is too late, or not allowed to us. */
const REFUSALS = new Set([400, 403, 409, 422]);

/** Statuses by which a provider says that an order has no PATCH or no DELETE. */
const NO_METHOD = new Set([405, 501]);

/** Whether the provider refuses a cancellation, which is an answer and no failure. */
export function isRefusal(error: unknown): error is PartnerError {
  return error instanceof PartnerError && REFUSALS.has(error.status ?? 0) && !isQueued(error);
}

/** Why a provider refused, in its own words where it has some. */
export function reasonOf(error: PartnerError): string {
  return errorText(error.answer ?? '') || `it was answered ${error.status}`;
}

export interface OrderCancellerOptions {
  api: Api;
  /** The name of the endpoint. */
  name: string;
  by: CancelBy;
  tasks: Cancellations;
  clock: () => number;
  /** The path of an order. */
  at: (id: string) => string;
  read: (id: string) => Promise<Attributes>;
  /** PATCHes attributes of an order. */
  patch: (id: string, attributes: Attributes) => Promise<Attributes>;
  addNote: (id: string, comment: GenericComment) => Promise<unknown>;
  /** Works on an order that the provider may not have created yet. */
  whenCreated: <T>(id: string, task: () => Promise<T>) => Promise<T>;
}

/** How the cancellation of an order stands: requested of a person, shown by the order or by its task, or done by deleting it. */
interface Status {
  order: Attributes;
  cancel?: Attributes;
  undecided?: true;
  deleted?: true;
}

/** Cancels orders, in the way that the provider has for it. */
export class OrderCanceller {
  constructor(private readonly options: OrderCancellerOptions) {}

  /** Whether items are cancelled by a note too: the provider's people cancel, not its API. */
  get byNote(): boolean {
    return this.options.by === 'note';
  }

  /**
   * Requests the cancellation of the order, unless that was requested already. A refusal is an answer, not a failure: the order
   * stays as it is, and the provider's reason is passed on. Other changes in the same message are not written: they no longer
   * matter, or are reported as dropped.
   */
  async cancel(id: string, { cancellationReason, ...sent }: Attributes): Promise<WriteResult> {
    const before = await this.status(id);
    const { undecided, deleted, ...entity } = isRequested(before)
      ? before
      : await this.ask(before.order, textOf(sent.state) ?? 'cancelled', cancellationReason);
    const refused = entity.cancel !== undefined && isRefused(entity.cancel);
    if (refused) return { entity, dropped: droppedFrom(sent, entity.order), refused: refusalReason(entity.cancel) };
    return { entity, dropped: [], ...(undecided && { undecided }), ...(deleted && { deleted }) };
  }

  async find(id: string): Promise<'requested' | 'deleted' | undefined> {
    const status = await this.status(id);
    if (status.deleted) return 'deleted';
    return isRequested(status) ? 'requested' : undefined;
  }

  /** Asks a person to cancel items, unless that was done and nobody has answered. */
  async cancelItems(id: string, items: readonly Attributes[]): Promise<void> {
    await this.note(await this.options.read(id), id, itemsNote(items));
  }

  /** An order as it is after items were cancelled: some providers answer with what was sent, and keep something else. */
  async asKept(id: string, items: readonly Attributes[], answered: Attributes): Promise<Attributes> {
    const shown = cancelledItems(answered);
    const isToBeRead = items.some((item) => isCancelledItem(item) && shown.includes(textOf(item.id) ?? ''));
    return isToBeRead ? this.options.read(id).catch(() => answered) : answered;
  }

  /** `answered`: the id of the task, where an answer gave one. */
  private async status(id: string, answered?: string): Promise<Status> {
    const { by, tasks, read } = this.options;
    try {
      const order = await read(id);
      if (isCancelling(order)) return { order };
      if (by === 'note') return { order, ...(isUnanswered(order, orderNote(undefined)) && { undecided: true }) };
      const cancel = by === 'request' ? await tasks.find(id, answered) : undefined;
      return { order, ...(cancel && { cancel }) };
    } catch (error) {
      if (by !== 'delete' || !isAbsent(error)) throw error;
      return deletedOrder({ id });
    }
  }

  private async ask(order: Attributes, state: string, reason: Json | undefined): Promise<Status> {
    const id = String(order.id);
    const { by, tasks, at, whenCreated } = this.options;
    try {
      return await whenCreated(id, () => {
        if (by === 'state') return this.askByState(order, { state, ...(reason !== undefined && { cancellationReason: reason }) });
        if (by === 'delete') return this.askByDeletion(order);
        return by === 'note' ? this.askByNote(order, reason) : this.askByTask(order, reason);
      });
    } catch (error) {
      const path = by === 'request' ? tasks.path : at(id);
      const isMissing = by === 'request' ? await tasks.isMissing(error) : isWithoutMethod(error);
      if (isMissing && by !== 'note') throw this.missing(path, error as PartnerError);
      if (by === 'note' || !isRefusal(error)) throw error;
      // A refusal has no task id, so the time distinguishes one refusal from the next.
      const taskId = `${id}-${new Date(this.options.clock()).toISOString()}`;
      return { order, cancel: { id: taskId, state: 'rejected', reason: reasonOf(error), productOrder: { id } } };
    }
  }

  /** A task that has ended is no proof by itself: the order has to show it. */
  private async askByTask(order: Attributes, reason: Json | undefined): Promise<Status> {
    const id = String(order.id);
    const { tasks, read } = this.options;
    const answer = await tasks.ask(id, reason);
    if (!tasks.isTaskOf(answer, id)) return this.shown(id, textOf(answer.id));
    if (!isEnded(answer)) return { order: await read(id).catch(() => order), cancel: answer };
    const after = await afterWrite(() => read(id), true);
    if (isSettled(after)) return { order: after, cancel: answer };
    throw this.unshown(say`the provider reported the cancellation as done, but the order does not show it`);
  }

  private async askByState(order: Attributes, attributes: Attributes): Promise<Status> {
    const after = await this.options.patch(String(order.id), attributes);
    return isSettled(after) ? { order: after } : this.shown(String(order.id));
  }

  private async askByDeletion(order: Attributes): Promise<Status> {
    const id = String(order.id);
    const { api, at, read } = this.options;
    const request = { method: 'DELETE', path: at(id), what: say`delete order` } as const;
    const status = await api.write(request, { accepts: true }).then(
      (answer) => answer.status,
      (error) => {
        if (isAbsent(error)) return 204;
        throw error;
      },
    );
    try {
      const after = await read(id);
      if (isSettled(after)) return { order: after };
      if (status === 202) return { order: after, undecided: true };
    } catch (error) {
      if (isAbsent(error)) return deletedOrder(order);
      throw error instanceof PartnerError ? error.withDetails({ outcome: 'unknown', retry: true, notVisible: true }) : error;
    }
    throw this.unshown(say`the provider reported the order as deleted, but still shows it`);
  }

  private async askByNote(order: Attributes, reason: Json | undefined): Promise<Status> {
    await this.note(order, String(order.id), orderNote(reason));
    return { order, undecided: true };
  }

  private async note(order: Attributes, id: string, text: string): Promise<void> {
    if (!isUnanswered(order, text)) await this.options.addNote(id, noteComment(text, this.options.clock()));
  }

  /**
   * Throws PartnerError, unshown, where the answer is a success but neither the answer, the order nor a task shows the
   * cancellation.
   */
  private async shown(id: string, answered?: string): Promise<Status> {
    const after = await afterWrite(() => this.status(id, answered), true);
    if (isRequested(after)) return after;
    throw this.unshown(say`the response reported success, but neither the order nor a task shows the cancellation`);
  }

  private unshown(how: string): PartnerError {
    return this.options.api.unshown({ what: say`cancel order` }, how);
  }

  /** The way that is set does not exist there: no retry will help, and somebody has to choose another one. */
  private missing(path: string, { status }: PartnerError): DecisionError {
    const what =
      this.options.by === 'request'
        ? say`The provider has no cancellation requests: ${path} was answered ${status}.`
        : say`The provider does not have the way of cancelling that is set: ${path} was answered ${status}.`;
    return new DecisionError('cancelling', 'SWB_CONFIG', what, {
      where: this.options.name,
      field: 'cancelBy',
      hint: say`Choose another way under Cancel orders by in the endpoint, deploy, and replay this delivery. Or have the order cancelled there, and skip it.`,
    });
  }
}

function isRequested({ order, cancel, undecided, deleted }: Status): boolean {
  return cancel !== undefined || undecided === true || deleted === true || isCancelling(order);
}

function deletedOrder(order: Attributes): Status {
  return { order: { ...order, state: 'cancelled' }, deleted: true };
}

function isWithoutMethod(error: unknown): boolean {
  return error instanceof PartnerError && NO_METHOD.has(error.status ?? 0);
}
