import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { PartnerError, SwitchboardError } from '../../errors.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { say } from '../../text/say.js';
import type {
  Cancellations as CancelledParts,
  Check,
  Hint,
  ParsedEntity,
  PollResult,
  RawEntity,
  SpooledAttachment,
  WriteResult,
  WrittenPart,
} from '../endpoint.js';
import type { PostedEvent } from '../posted-events.js';
import { type Attributes, droppedFrom, entries, textOf, writable } from '../tmf/attributes.js';
import { type ApiDefinition, TmfBaseClient } from '../tmf/base-client.js';
import type { TmfClient, TmfOptions } from '../tmf/client.js';
import { noteMatch, ourNote, renderNote } from '../tmf/note.js';
import { showsEvent } from '../tmf/shows-event.js';
import { isRefusal, OrderCanceller, reasonOf } from './cancel-order.js';
import { Cancellations, isQueued } from './cancellation.js';
import { isCancelling, isCancellingState } from './cancelling-states.js';
import { type CancelBy, type Dialect, dialectOf, referenceOf, withReference } from './dialect.js';
import { EVENT_RESOURCES, hintOf, orderOf, readEvent } from './events.js';
import {
  cancelledItems,
  droppedItems,
  ITEMS,
  isCancelledItem,
  itemsOf,
  onlyCancels,
  withItemIds,
  withoutCancelled,
} from './items.js';
import { notesIn, parse } from './parse.js';
import { poll } from './poll.js';
import { itemsPatch, orderBody, revisedItems } from './render.js';
import { validateOrderCreate, validateOrderPatch } from './schema.js';

export interface Tmf622Options extends TmfOptions {
  /** How orders are cancelled; default: as the profile has it. */
  cancelBy?: CancelBy;
  /** Every PATCH contains the whole list of items: a literal reading of v4 requires it (ProductOrder_Update). */
  wholeItems?: boolean;
}

export interface Tmf622Client extends TmfClient {
  readonly system: 'tmf622';
}

const ENTITY = 'productOrder';
const REQUIRED = [['state', ITEMS]];
const API: ApiDefinition = { name: 'TMF622', resource: ENTITY, type: 'ProductOrder', noun: 'order', required: REQUIRED };
/** Attempts to change an order that the provider changes at the same time. */
const MAX_ATTEMPTS = 3;

/** A client of one TMF622 provider. */
export function createTmf622Client(options: Tmf622Options): Tmf622Client {
  return new Client(options);
}

class Client extends TmfBaseClient<Dialect> implements Tmf622Client {
  readonly system = 'tmf622';
  readonly hub = this;
  /** TMF622 has no attachments, in either version. */
  readonly takesFiles = false;
  readonly resources = EVENT_RESOURCES;
  private readonly wholeItems: boolean;
  private readonly cancelBy: CancelBy;
  private readonly cancellations: Cancellations;
  private readonly canceller: OrderCanceller;

  constructor(options: Tmf622Options) {
    super(API, dialectOf(options.version, options.profile), options);
    this.wholeItems = options.wholeItems ?? false;
    this.cancelBy = options.cancelBy ?? this.dialect.cancelBy;
    this.cancellations = new Cancellations(this.api, this.base, this.dialect);
    this.canceller = new OrderCanceller({
      api: this.api,
      name: this.name,
      by: this.cancelBy,
      tasks: this.cancellations,
      clock: options.clock,
      at: (id) => `${this.path}/${encodeURIComponent(id)}`,
      read: (id) => this.order(id),
      patch: (id, attributes) => this.entities.inTurn(id, () => this.patchOrder(id, attributes, say`cancel order`)),
      addNote: (id, comment) => this.comment(ENTITY, id, comment),
      whenCreated: (id, task) => this.whenCreated(id, task),
    });
  }

  override async test(): Promise<Check[]> {
    const checks = await super.test();
    // Without access to the orders, the cancellations are no question yet.
    const isReadable = checks.every(({ ok }) => ok !== false);
    const cancelling = isReadable && this.cancelBy === 'request' ? await this.cancellations.check() : undefined;
    return [...checks, ...(cancelling ? [cancelling] : [])];
  }

  async read(_entityType: string, id: string): Promise<RawEntity> {
    return { order: await this.order(id) };
  }

  async find(_entityType: string, reference: string): Promise<RawEntity | undefined> {
    const related = ({ orderRelationship }: Attributes) => entries(orderRelationship).flatMap(({ id }) => textOf(id) ?? []);
    const found = await this.entities.find({ [this.dialect.filter]: reference }, reference, (o) => referenceOf(o), related);
    return found && { order: found };
  }

  async create(entityType: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const body = withReference(orderBody(fields, this.dialect), reference, this.dialect);
    this.entities.requireValid(this.validate(entityType, body), 'create');
    const order = await this.entities.create(body, reference, (created) => referenceOf(created));
    return { entity: { order }, dropped: [] };
  }

  /** Writes attributes with a PATCH; a cancellation is requested instead, and alone. */
  async update(_entityType: string, id: string, fields: Record<string, Json>, added?: readonly string[]): Promise<WriteResult> {
    if (isCancellingState(textOf(fields.state))) return this.canceller.cancel(id, fields);
    const given = writable(fields, this.dialect.notPatchable);
    const asked = this.canceller.byNote ? entries(given[ITEMS]).filter(isCancelledItem) : [];
    if (asked.length > 0) await this.canceller.cancelItems(id, asked);
    const rest = asked.length > 0 ? withoutCancelled(given) : given;
    const written =
      Object.keys(rest).length > 0
        ? await this.entities.inTurn(id, () => this.change(id, rest, added))
        : { entity: { order: await this.order(id) }, dropped: [] };
    return asked.length > 0 ? { ...written, undecided: true } : written;
  }

  findCancellation(_entityType: string, id: string): Promise<'requested' | 'deleted' | undefined> {
    return this.canceller.find(id);
  }

  async comment(_entityType: string, id: string, comment: GenericComment, parts: readonly string[] = []): Promise<WrittenPart> {
    const note = renderNote(comment, this.dialect);
    const seen = parts.filter((part) => !part.includes('|')); // of notes only, not of other reports
    const form = { seen, ...noteMatch(comment), ...(this.wholeItems && { along: ITEMS }) };
    return this.whenCreated(id, () => this.entities.add(id, 'note', note, say`comment on order`, form));
  }

  async findComment(
    _entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined> {
    const order = await this.whenCreated(id, () => this.entities.readForLists(id, ['note']));
    return ourNote(order, comment, since, seen, this.habits.keepsAuthors);
  }

  putBack(_entityType: string, id: string, shown: RawEntity[], since: string, only?: readonly string[]): Promise<string[]> {
    return this.whenCreated(id, () =>
      this.entities.putBack(id, 'note', shown.flatMap(notesIn), { since, only, along: this.wholeItems ? ITEMS : undefined }),
    );
  }

  async attach(_entityType: string, _id: string, attachment: SpooledAttachment): Promise<WrittenPart> {
    throw new PartnerError('SWB_PARTNER_REFUSED', say`${attachment.name} cannot be sent: TMF622 does not support attachments.`, {
      where: this.name,
      hint: say`Send it another way, then skip this delivery.`,
      outcome: 'notDone',
      retry: false,
    });
  }

  async findAttachment(): Promise<WrittenPart | undefined> {
    return undefined;
  }

  async download(_entityType: string, _id: string, attachment: GenericAttachment): Promise<Readable> {
    throw new SwitchboardError('SWB_PAYLOAD', say`${attachment.name} cannot be fetched: TMF622 has no attachments.`, {
      where: this.name,
      field: 'attachment',
    });
  }

  poll(_entityType: string, cursor: Json | undefined): Promise<PollResult> {
    return poll(this.api, this.path, { absent: this.absent, tasks: this.cancellations }, cursor);
  }

  gone(_entityType: string, id: string): RawEntity {
    return { order: { id }, event: { eventType: 'ProductOrderDeleteEvent', event: { productOrder: { id } } } };
  }

  parse(raw: RawEntity): ParsedEntity {
    return parse(raw, { endpoint: this.id, entityType: ENTITY, baseUrl: this.http.baseUrl, dialect: this.dialect });
  }

  itemsOf(record: Attributes) {
    return itemsOf(record);
  }

  cancellationsIn(_entityType: string, record: Attributes): CancelledParts {
    return { all: isCancelling(record), items: cancelledItems(record) };
  }

  withItemIds(fields: Attributes, idOf: (id: string) => string | undefined): Attributes {
    return withItemIds(fields, idOf);
  }

  validate(_entityType: string, fields: Record<string, Json>): Problem[] {
    return validateOrderCreate(this.version, this.profile, fields);
  }

  /** The event of a cancellation need not name its order. */
  hintOf(given: PostedEvent, path: string): Hint {
    const event = readEvent(given, path);
    const hint = hintOf(event, event.orderId ?? '');
    if (hint.id !== '') this.entities.observeEvent(hint, event.order.note);
    return hint;
  }

  /** Reads the task of a cancellation whose event does not name its order. */
  async identify(given: PostedEvent): Promise<Hint> {
    const hint = this.hintOf(given, '');
    if (hint.id !== '') return hint;
    const { cancel } = readEvent(given);
    const task = cancel && (await this.cancellations.read(cancel.id));
    const orderId = task && orderOf(task);
    if (orderId !== undefined) return { ...hint, id: orderId, number: orderId };
    throw new SwitchboardError('SWB_PAYLOAD', say`The event of a cancellation does not say which order it is about.`, {
      where: this.name,
      field: 'event.cancelProductOrder.productOrder.id',
    });
  }

  async readForEvent(_entityType: string, id: string, given: Json, known?: RawEntity): Promise<RawEntity> {
    const event = readEvent(given);
    if (event.deleted) return { order: { id }, event: given };
    const task =
      event.cancel && (event.cancel.state === undefined ? await this.cancellations.read(event.cancel.id) : event.cancel);
    return {
      order: (known?.order as Attributes | undefined) ?? (await this.order(id)),
      event: given,
      ...(task && { cancel: task }),
    };
  }

  /** An event of a cancellation says nothing about the order that a read could show. */
  shows({ order, event: own }: RawEntity, received: Json): boolean {
    const event = readEvent(received);
    const isRead = own === undefined || !readEvent(own).deleted;
    return isRead && !event.deleted && !event.cancel && showsEvent(order as Attributes, event.order, ['state', ITEMS]);
  }

  private order(id: string): Promise<Attributes> {
    return this.whenCreated(id, () => this.entities.read(id));
  }

  /**
   * A merge patch replaces lists, so a change of items sends all of them, with the provider's own attributes. When it is refused
   * because the provider changed an item meanwhile, the change is repeated on the new state. A refusal of cancellations alone is an
   * answer, not a failure.
   */
  private async change(id: string, given: Attributes, added: readonly string[] = []): Promise<WriteResult> {
    const sendsAllItems = this.arrayMode !== 'append' && (ITEMS in given || this.wholeItems);
    const listed = sendsAllItems || ITEMS in given;
    const read = () => this.whenCreated(id, () => this.entities.readForLists(id, [ITEMS]));
    let items = listed ? (await read())[ITEMS] : undefined;
    for (let attempt = 1; ; attempt++) {
      // Also checked where the provider accepts single items: it would order an unknown item once more.
      const all = listed ? itemsPatch(items, given[ITEMS], added, { alone: !sendsAllItems }) : [];
      const sent = sendsAllItems ? { ...given, [ITEMS]: all } : this.asTaken(given, items);
      // Only our own attributes are validated, not what the provider says about its items.
      this.entities.requireValid(validateOrderPatch(this.version, this.profile, this.entities.change(given)), 'update');
      try {
        const answered = await this.whenCreated(id, () => this.patchOrder(id, sent, say`update order`));
        const order = await this.canceller.asKept(id, entries(given[ITEMS]), answered);
        const dropped = [...droppedFrom(given, order), ...droppedItems(given, { [ITEMS]: items ?? [] }, order)];
        return { entity: { order }, dropped };
      } catch (error) {
        const refused = error instanceof PartnerError && error.code === 'SWB_PARTNER_REFUSED';
        if (!refused) throw error;
        const order = sendsAllItems || onlyCancels(given) ? await read() : {};
        const isRepeated = sendsAllItems && attempt < MAX_ATTEMPTS && !isDeepStrictEqual(order[ITEMS], items);
        if (!isRepeated && onlyCancels(given) && isRefusal(error))
          return { entity: { order }, dropped: [], refused: reasonOf(error) };
        if (!isRepeated) throw error;
        items = order[ITEMS];
      }
    }
  }

  private patchOrder(id: string, attributes: Attributes, what: string): Promise<Attributes> {
    return this.entities.patchTexts(id, this.entities.change(attributes), what);
  }

  /** Single items, as the provider takes them. */
  private asTaken(given: Attributes, items: Json | undefined): Attributes {
    if (this.dialect.itemCancel === 'state' || !(ITEMS in given)) return given;
    return { ...given, [ITEMS]: revisedItems(items, given[ITEMS]) };
  }

  /** Works on an order that the provider may not have created yet; that is retried. */
  private async whenCreated<T>(id: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (!isQueued(error)) throw error;
      throw new PartnerError('SWB_PARTNER_UNAVAILABLE', say`Order ${id} is not there yet: the provider still has to create it.`, {
        where: this.name,
        hint: say`Switchboard tries again.`,
        outcome: 'notDone',
        retry: true,
        cause: error,
      });
    }
  }
}
