import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { PartnerError, SwitchboardError } from '../../errors.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { afterWrite } from '../api.js';
import type { Hint, Parsed, PollResult, RawEntity, SpooledAttachment, Written, WrittenPart } from '../endpoint.js';
import { type Attributes, droppedFrom, textOf, writable } from '../tmf/attributes.js';
import { type TmfApi, TmfBaseClient } from '../tmf/base-client.js';
import type { TmfClient, TmfOptions } from '../tmf/client.js';
import { noteForm, ourNote, renderNote } from '../tmf/note.js';
import { Cancellations, isCancelling, isQueued } from './cancellation.js';
import { type Dialect, dialectOf, referenceOf, withReference } from './dialect.js';
import { hintOf, orderOf, readEvent } from './events.js';
import { droppedItems, ITEMS, itemsOf, withItemIds } from './items.js';
import { notesIn, parse } from './parse.js';
import { poll } from './poll.js';
import { itemsPatch, orderBody } from './render.js';
import { validateOrderCreate, validateOrderPatch } from './schema.js';
import { isRefused } from './told.js';

export interface Tmf622Options extends TmfOptions {
  /** Every PATCH carries the whole list of items: a literal reading of v4 demands it (ProductOrder_Update). */
  wholeItems?: boolean;
}

export interface Tmf622Client extends TmfClient {
  readonly system: 'tmf622';
}

const ENTITY = 'productOrder';
const NEEDS = [['state', ITEMS]];
const API: TmfApi = { name: 'TMF622', resource: ENTITY, type: 'ProductOrder', noun: 'order', needs: NEEDS };
/** Times a change is made anew because the provider changed the order meanwhile. */
const MOST_TRIES = 3;

/** A client of one TMF622 provider. */
export function createTmf622Client(options: Tmf622Options): Tmf622Client {
  return new Client(options);
}

/** An order, and the task by which it is to be cancelled. */
type Cancelling = { order: Attributes; cancel?: Attributes };

class Client extends TmfBaseClient<Dialect> implements Tmf622Client {
  readonly system = 'tmf622';
  readonly hub = this;
  private readonly wholeItems: boolean;
  private readonly cancellations: Cancellations;

  constructor(options: Tmf622Options) {
    super(API, dialectOf(options.version, options.profile), options);
    this.wholeItems = options.wholeItems ?? false;
    this.cancellations = new Cancellations(this.answers, this.base, this.dialect, options.clock);
  }

  async read(_entityType: string, id: string): Promise<RawEntity> {
    return { order: await this.order(id) };
  }

  async find(_entityType: string, reference: string): Promise<RawEntity | undefined> {
    const found = await this.entities.find({ [this.dialect.filter]: reference }, reference, (o) => referenceOf(o));
    return found && { order: found };
  }

  async create(entityType: string, fields: Record<string, Json>, reference: string): Promise<Written> {
    const body = withReference(orderBody(fields, this.dialect), reference, this.dialect);
    this.entities.demand(this.validate(entityType, body), 'create');
    const order = await this.entities.create(body, reference, (created) => referenceOf(created));
    return { entity: { order }, dropped: [] };
  }

  /** Writes attributes with a PATCH; that an order shall be cancelled is asked for instead, alone. */
  async update(_entityType: string, id: string, fields: Record<string, Json>, added?: readonly string[]): Promise<Written> {
    if (fields.state === 'cancelled') return this.cancel(id, fields);
    const given = writable(fields, this.dialect.notPatchable);
    if (Object.keys(given).length === 0) return { entity: { order: await this.order(id) }, dropped: [] };
    return this.entities.inTurn(id, () => this.change(id, given, added));
  }

  async findCancellation(_entityType: string, id: string): Promise<boolean> {
    return isAsked(await this.cancelling(id));
  }

  async comment(_entityType: string, id: string, comment: GenericComment, parts: readonly string[] = []): Promise<WrittenPart> {
    const note = renderNote(comment, this.dialect);
    const seen = parts.filter((part) => !part.includes('|')); // of notes alone, not of what is told in other ways
    const form = { seen, ...noteForm(comment), ...(this.wholeItems && { along: ITEMS }) };
    return this.there(id, () => this.entities.add(id, 'note', note, 'comment on order', form));
  }

  async findComment(
    _entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined> {
    const order = await this.there(id, () => this.entities.readForLists(id, ['note']));
    return ourNote(order, comment, since, seen, this.habits.keepsAuthors);
  }

  putBack(_entityType: string, id: string, shown: RawEntity[], since: string): Promise<string[]> {
    return this.there(id, () =>
      this.entities.putBack(id, 'note', shown.flatMap(notesIn), since, this.wholeItems ? ITEMS : undefined),
    );
  }

  async attach(_entityType: string, _id: string, attachment: SpooledAttachment): Promise<WrittenPart> {
    throw new PartnerError('SWB_PARTNER_REFUSED', `${attachment.name} cannot be sent: TMF622 takes no attachments.`, {
      where: this.name,
      hint: 'Send it another way, then skip this delivery.',
      outcome: 'notDone',
      retry: false,
    });
  }

  async findAttachment(): Promise<WrittenPart | undefined> {
    return undefined;
  }

  async download(_entityType: string, _id: string, attachment: GenericAttachment): Promise<Readable> {
    throw new SwitchboardError('SWB_PAYLOAD', `${attachment.name} cannot be fetched: TMF622 has no attachments.`, {
      where: this.name,
      field: 'attachment',
    });
  }

  poll(_entityType: string, cursor: Json | undefined): Promise<PollResult> {
    return poll(this.answers, this.path, this.absent, cursor);
  }

  gone(_entityType: string, id: string): RawEntity {
    return { order: { id }, event: { eventType: 'ProductOrderDeleteEvent', event: { productOrder: { id } } } };
  }

  parse(raw: RawEntity): Parsed {
    return parse(raw, { endpoint: this.id, entityType: ENTITY, baseUrl: this.http.baseUrl, dialect: this.dialect });
  }

  itemsOf(record: Attributes) {
    return itemsOf(record);
  }

  withItemIds(fields: Attributes, idOf: (id: string) => string | undefined): Attributes {
    return withItemIds(fields, idOf);
  }

  validate(_entityType: string, fields: Record<string, Json>): Problem[] {
    return validateOrderCreate(this.version, this.profile, fields);
  }

  /** An event of a cancellation need not say which order it is of: then the task is asked. */
  async hintOf(given: unknown, path: string): Promise<Hint> {
    const event = readEvent(given, path);
    const task = event.orderId === undefined && event.cancel ? await this.cancellations.read(event.cancel.id) : undefined;
    const orderId = event.orderId ?? (task && orderOf(task));
    if (orderId !== undefined) {
      const hint = hintOf(event, orderId);
      this.entities.heard(hint, event.order.note);
      return hint;
    }
    throw new SwitchboardError('SWB_PAYLOAD', 'The event’s cancellation names no order.', {
      where: this.name,
      field: 'event.cancelProductOrder.productOrder.id',
    });
  }

  async readForEvent(_entityType: string, id: string, given: Json): Promise<RawEntity> {
    const event = readEvent(given);
    if (event.deleted) return { order: { id }, event: given };
    const task =
      event.cancel && (event.cancel.state === undefined ? await this.cancellations.read(event.cancel.id) : event.cancel);
    return { order: await this.order(id), event: given, ...(task && { cancel: task }) };
  }

  private order(id: string): Promise<Attributes> {
    return this.there(id, () => this.entities.read(id));
  }

  /**
   * A merge patch replaces lists, so that one with items carries all of them, with what the provider says of each. When it is refused because
   * the provider changed one meanwhile, it is made anew.
   */
  private async change(id: string, given: Attributes, added: readonly string[] = []): Promise<Written> {
    const whole = this.arrayMode !== 'append' && (ITEMS in given || this.wholeItems);
    const listed = whole || ITEMS in given;
    const read = () => this.there(id, () => this.entities.readForLists(id, [ITEMS]));
    let items = listed ? (await read())[ITEMS] : undefined;
    for (let tries = 1; ; tries++) {
      // Asked of a provider that takes single items, too: it would order once more what it does not know.
      const all = listed ? itemsPatch(items, given[ITEMS], added) : [];
      const body = this.entities.change(whole ? { ...given, [ITEMS]: all } : given);
      // What the provider itself says of its items is not ours to judge.
      this.entities.demand(validateOrderPatch(this.version, this.profile, this.entities.change(given)), 'update');
      try {
        const order = await this.there(id, () => this.entities.patchTexts(id, body, 'update order'));
        const dropped = [...droppedFrom(given, order), ...droppedItems(given, { [ITEMS]: items ?? [] }, order)];
        return { entity: { order }, dropped };
      } catch (error) {
        const refused = error instanceof PartnerError && error.code === 'SWB_PARTNER_REFUSED';
        if (!whole || !refused || tries === MOST_TRIES) throw error;
        const now = (await read())[ITEMS];
        if (isDeepStrictEqual(now, items)) throw error;
        items = now;
      }
    }
  }

  /**
   * Asks for the order to be cancelled, unless that was asked already. A refusal is an answer, not a failure: the order stays as it is, and
   * the provider's words go back. What else was to change is left: it matters no more, or is told as not kept.
   */
  private async cancel(id: string, fields: Attributes): Promise<Written> {
    const { cancellationReason, ...sent } = fields;
    const before = await this.cancelling(id);
    const entity = isAsked(before) ? before : await this.askToCancel(before.order, id, cancellationReason);
    const refused = entity.cancel && isRefused(entity.cancel);
    return { entity, dropped: refused ? droppedFrom(sent, entity.order) : [] };
  }

  /** Throws PartnerError, unshown, where it is answered as done and neither the answer, the order nor a task shows it. */
  private async askToCancel(order: Attributes, id: string, reason: Json | undefined): Promise<Cancelling> {
    const answer = await this.there(id, () => this.cancellations.ask(id, reason));
    if (this.cancellations.isTaskOf(answer, id)) {
      return { order: await this.entities.read(id).catch(() => order), cancel: answer };
    }
    const after = await afterWrite(() => this.cancelling(id, textOf(answer.id)), true);
    if (isAsked(after)) return after;
    throw this.answers.unshown({ what: 'cancel order' }, 'it was answered as done, and neither the order nor a task shows it');
  }

  /** `answered`: the id of the task, where an answer named one. */
  private async cancelling(id: string, answered?: string): Promise<Cancelling> {
    const order = await this.order(id);
    const cancel = isCancelling(order) ? undefined : await this.cancellations.find(id, answered);
    return { order, ...(cancel && { cancel }) };
  }

  /** Does something with an order that may still be queued: then it is tried again. */
  private async there<T>(id: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (!isQueued(error)) throw error;
      throw new PartnerError('SWB_PARTNER_UNAVAILABLE', `Order ${id} is not there yet: the provider still has to make it.`, {
        where: this.name,
        hint: 'It is tried again.',
        outcome: 'notDone',
        retry: true,
        cause: error,
      });
    }
  }
}

function isAsked({ order, cancel }: Cancelling): boolean {
  return cancel !== undefined || isCancelling(order);
}
