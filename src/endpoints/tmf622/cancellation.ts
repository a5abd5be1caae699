import { posix } from 'node:path';
import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { describeFailure, failureOf, isRefused as isAccessRefused } from '../connection.js';
import type { Check } from '../endpoint.js';
import { type Attributes, isAttributes } from '../tmf/attributes.js';
import { pages } from '../tmf/list.js';
import type { Dialect } from './dialect.js';
import { orderOf } from './events.js';
import { cancelBody } from './render.js';
import { isOpen, isRefused } from './task-states.js';

/** Statuses by which an API says that it does not have a resource, or not this method of it. */
const MISSING = new Set([404, 405, 501]);

/** Cancellation requests at a provider: tasks of their own (TMF622, CancelProductOrder). */
export class Cancellations {
  readonly path: string;
  /** A task was requested, or may have been by another process, since they were last listed. */
  private isUnlisted = true;

  constructor(
    private readonly api: Api,
    base: string,
    private readonly dialect: Dialect,
  ) {
    this.path = posix.join(base, dialect.cancelPath);
  }

  /** Requests the cancellation of an order; returns the answer. */
  async ask(orderId: string, reason: Json | undefined): Promise<Attributes> {
    this.isUnlisted = true;
    const request = {
      method: 'POST',
      path: this.path,
      body: cancelBody(orderId, reason, this.dialect),
      what: say`cancel order`,
    } as const;
    const { body } = await this.api.write(request, { accepts: true });
    return isAttributes(body) ? body : {};
  }

  /**
   * Whether the failure of a request means that the provider has no cancellation requests. Its 404 may also be about the order, so
   * the list is asked for where there is one.
   */
  async isMissing(error: unknown): Promise<boolean> {
    if (!(error instanceof PartnerError)) return false;
    // ServiceNow's answer for a path of which it knows no API.
    if (error.status === 400 && /does not represent any resource/i.test(error.answer ?? error.message)) return true;
    if (error.status !== 404 || !this.dialect.cancelReadable) return MISSING.has(error.status ?? 0);
    try {
      await this.api.ask({ method: 'GET', path: this.path, query: { limit: 1 }, what: say`look up cancellations` });
      return false;
    } catch (failure) {
      if (!(failure instanceof PartnerError) || failure.status === undefined) throw failure;
      return MISSING.has(failure.status);
    }
  }

  /** Whether the provider shows cancellation requests; undefined where they cannot be read. Never throws. */
  async check(): Promise<Check | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const name = say`Cancel orders`;
    const failure = await failureOf(() =>
      this.api.ask({ method: 'GET', path: this.path, query: { limit: 1 }, what: say`look up cancellations` }),
    );
    if (!failure) return { name, ok: true, text: say`Cancellation requests (cancelProductOrder) can be read.` };
    if (isAccessRefused(this.api, failure)) return { name, ok: false, text: failure.message };
    const hint = say`If the provider has no cancelProductOrder, choose another way under “Cancel orders by”.`;
    return { name, ok: 'warning', text: `${describeFailure(failure)} ${hint}` };
  }

  /** Whether an answer is a task for this order. Where tasks cannot be read, a task that names no order counts as one. */
  isTaskOf(answer: Attributes, orderId: string): boolean {
    const named = orderOf(answer);
    if (named !== undefined || this.dialect.cancelReadable) return named === orderId;
    return answer.id !== undefined && answer.id !== orderId;
  }

  /** An open task for this order, or a refused one with the id in the answer; undefined where the list does not show it. */
  async find(orderId: string, answered?: string): Promise<Attributes | undefined> {
    const matches = (task: Attributes) =>
      orderOf(task) === orderId && (isOpen(task) || (task.id === answered && isRefused(task)));
    return (await this.list({ 'productOrder.id': orderId }))?.find(matches);
  }

  /** All tasks, if there may be one that is open or new; undefined where there is none, or the provider lists none. */
  async changed(hasOpen: boolean): Promise<Attributes[] | undefined> {
    if (!this.isUnlisted && !hasOpen) return undefined;
    this.isUnlisted = false;
    try {
      return await this.list({});
    } catch (error) {
      this.isUnlisted = true;
      throw error;
    }
  }

  /** Undefined where the provider does not list them; one that cannot be reached will fail when the cancellation is requested. */
  private async list(filter: Record<string, string>): Promise<Attributes[] | undefined> {
    if (!this.dialect.cancelReadable) return undefined;
    const tasks: Attributes[] = [];
    try {
      for await (const page of pages(this.api, this.path, filter, say`look up cancellations`)) tasks.push(...page);
    } catch (error) {
      if (!(error instanceof PartnerError) || error.status === undefined) throw error;
      if (tasks.length === 0) return undefined;
    }
    return tasks;
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
