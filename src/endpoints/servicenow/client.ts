import { PartnerError, SwitchboardError } from '../../errors.js';
import { type FileContent, fileContent } from '../../http/file-content.js';
import type { HttpClient } from '../../http/http.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { say } from '../../text/say.js';
import { type Api, isAbsent } from '../api.js';
import type {
  Cancellations,
  Check,
  EndpointClient,
  Hint,
  ParsedEntity,
  PollResult,
  RawEntity,
  SpooledAttachment,
  WriteResult,
  WrittenPart,
} from '../endpoint.js';
import type { PostedEvent } from '../posted-events.js';
import type { PickListResult } from '../system.js';
import { serviceNowApi } from './answers.js';
import { BatchingHttp } from './batch.js';
import { checkConnection, requestUsers } from './checks.js';
import { Comments } from './comments.js';
import { type FieldChoice, listChoices, listFields, listTables, type TableChoice, type ValueChoice } from './dictionary.js';
import { Files } from './files.js';
import { cancellationsIn } from './line-cancellations.js';
import { LINES, referenceColumns } from './lines.js';
import { Orders } from './orders.js';
import { parse, referenceOf, type ServiceNowEntity, serviceNowTimeToIso } from './parse.js';
import { poll, serverTime } from './poll.js';
import { findByNumber, findByReference, sysId } from './query.js';
import { RecordReader } from './read.js';
import { droppedFields, rowBody } from './render.js';
import { columnText } from './row.js';
import { validateServiceNowFields } from './schema.js';
import { SeenRows } from './seen-rows.js';
import { type EntityTable, readWebhook, showsRow } from './webhook.js';
import { changeRow, insertRow } from './write.js';
import { ZoneReader } from './zone.js';

export interface ServiceNowOptions {
  id: string;
  name: string;
  http: HttpClient;
  /** `fields`: columns to read; none = all of them. */
  entityTypes: (EntityTable & { fields: string[] })[];
  /** The user that we write as, to recognise our own comments. */
  integrationUser?: string;
  clock: () => number;
}

export interface ServiceNowClient extends EndpointClient {
  find: NonNullable<EndpointClient['find']>;
  readonly system: 'servicenow';
  readonly entityTypes: readonly EntityTable[];
  /** Choices for the dialogs; `known`: tables to include in any case. */
  listTables(known: readonly string[]): Promise<PickListResult<TableChoice>>;
  listFields(table: string): Promise<PickListResult<FieldChoice>>;
  listChoices(table: string, field: string): Promise<PickListResult<ValueChoice>>;
}

/** How long a new request by our own user may lack our reference, milliseconds. */
const REFERENCE_WINDOW = 300_000;

/** A client of one ServiceNow instance (Table API v2, Attachment API, Service Catalog API). */
export function createServiceNowClient(options: ServiceNowOptions): ServiceNowClient {
  return new Client(options);
}

class Client implements ServiceNowClient {
  readonly system = 'servicenow';
  readonly id: string;
  readonly name: string;
  readonly integrationUser?: string;
  readonly entityTypes;
  private readonly http: HttpClient;
  private readonly api: Api;
  /** Sends reads that are requested at the same time as one request. */
  private readonly batchingApi: Api;
  readonly address: string;
  private readonly clock: () => number;
  private readonly readers = new Map<string, RecordReader>();
  private readonly orders = new Map<string, Orders>();
  private readonly seen = new Map<string, SeenRows>();
  private readonly zone: ZoneReader;

  constructor(options: ServiceNowOptions) {
    this.id = options.id;
    this.name = options.name;
    this.http = options.http;
    this.api = serviceNowApi(options.http);
    this.batchingApi = serviceNowApi(new BatchingHttp(options.http));
    this.address = options.http.baseUrl;
    this.clock = options.clock;
    this.entityTypes = options.entityTypes;
    this.zone = new ZoneReader(this.api, options.integrationUser, options.clock);
    if (options.integrationUser) this.integrationUser = options.integrationUser;
  }

  get clockAhead(): number | undefined {
    return this.http.clockAhead;
  }

  readWebhook(event: PostedEvent, entityType: string): Hint {
    return readWebhook(event, this.entityTypes, entityType);
  }

  shows(entity: RawEntity, received: Json): boolean {
    return showsRow(entity as ServiceNowEntity, received as PostedEvent);
  }

  entityOf(entityType: string, id: string): string {
    return this.reader(entityType).entityOf(id);
  }

  test(): Promise<Check[]> {
    return checkConnection(this.api, this.entityTypes, this.integrationUser, this.clock);
  }

  probe(): Promise<void> {
    return requestUsers(this.api);
  }

  listTables(known: readonly string[]): Promise<PickListResult<TableChoice>> {
    return listTables(this.api, known);
  }

  listFields(table: string): Promise<PickListResult<FieldChoice>> {
    return listFields(this.api, table);
  }

  listChoices(table: string, field: string): Promise<PickListResult<ValueChoice>> {
    return listChoices(this.api, table, field);
  }

  async read(entityType: string, id: string): Promise<RawEntity> {
    const entity = await this.reader(entityType).read(id);
    await this.awaitReference(entityType, entity);
    return entity;
  }

  /**
   * A request of ours gets our reference only after the catalogue has created it. A read in between would take it for another
   * user's, so it is retried a little later.
   */
  private async awaitReference(entityType: string, { table, record, lines }: ServiceNowEntity): Promise<void> {
    if (LINES[table]?.creation !== 'order' || referenceOf(record, lines)) return;
    const ours = this.integrationUser !== undefined && columnText(record.sys_created_by) === this.integrationUser;
    const created = serviceNowTimeToIso(columnText(record.sys_created_on));
    if (!ours || !created) return;
    // By the instance's clock: ours may be hours off.
    const now = serviceNowTimeToIso(await serverTime(this.api, table)) ?? created;
    if (Math.abs(Date.parse(now) - Date.parse(created)) > REFERENCE_WINDOW) return;
    throw new PartnerError(
      'SWB_PARTNER_NOT_FOUND',
      say`${columnText(record.number)} was just created by our own user and does not carry our reference yet.`,
      {
        where: this.name,
        hint: say`Switchboard reads it again. If it still has no reference after ${REFERENCE_WINDOW / 60_000} minutes, it counts as another user’s ${entityType}.`,
        outcome: 'notDone',
        retry: true,
      },
    );
  }

  async readRecord(entityType: string, id: string): Promise<RawEntity> {
    const entity = await this.reader(entityType).record(id);
    await this.awaitReference(entityType, entity);
    return entity;
  }

  async find(entityType: string, reference: string, fields?: Record<string, Json>): Promise<RawEntity | undefined> {
    const table = this.table(entityType);
    const orders = this.ordersOf(entityType);
    if (orders) return orders.find(reference, fields);
    const record = await findByReference(this.api, table, entityType, reference);
    return record && { table, record };
  }

  async findByNumber(entityType: string, number: string): Promise<RawEntity | undefined> {
    const found = await findByNumber(this.api, this.table(entityType), number, entityType);
    return found && this.read(entityType, columnText(found.sys_id));
  }

  async create(entityType: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const table = this.table(entityType);
    const orders = this.ordersOf(entityType);
    if (orders) return orders.create(fields, reference);
    const body = rowBody({ ...fields, correlation_id: reference });
    const record = await insertRow(this.api, table, body, `create ${entityType}`, referenceColumns(table));
    return { entity: { table, record }, dropped: droppedFields(body, record) };
  }

  async update(
    entityType: string,
    id: string,
    fields: Record<string, Json>,
    added?: readonly string[],
    current?: RawEntity,
  ): Promise<WriteResult> {
    const table = this.table(entityType);
    const orders = this.ordersOf(entityType);
    if (orders) return orders.update(id, fields, added, current as ServiceNowEntity | undefined);
    const body = rowBody(fields);
    const record = await changeRow(this.api, table, id, body, `update ${entityType}`);
    return { entity: { table, record }, dropped: droppedFields(body, record) };
  }

  comment(entityType: string, id: string, comment: GenericComment, seen?: readonly string[]): Promise<WrittenPart> {
    return this.commentsOf(entityType).write(id, comment, seen);
  }

  findComment(
    entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined> {
    return this.commentsOf(entityType).find(id, comment, since, seen);
  }

  attach(entityType: string, id: string, attachment: SpooledAttachment): Promise<WrittenPart> {
    return this.filesOf(entityType).write(id, attachment);
  }

  findAttachment(
    entityType: string,
    id: string,
    attachment: SpooledAttachment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined> {
    return this.filesOf(entityType).find(id, attachment, since, seen);
  }

  async removeAttachment(_entityType: string, _id: string, part: string): Promise<boolean> {
    const request = { method: 'DELETE', path: `/api/now/attachment/${sysId(part)}`, what: say`delete the attachment` } as const;
    await this.api.ask(request).catch((error: unknown) => {
      if (!isAbsent(error)) throw error;
    });
    return true;
  }

  download(_entityType: string, _id: string, { id, name }: GenericAttachment): Promise<FileContent> {
    return this.contentOf(id, name);
  }

  private async contentOf(id: string, name: string): Promise<FileContent> {
    const path = `/api/now/attachment/${sysId(id)}/file`;
    const headers = { Accept: '*/*' };
    return fileContent(await this.http.request({ method: 'GET', path, headers, as: 'stream', what: say`download ${name}` }));
  }

  poll(entityType: string, cursor: Json | undefined): Promise<PollResult> {
    const table = this.table(entityType);
    const memory = { zone: () => this.zone.read(table), seen: this.seenOf(entityType) };
    return poll(this.api, table, entityType, cursor, memory).catch((error: unknown) => {
      this.zone.forget();
      throw error;
    });
  }

  gone(entityType: string, id: string): RawEntity {
    return { table: this.table(entityType), record: { sys_id: id }, deleted: true };
  }

  takesItemChanges(entityType: string): boolean {
    return LINES[this.table(entityType)]?.creation !== 'order';
  }

  cancellationsIn(entityType: string, record: Record<string, Json>): Cancellations | undefined {
    return cancellationsIn(this.table(entityType), record);
  }

  parse(raw: RawEntity): ParsedEntity {
    const table = (raw as { table?: string }).table;
    const entityType = this.entityTypes.find((t) => t.table === table)?.name ?? table ?? '';
    return parse(raw, { endpoint: this.id, entityType, baseUrl: this.http.baseUrl });
  }

  validate(entityType: string, fields: Record<string, Json>): Problem[] {
    return validateServiceNowFields(entityType, fields);
  }

  isOlder(a: string | undefined, b: string | undefined): boolean {
    return a !== undefined && b !== undefined && a < b;
  }

  close(): void {
    this.http.close();
  }

  private table(entityType: string): string {
    const known = this.entityTypes.find((t) => t.name === entityType);
    if (known) return known.table;
    throw new SwitchboardError('SWB_CONFIG', say`The endpoint has no entity type "${entityType}".`, {
      where: this.name,
      field: 'entityTypes',
      hint: say`Add it in the endpoint’s dialog.`,
    });
  }

  private reader(entityType: string): RecordReader {
    let reader = this.readers.get(entityType);
    if (!reader) {
      const fields = this.entityTypes.find((t) => t.name === entityType)?.fields ?? [];
      // A record with lines takes five requests, each time.
      const table = this.table(entityType);
      const api = LINES[table] ? this.batchingApi : this.api;
      reader = new RecordReader(api, entityType, table, fields);
      this.readers.set(entityType, reader);
    }
    return reader;
  }

  /** The rows of an entity type that its polls have seen. */
  private seenOf(entityType: string): SeenRows {
    const seen = this.seen.get(entityType) ?? new SeenRows();
    this.seen.set(entityType, seen);
    return seen;
  }

  private commentsOf(entityType: string): Comments {
    const { api, clock, integrationUser } = this;
    return new Comments({ api, table: this.table(entityType), entityType, clock, integrationUser });
  }

  private filesOf(entityType: string): Files {
    const { api, integrationUser } = this;
    const download = (id: string, name: string) => this.contentOf(id, name);
    return new Files({ api, table: this.table(entityType), integrationUser, download });
  }

  /** The writer for records with lines; undefined where the records of the entity type have none. */
  private ordersOf(entityType: string): Orders | undefined {
    const table = this.table(entityType);
    const lines = LINES[table];
    let orders = this.orders.get(entityType);
    if (!orders && lines) {
      const { api, integrationUser } = this;
      orders = new Orders({ api, entityType, table, lines, integrationUser, reader: this.reader(entityType) });
      this.orders.set(entityType, orders);
    }
    return orders;
  }
}
