import type { Readable } from 'node:stream';
import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/http.js';
import type { GenericAttachment, GenericComment, Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import type {
  Check,
  EndpointClient,
  Parsed,
  PollResult,
  RawEntity,
  SpooledAttachment,
  Written,
  WrittenPart,
} from '../endpoint.js';
import { entries, withoutContent } from './attachment.js';
import { checkConnection } from './checks.js';
import { type Dialect, dialectOf, type Profile, referenceOf, type Ticket, type Version, withReference } from './dialect.js';
import { download } from './download.js';
import { pages } from './list.js';
import { isoTime, parse } from './parse.js';
import { poll } from './poll.js';
import { attachmentReference, hubBody, noteId, renderAttachment, renderNote, streamedBody, writable } from './render.js';
import { validateTicketCreate, validateTicketPatch } from './schema.js';

export interface Tmf621Options {
  id: string;
  name: string;
  http: HttpClient;
  version: Version;
  profile: Profile;
  /** Below the base URL; the standard one of version or profile where not given. */
  apiPath?: string;
  /** How notes and attachments are added by PATCH: the whole list again, only the new entry, or a JSON patch (TMF630; providers differ). */
  arrayMode: 'replace' | 'append' | 'jsonPatch';
  integrationUser?: string;
  clock: () => number;
}

export interface Tmf621Client extends EndpointClient {
  readonly system: 'tmf621';
  readonly version: Version;
  readonly profile: Profile;
  registerHub(callback: string, query?: string): Promise<string>;
  unregisterHub(id: string): Promise<void>;
  hubExists(id: string): Promise<boolean | undefined>;
}

const ENTITY = 'troubleTicket';

/** A client of one TMF621 provider. */
export function createTmf621Client(options: Tmf621Options): Tmf621Client {
  return new Client(options);
}

class Client implements Tmf621Client {
  readonly system = 'tmf621';
  readonly id: string;
  readonly name: string;
  readonly version: Version;
  readonly profile: Profile;
  readonly integrationUser?: string;
  private readonly dialect: Dialect;
  private readonly http: HttpClient;
  private readonly base: string;
  private readonly arrayMode: Tmf621Options['arrayMode'];
  /** Lists are read, changed and written back: one writer at a time per ticket. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(options: Tmf621Options) {
    this.id = options.id;
    this.name = options.name;
    this.http = options.http;
    this.version = options.version;
    this.profile = options.profile;
    this.dialect = dialectOf(options.version, options.profile);
    this.base = `/${(options.apiPath || this.dialect.apiPath).replace(/^\/+|\/+$/g, '')}`;
    // ServiceNow appends what a PATCH brings.
    this.arrayMode = options.profile === 'servicenow' ? 'append' : options.arrayMode;
    if (options.integrationUser) this.integrationUser = options.integrationUser;
  }

  test(): Promise<Check[]> {
    return checkConnection(this.http, this.base, this.dialect);
  }

  async read(_entityType: string, id: string): Promise<RawEntity> {
    return { ticket: withoutContent(await this.ticket(id)) };
  }

  async find(_entityType: string, reference: string): Promise<RawEntity | undefined> {
    const filter: Record<string, string> =
      this.dialect.reference === 'externalId'
        ? { externalId: reference }
        : this.dialect.reference === 'externalIdentifier'
          ? { 'externalIdentifier.id': reference }
          : {};
    const found: Ticket[] = [];
    // A filter that a provider does not know gives all tickets: only one that carries the reference counts.
    for await (const page of pages(this.http, `${this.base}/${ENTITY}`, filter, `look up a ticket by ${reference}`)) {
      found.push(...page.filter((ticket) => referenceOf(ticket, this.dialect) === reference));
      if (found.length > 1) break;
    }
    if (found.length > 1) {
      throw new SwitchboardError(
        'SWB_WRONG_ENTITY',
        `Several tickets carry our reference ${reference}: ${found.map((t) => String(t.id)).join(', ')}.`,
        {
          where: this.name,
          hint: 'Clear it in the copies, then replay.',
        },
      );
    }
    return found[0] && { ticket: withoutContent(found[0]) };
  }

  async create(_entityType: string, fields: Record<string, Json>, reference: string): Promise<Written> {
    const body = withReference(writable(fields, this.dialect.notCreatable), reference, this.dialect);
    this.demand(validateTicketCreate(this.version, this.profile, body), 'create');
    const answer = await this.http.request<Ticket | undefined>({
      method: 'POST',
      path: `${this.base}/${ENTITY}`,
      body,
      what: 'create ticket',
    });
    return { entity: { ticket: withoutContent(await this.created(answer)) }, dropped: [] };
  }

  async update(_entityType: string, id: string, fields: Record<string, Json>): Promise<Written> {
    const body = this.patchBody(writable(await this.marked(id, fields), this.dialect.notPatchable));
    this.demand(validateTicketPatch(this.version, this.profile, body), 'update');
    const ticket = await this.patch(id, body, 'update ticket');
    const dropped = Object.entries(fields)
      .filter(([name, sent]) => name in body && !kept(sent, ticket[name]))
      .map(([field, sent]) => ({ field, sent, has: ticket[field] }));
    return { entity: { ticket: withoutContent(ticket) }, dropped };
  }

  comment(_entityType: string, id: string, comment: GenericComment): Promise<WrittenPart> {
    const note = renderNote(comment, this.dialect);
    return this.inTurn(id, async () => {
      const ticket = await this.add(id, 'note', note, 'comment on ticket');
      const written =
        entries(ticket.note).find((n) => n.id === note.id) ??
        [...entries(ticket.note)].reverse().find((n) => n.text === note.text);
      return typeof written?.id === 'string' ? { id: written.id } : {};
    });
  }

  async findComment(_entityType: string, id: string, comment: GenericComment, since: string): Promise<WrittenPart | undefined> {
    const ticket = await this.ticket(id);
    const ours = entries(ticket.note).find((n) => n.id === noteId(comment));
    // Where the provider gives ids of its own, the same words since our first try are ours.
    const same =
      ours ?? entries(ticket.note).find((n) => n.text === comment.text && (isoTime(n.date) ?? since) >= (comment.at ?? since));
    return same && (typeof same.id === 'string' ? { id: same.id } : {});
  }

  attach(_entityType: string, id: string, attachment: SpooledAttachment): Promise<WrittenPart> {
    if (!this.dialect.attachments) {
      throw new PartnerError(
        'SWB_PARTNER_REFUSED',
        `${attachment.name} cannot be sent: ServiceNow’s TMF621 takes no attachments.`,
        {
          where: this.name,
          hint: 'Send it another way, then skip this delivery.',
          outcome: 'notDone',
          retry: false,
        },
      );
    }
    const entry = renderAttachment(attachment, this.dialect);
    return this.inTurn(id, async () => {
      const ticket = await this.add(id, 'attachment', entry, `attach ${attachment.name}`, attachment.path);
      const written =
        entries(ticket.attachment).find((a) => a.id === entry.id) ??
        [...entries(ticket.attachment)].reverse().find((a) => a.name === attachment.name);
      return typeof written?.id === 'string' ? { id: written.id } : {};
    });
  }

  async findAttachment(_entityType: string, id: string, attachment: SpooledAttachment): Promise<WrittenPart | undefined> {
    const ticket = await this.ticket(id);
    const found = entries(ticket.attachment).find((a) => a.id === `swb-${attachment.id}` || a.name === attachment.name);
    return found && (typeof found.id === 'string' ? { id: found.id } : {});
  }

  download(_entityType: string, id: string, attachment: GenericAttachment): Promise<Readable> {
    return download(this.http, attachment, async () => entries((await this.ticket(id)).attachment));
  }

  poll(_entityType: string, cursor: Json | undefined): Promise<PollResult> {
    return poll(this.http, `${this.base}/${ENTITY}`, cursor);
  }

  parse(raw: RawEntity): Parsed {
    return parse(raw, { endpoint: this.id, entityType: ENTITY, baseUrl: this.http.baseUrl, dialect: this.dialect });
  }

  isOlder(a: string | undefined, b: string | undefined): boolean {
    return a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
  }

  async registerHub(callback: string, query?: string): Promise<string> {
    if (!this.dialect.hub) {
      throw new SwitchboardError('SWB_CONFIG', 'ServiceNow’s TMF621 has no hub.', {
        where: this.name,
        field: 'hub',
        hint: 'Poll instead: set it in the tmf621 in node.',
      });
    }
    const { body } = await this.http.request<{ id?: string }>({
      method: 'POST',
      path: `${this.base}/hub`,
      body: hubBody(callback, query, this.dialect),
      what: 'register at the hub',
    });
    if (body?.id !== undefined) return String(body.id);
    throw new PartnerError('SWB_PARTNER_ANSWER', 'The registration at the hub was answered without an id.', {
      where: this.name,
      outcome: 'unknown',
      retry: true,
    });
  }

  async unregisterHub(id: string): Promise<void> {
    try {
      await this.http.request({
        method: 'DELETE',
        path: `${this.base}/hub/${encodeURIComponent(id)}`,
        what: 'unregister from the hub',
      });
    } catch (error) {
      if (!(error instanceof PartnerError && error.status === 404)) throw error;
    }
  }

  /** TMF621 v5 only: v4 has no way to ask. */
  async hubExists(id: string): Promise<boolean | undefined> {
    if (this.version !== 'v5') return undefined;
    try {
      await this.http.request({
        method: 'GET',
        path: `${this.base}/hub/${encodeURIComponent(id)}`,
        what: 'check the registration',
      });
      return true;
    } catch (error) {
      if (error instanceof PartnerError && error.status === 404) return false;
      if (error instanceof PartnerError && (error.status === 405 || error.status === 501)) return undefined;
      throw error;
    }
  }

  close(): void {
    this.http.close();
  }

  private async ticket(id: string): Promise<Ticket> {
    const { body } = await this.http.request<Ticket>({ method: 'GET', path: this.path(id), what: 'read ticket' });
    if (typeof body === 'object' && body !== null) return body;
    throw new PartnerError('SWB_PARTNER_ANSWER', `The read of ticket ${id} was answered without one.`, {
      where: this.name,
      outcome: 'notDone',
      retry: true,
    });
  }

  private path(id: string): string {
    return `${this.base}/${ENTITY}/${encodeURIComponent(id)}`;
  }

  /** A 201 or 202 may come without a body; then the Location says which ticket it is, or nobody does. */
  private async created(answer: HttpAnswer<Ticket | undefined>): Promise<Ticket> {
    if (answer.body?.id !== undefined) return answer.body;
    const href = typeof answer.body?.href === 'string' ? answer.body.href : answer.headers.location;
    const id = href?.split('?')[0]?.split('/').filter(Boolean).at(-1);
    if (id) return this.ticket(decodeURIComponent(id));
    throw new PartnerError('SWB_PARTNER_ANSWER', `The create was answered ${answer.status} without an id.`, {
      where: this.name,
      hint: 'It is looked up by our reference.',
      outcome: 'unknown',
      retry: true,
      status: answer.status,
    });
  }

  /** Where our reference stands in the description, a new description must carry it too. */
  private async marked(id: string, fields: Ticket): Promise<Ticket> {
    if (this.dialect.reference !== 'description' || fields.description === undefined) return fields;
    const reference = referenceOf(await this.ticket(id), this.dialect);
    return reference ? withReference(fields, reference, this.dialect) : fields;
  }

  private patchBody(fields: Ticket): Ticket {
    return this.dialect.typed ? { '@type': 'TroubleTicket', ...fields } : fields;
  }

  private async patch(id: string, body: Ticket | Readable, what: string, contentType = this.dialect.patchType): Promise<Ticket> {
    const answer = await this.http.request<Ticket | undefined>({
      method: 'PATCH',
      path: this.path(id),
      headers: { 'Content-Type': contentType },
      body: isStream(body) ? body : JSON.stringify(body),
      what,
    });
    return answer.body?.id === undefined ? this.ticket(id) : answer.body;
  }

  /** Adds an entry to one of a ticket's lists, the way this provider takes it. `path`: file with the entry's content, streamed. */
  private async add(id: string, attribute: 'note' | 'attachment', entry: Ticket, what: string, path?: string): Promise<Ticket> {
    const send = (make: (entry: Ticket) => Json, type?: string) => {
      const body = path ? streamedBody(entry, path, make) : (make(entry) as Ticket);
      return this.patch(id, body, what, type);
    };
    if (this.arrayMode === 'jsonPatch')
      return send((e) => [{ op: 'add', path: `/${attribute}/-`, value: e }], 'application/json-patch+json');
    if (this.arrayMode === 'append') return send((e) => this.patchBody({ [attribute]: [e] }));
    const now = entries((await this.ticket(id))[attribute]);
    const before = attribute === 'attachment' ? now.map((a) => attachmentReference(a, this.dialect)) : now;
    return send((e) => this.patchBody({ [attribute]: [...before, e] }));
  }

  private demand(problems: Problem[], what: string): void {
    if (problems.length === 0) return;
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      `This ${what} would not be valid TMF621 ${this.version}: ${problems.map((p) => p.text).join(' ')}`,
      {
        where: this.name,
        field: problems[0]?.field,
        hint: 'Mend the mapping or the message, then replay it.',
      },
    );
  }

  private inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const run = (this.turns.get(id) ?? Promise.resolve()).then(task, task);
    this.turns.set(id, run);
    const clear = () => {
      if (this.turns.get(id) === run) this.turns.delete(id);
    };
    run.then(clear, clear);
    return run;
  }
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable).pipe === 'function';
}

/** Did the provider keep what was sent? Case, the label behind a choice («2 - High» for «2») and the notation of times do not count. */
function kept(sent: Json, has: Json | undefined): boolean {
  if (typeof sent === 'object' && sent !== null) return true; // providers enrich objects and lists
  const [a, b] = [String(sent), String(has ?? '')];
  if (a.toLowerCase() === b.toLowerCase() || b.startsWith(`${a} - `)) return true;
  const [left, right] = [isoTime(a), isoTime(b)];
  return left !== undefined && left === right;
}
