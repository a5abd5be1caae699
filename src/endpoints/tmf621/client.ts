import { PartnerError } from '../../errors.js';
import type { FileContent } from '../../http/file-content.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { say } from '../../text/say.js';
import type { Hint, ParsedEntity, PollResult, RawEntity, SpooledAttachment, WriteResult, WrittenPart } from '../endpoint.js';
import type { PostedEvent } from '../posted-events.js';
import { isSameContent } from '../same-content.js';
import { type Attributes, droppedFrom, entries, writable } from '../tmf/attributes.js';
import { type ApiDefinition, TmfBaseClient } from '../tmf/base-client.js';
import type { TmfClient, TmfOptions } from '../tmf/client.js';
import { entryIds } from '../tmf/entry-ids.js';
import { isAnotherOfOurs, noteMatch, ourNote, renderNote } from '../tmf/note.js';
import { showsEvent } from '../tmf/shows-event.js';
import { isLikeFile, sameByMetadata, withoutContent } from './attachment.js';
import { type Dialect, dialectOf, referenceOf, withReference } from './dialect.js';
import { download } from './download.js';
import { EVENT_RESOURCES, readEvent } from './events.js';
import { attachmentOf, notesIn, parse } from './parse.js';
import { poll } from './poll.js';
import { renderAttachment, streamedBody } from './render.js';
import { validateTicketCreate, validateTicketPatch } from './schema.js';

export interface Tmf621Client extends TmfClient {
  readonly system: 'tmf621';
}

const ENTITY = 'troubleTicket';
const REQUIRED = [['status', 'severity', 'ticketType', 'description']];
const API: ApiDefinition = { name: 'TMF621', resource: ENTITY, type: 'TroubleTicket', noun: 'ticket', required: REQUIRED };

/** A client of one TMF621 provider. */
export function createTmf621Client(options: TmfOptions): Tmf621Client {
  return new Client(options);
}

class Client extends TmfBaseClient<Dialect> implements Tmf621Client {
  readonly system = 'tmf621';
  readonly hub = this;
  readonly resources = EVENT_RESOURCES;

  constructor(options: TmfOptions) {
    super(API, dialectOf(options.version, options.profile), options);
  }

  async read(_entityType: string, id: string): Promise<RawEntity> {
    return { ticket: withoutContent(await this.entities.read(id)) };
  }

  async find(_entityType: string, reference: string): Promise<RawEntity | undefined> {
    const filter = { externalId: { externalId: reference }, externalIdentifier: { 'externalIdentifier.id': reference } };
    const found = await this.entities.find(
      this.dialect.reference === 'description' ? {} : filter[this.dialect.reference],
      reference,
      (ticket) => referenceOf(ticket, this.dialect),
    );
    return found && { ticket: withoutContent(found) };
  }

  async create(entityType: string, fields: Record<string, Json>, reference: string): Promise<WriteResult> {
    const body = withReference(writable(fields, this.dialect.notCreatable), reference, this.dialect);
    this.entities.requireValid(this.validate(entityType, body), 'create');
    const ticket = await this.entities.create(body, reference, (created) => referenceOf(created, this.dialect));
    // The provider sets the status itself from the start, and reports it; the description may contain our reference.
    const isAsked = (name: string) =>
      name in body && name !== 'status' && !(name === 'description' && this.hasReferenceInDescription);
    const asked = Object.fromEntries(Object.entries(fields).filter(([name]) => isAsked(name)));
    return { entity: { ticket: withoutContent(ticket) }, dropped: droppedFrom(asked, ticket) };
  }

  async update(_entityType: string, id: string, fields: Record<string, Json>): Promise<WriteResult> {
    const given = writable(await this.keepReference(id, fields), this.dialect.notPatchable);
    const body = this.entities.change(given);
    this.entities.requireValid(validateTicketPatch(this.version, this.profile, body), 'update');
    const ticket = await this.entities.patchTexts(id, body, say`update ticket`);
    const sent = Object.fromEntries(Object.entries(fields).filter(([name]) => name in body));
    return { entity: { ticket: withoutContent(ticket) }, dropped: droppedFrom(sent, ticket) };
  }

  async comment(_entityType: string, id: string, comment: GenericComment, seen?: readonly string[]): Promise<WrittenPart> {
    const note = renderNote(comment, this.dialect);
    // ServiceNow accepts work notes but returns only comments.
    const hidden = this.dialect.note === 'typedText' && comment.visibility === 'internal';
    const form = { seen, ...(!hidden && noteMatch(comment)) };
    return this.entities.add(id, 'note', note, say`comment on ticket`, form);
  }

  async findComment(
    _entityType: string,
    id: string,
    comment: GenericComment,
    since: string,
    seen?: readonly string[],
  ): Promise<WrittenPart | undefined> {
    const ticket = await this.entities.readForLists(id, ['note']);
    return ourNote(ticket, comment, since, seen, this.habits.keepsAuthors);
  }

  putBack(_entityType: string, id: string, shown: RawEntity[], since: string, only?: readonly string[]): Promise<string[]> {
    return this.entities.putBack(id, 'note', shown.flatMap(notesIn), { since, only });
  }

  rewordComment(_entityType: string, id: string, part: string, { text }: GenericComment): Promise<boolean> {
    return this.entities.changeEntry(id, 'note', part, say`edit a note`, { text });
  }

  removeComment(_entityType: string, id: string, part: string): Promise<boolean> {
    return this.entities.changeEntry(id, 'note', part, say`delete a note`);
  }

  removeAttachment(_entityType: string, id: string, part: string): Promise<boolean> {
    return this.entities.changeEntry(id, 'attachment', part, say`delete a file`);
  }

  get takesFiles(): boolean {
    return this.dialect.attachments;
  }

  async attach(
    _entityType: string,
    id: string,
    attachment: SpooledAttachment,
    seen: readonly string[] = [],
  ): Promise<WrittenPart> {
    if (!this.dialect.attachments) {
      throw new PartnerError(
        'SWB_PARTNER_REFUSED',
        say`${attachment.name} cannot be sent: ServiceNow’s TMF621 does not support attachments.`,
        {
          where: this.name,
          hint: say`Send it another way, then skip this delivery.`,
          outcome: 'notDone',
          retry: false,
        },
      );
    }
    const entry = renderAttachment(attachment, this.dialect);
    return this.entities.add(id, 'attachment', entry, say`attach ${attachment.name}`, {
      seen,
      stream: (make) => streamedBody(entry, attachment.path, make),
      // Among the new entries, one with this name is ours, even if the provider has converted its content.
      isLike: (a) => a.name === attachment.name || isLikeFile(a, attachment),
    });
  }

  async findAttachment(
    _entityType: string,
    id: string,
    attachment: SpooledAttachment,
    _since: string,
    seen: readonly string[] = [],
  ): Promise<WrittenPart | undefined> {
    const ours = { id: `swb-${attachment.id}` };
    const list = entries((await this.entities.readForLists(id, ['attachment'])).attachment);
    if (list.some((entry) => entry.id === ours.id)) return ours;
    const unknown = [...entryIds(list)]
      .filter(([entry, part]) => !seen.includes(part) && !isAnotherOfOurs(entry, ours))
      .reverse();
    for (const [entry, part] of unknown) {
      // Names, and sizes of files of one kind, are often equal: only the content decides, where the provider allows its download.
      const content = () => download(this.http, attachmentOf(entry, part), async () => [entry]);
      const isSame = sameByMetadata(entry, attachment) ?? (await isSameContent(attachment, content));
      if (isSame ?? isLikeFile(entry, attachment)) return { id: part };
    }
    return undefined;
  }

  download(_entityType: string, id: string, attachment: GenericAttachment): Promise<FileContent> {
    return download(this.http, attachment, async () => entries((await this.entities.read(id)).attachment));
  }

  async poll(_entityType: string, cursor: Json | undefined): Promise<PollResult> {
    const result = await poll(this.api, this.path, this.absent, cursor);
    this.entities.observeHints(result.hints);
    return result;
  }

  parse(raw: RawEntity): ParsedEntity {
    return parse(raw, { endpoint: this.id, entityType: ENTITY, baseUrl: this.http.baseUrl, dialect: this.dialect });
  }

  validate(_entityType: string, fields: Record<string, Json>): Problem[] {
    return validateTicketCreate(this.version, this.profile, fields);
  }

  async identify(event: PostedEvent): Promise<Hint> {
    return this.hintOf(event, '');
  }

  hintOf(event: PostedEvent, path: string): Hint {
    const { hint, notes } = readEvent(event, path);
    this.entities.observeEvent(hint, notes);
    return hint;
  }

  /** A deleted ticket cannot be read back. */
  async readForEvent(entityType: string, id: string, event: Json, known?: RawEntity): Promise<RawEntity> {
    if (readEvent(event).deleted) return { ticket: { id }, event };
    return { ...(known ?? (await this.read(entityType, id))), event };
  }

  shows({ ticket, event: own }: RawEntity, received: Json): boolean {
    const isRead = own === undefined || !readEvent(own).deleted;
    const { deleted, ticket: reported } = readEvent(received);
    return isRead && !deleted && showsEvent(ticket as Attributes, reported);
  }

  gone(_entityType: string, id: string): RawEntity {
    return { ticket: { id }, event: { eventType: 'TroubleTicketDeleteEvent' } };
  }

  /** Whether the description holds our reference. */
  private get hasReferenceInDescription(): boolean {
    return this.dialect.reference === 'description';
  }

  /** Where the description holds our reference, a new description must contain it too. */
  private async keepReference(id: string, fields: Attributes): Promise<Attributes> {
    if (!this.hasReferenceInDescription || fields.description === undefined) return fields;
    const reference = referenceOf(await this.entities.read(id), this.dialect);
    return reference ? withReference(fields, reference, this.dialect) : fields;
  }
}
