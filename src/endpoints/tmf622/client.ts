import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpAnswer } from '../../http/http.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import type { Check, Hint, Parsed, PollResult, RawEntity, SpooledAttachment, Written, WrittenPart } from '../endpoint.js';
import { type Attributes, droppedFrom, textOf, writable } from '../tmf/attributes.js';
import { checkConnection } from '../tmf/checks.js';
import { arrayModeOf, basePath, type TmfClient, type TmfOptions } from '../tmf/client.js';
import { Collection } from '../tmf/collection.js';
import type { ArrayMode, Profile, Version } from '../tmf/dialect.js';
import { TmfHub } from '../tmf/hub.js';
import { ourNote, renderNote, writtenNote } from '../tmf/note.js';
import { Cancellations, isCancelling, isQueued } from './cancellation.js';
import { type Dialect, dialectOf, referenceOf, withReference } from './dialect.js';
import { hintOf, orderOf, readEvent } from './events.js';
import { parse } from './parse.js';
import { poll } from './poll.js';
import { ITEMS, itemsPatch, orderBody } from './render.js';
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
/** Times a change is made anew because the provider changed the order meanwhile. */
const MOST_TRIES = 3;
/** Orders remembered that were taken but could not be read yet. */
const MOST_QUEUED = 10_000;

/** A client of one TMF622 provider. */
export function createTmf622Client(options: Tmf622Options): Tmf622Client {
  return new Client(options);
}

class Client implements Tmf622Client {
  readonly system = 'tmf622';
  readonly id: string;
  readonly name: string;
  readonly version: Version;
  readonly profile: Profile;
  readonly integrationUser?: string;
  private readonly dialect: Dialect;
  private readonly http;
  private readonly base: string;
  private readonly arrayMode: ArrayMode;
  private readonly wholeItems: boolean;
  private readonly orders: Collection;
  private readonly cancellations: Cancellations;
  private readonly hub: TmfHub;
  /** Taken with a 202, not there yet. */
  private readonly queued = new Set<string>();

  constructor(options: Tmf622Options) {
    this.id = options.id;
    this.name = options.name;
    this.http = options.http;
    this.version = options.version;
    this.profile = options.profile;
    if (options.integrationUser) this.integrationUser = options.integrationUser;
    this.dialect = dialectOf(options.version, options.profile);
    this.base = basePath(options, this.dialect);
    this.arrayMode = arrayModeOf(options);
    this.wholeItems = options.wholeItems ?? false;
    this.hub = new TmfHub(this.http, this.base, this.dialect, 'TMF622');
    this.cancellations = new Cancellations(this.http, this.base, this.dialect, options.clock);
    this.orders = new Collection({
      http: this.http,
      path: `${this.base}/${ENTITY}`,
      api: `TMF622 ${this.version}`,
      noun: 'order',
      type: 'ProductOrder',
      dialect: this.dialect,
      arrayMode: this.arrayMode,
    });
  }

  test(): Promise<Check[]> {
    const { http, base, dialect } = this;
    return checkConnection({ http, base, dialect, api: 'TMF622', resource: ENTITY, noun: 'orders' });
  }

  async read(_entityType: string, id: string): Promise<RawEntity> {
    return { order: await this.order(id) };
  }

  async find(_entityType: string, reference: string): Promise<RawEntity | undefined> {
    const found = await this.orders.find({ [this.dialect.filter]: reference }, reference, (o) => referenceOf(o, this.dialect));
    return found && { order: found };
  }

  async create(entityType: string, fields: Record<string, Json>, reference: string): Promise<Written> {
    const body = withReference(orderBody(fields, this.dialect), reference, this.dialect);
    this.orders.demand(this.validate(entityType, body), 'create');
    return { entity: { order: await this.created(await this.orders.create(body)) }, dropped: [] };
  }

  /** Writes attributes with a PATCH; that an order shall be cancelled is asked for instead, alone. */
  async update(_entityType: string, id: string, fields: Record<string, Json>): Promise<Written> {
    if (fields.state === 'cancelled') return this.cancel(id, fields);
    const given = writable(fields, this.dialect.notPatchable);
    if (Object.keys(given).length === 0) return { entity: { order: await this.order(id) }, dropped: [] };
    const order = await this.orders.inTurn(id, () => this.change(id, given));
    return { entity: { order }, dropped: droppedFrom(given, order) };
  }

  async comment(_entityType: string, id: string, comment: GenericComment): Promise<WrittenPart> {
    const note = renderNote(comment, this.dialect);
    const along = (order: Attributes): Attributes => (this.wholeItems ? { [ITEMS]: order[ITEMS] ?? [] } : {});
    const order = await this.there(id, () => this.orders.add(id, 'note', note, 'comment on order', { along }));
    return partOf(writtenNote(order, note));
  }

  async findComment(_entityType: string, id: string, comment: GenericComment, since: string): Promise<WrittenPart | undefined> {
    const found = ourNote(await this.order(id), comment, since);
    return found && partOf(found);
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
    return poll(this.http, `${this.base}/${ENTITY}`, this.dialect, cursor);
  }

  parse(raw: RawEntity): Parsed {
    return parse(raw, { endpoint: this.id, entityType: ENTITY, baseUrl: this.http.baseUrl, dialect: this.dialect });
  }

  validate(_entityType: string, fields: Record<string, Json>): Problem[] {
    return validateOrderCreate(this.version, this.profile, fields);
  }

  isOlder(a: string | undefined, b: string | undefined): boolean {
    return a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
  }

  registerHub(callback: string, query?: string): Promise<string> {
    return this.hub.register(callback, query);
  }

  unregisterHub(id: string): Promise<void> {
    return this.hub.unregister(id);
  }

  hubExists(id: string): Promise<boolean | undefined> {
    return this.hub.exists(id);
  }

  /** An event of a cancellation need not say which order it is of: then the task is asked. */
  async hintOf(given: unknown, path: string): Promise<Hint> {
    const event = readEvent(given, path);
    const task = event.orderId === undefined && event.cancel ? await this.cancellations.read(event.cancel.id) : undefined;
    const orderId = event.orderId ?? (task && orderOf(task));
    if (orderId !== undefined) return hintOf(event, orderId);
    throw new SwitchboardError('SWB_PAYLOAD', 'The event’s cancellation names no order.', {
      where: this.name,
      field: 'event.cancelProductOrder.productOrder.id',
    });
  }

  async readTold(_entityType: string, id: string, given: Json): Promise<RawEntity> {
    const event = readEvent(given);
    if (event.deleted) return { order: { id }, event: given };
    const task =
      event.cancel && (event.cancel.state === undefined ? await this.cancellations.read(event.cancel.id) : event.cancel);
    return { order: await this.order(id), event: given, ...(task && { cancel: task }) };
  }

  close(): void {
    this.http.close();
  }

  private async order(id: string): Promise<Attributes> {
    const order = await this.there(id, () => this.orders.read(id));
    this.queued.delete(id);
    return order;
  }

  /** The order as the provider has it once it took it; a queued one cannot be read yet, and is as the answer says. */
  private async created(answer: HttpAnswer<Attributes | undefined>): Promise<Attributes> {
    const { body } = answer;
    if (body?.id !== undefined && body[ITEMS] !== undefined) return body;
    // ServiceNow, POST ?mode=async: {orderId}
    const id = textOf(body?.orderId) ?? this.orders.createdId(answer);
    try {
      return await this.orders.read(id);
    } catch (error) {
      if (!(error instanceof PartnerError)) throw error;
      if (this.queued.size >= MOST_QUEUED) this.queued.clear();
      this.queued.add(id);
      return { ...body, id };
    }
  }

  /**
   * A merge patch replaces lists, so that one with items carries all of them, with what the provider says of each. When it is refused because
   * the provider changed one meanwhile, it is made anew.
   */
  private async change(id: string, given: Attributes): Promise<Attributes> {
    const whole = this.arrayMode !== 'append' && (ITEMS in given || this.wholeItems);
    let items = whole ? (await this.order(id))[ITEMS] : undefined;
    for (let tries = 1; ; tries++) {
      const body = this.orders.change(whole ? { ...given, [ITEMS]: itemsPatch(items, given[ITEMS]) } : given);
      this.orders.demand(validateOrderPatch(this.version, this.profile, body), 'update');
      try {
        return await this.there(id, () => this.orders.patch(id, body, 'update order'));
      } catch (error) {
        const refused = error instanceof PartnerError && error.code === 'SWB_PARTNER_REFUSED';
        if (!whole || !refused || tries === MOST_TRIES) throw error;
        const now = (await this.order(id))[ITEMS];
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
    const order = await this.there(id, () => this.orders.read(id), true);
    if (isCancelling(order)) return { entity: { order }, dropped: [] };
    const cancel = await this.there(id, () => this.cancellations.ask(id, fields.cancellationReason));
    const after = await this.orders.read(id).catch(() => order);
    const { cancellationReason: _reason, ...sent } = fields;
    return { entity: { order: after, cancel }, dropped: isRefused(cancel) ? droppedFrom(sent, after) : [] };
  }

  /** Does something with an order that may still be queued: then it is tried again. `missing`: one that is nowhere is taken for queued. */
  private async there<T>(id: string, task: () => Promise<T>, missing = false): Promise<T> {
    try {
      return await task();
    } catch (error) {
      const absent = error instanceof PartnerError && error.status === 404 && (missing || this.queued.has(id));
      if (!absent && !isQueued(error)) throw error;
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

function partOf(entry: Attributes | undefined): WrittenPart {
  return typeof entry?.id === 'string' ? { id: entry.id } : {};
}
