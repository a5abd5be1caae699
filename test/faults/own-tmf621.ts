import { randomUUID } from 'node:crypto';
import { type Kind, LIST_LAG, REPLICA_LAG } from './behaviours.js';
import { type Answer, Partner, type Request, Versions } from './partner.js';

export interface Note {
  id: string;
  text: string;
  author?: string;
  date: string;
}
export interface File {
  id: string;
  name: string;
  mimeType?: string;
  attachmentType?: string;
  url?: string;
  content?: string;
}
export interface Ticket {
  id: string;
  href: string;
  name?: string;
  description?: string;
  status: string;
  externalId?: string;
  creationDate: string;
  lastUpdate: string;
  note: Note[];
  attachment: File[];
  [attribute: string]: unknown;
}

const CLIENT = { id: 'broker', secret: 'a client secret' };
export const TMF_ENV = { SANDBOX_TMF_CLIENT_ID: CLIENT.id, SANDBOX_TMF_CLIENT_SECRET: CLIENT.secret };
const API = '/tmf-api/troubleTicket/v4';
const SET_BY_US = ['id', 'href', 'creationDate', 'lastUpdate', 'statusChangeDate', 'note', 'attachment'];

/** A provider with TMF621 v4: tickets with notes and attachments by value, a hub, tokens by client credentials. */
export class OwnTmf621 extends Partner {
  readonly tickets = new Map<string, Versions<Ticket>>();
  readonly contents = new Map<string, Buffer>();
  /** Second tickets that it made by itself of one of ours. */
  readonly children = new Set<string>();
  /** Its own notes and files that somebody's list left out. */
  readonly destroyed: string[] = [];
  private readonly hubs = new Map<string, { callback: string; line: Promise<void> }>();
  private readonly tokens = new Set<string>();
  private last = 500;

  get hubCount(): number {
    return this.hubs.size;
  }

  // What people do there.

  create(fields: Partial<Ticket>, quiet = false): Ticket {
    const id = `TT-${++this.last}`;
    const time = new Date().toISOString();
    const ticket: Ticket = {
      ...fields,
      id,
      href: `${this.root}${API}/troubleTicket/${id}`,
      status: fields.status ?? 'acknowledged',
      creationDate: time,
      lastUpdate: time,
      note: [],
      attachment: [],
    };
    for (const note of fields.note ?? []) this.pushNote(ticket, note);
    for (const file of fields.attachment ?? []) this.pushFile(ticket, file);
    this.tickets.set(id, new Versions(ticket));
    if (!quiet) this.publish('TroubleTicketCreateEvent', ticket);
    return ticket;
  }

  change(id: string, fields: Partial<Ticket>): void {
    const kept = this.tickets.get(id)!;
    const moved = fields.status !== undefined && fields.status !== kept.value.status;
    Object.assign(kept.value, fields);
    this.changed(kept, moved);
  }

  /** What a person does where two carry one reference: the copies become matters of their own. */
  disown(): void {
    const own = 'A matter of its own';
    for (const id of this.children) this.change(id, { externalId: undefined, name: own, description: own });
  }

  note(id: string, text: string): void {
    const kept = this.tickets.get(id)!;
    this.pushNote(kept.value, { text, author: 'noc' });
    this.changed(kept, false);
  }

  attach(id: string, name: string, content: Buffer): void {
    const kept = this.tickets.get(id)!;
    this.pushFile(kept.value, { name, mimeType: 'text/plain', attachmentType: 'file', content: content.toString('base64') });
    this.changed(kept, false);
  }

  files(id: string): { name: string; content: string }[] {
    const files = this.tickets.get(id)!.value.attachment;
    return files.map((file) => ({ name: file.name, content: String(this.contents.get(file.id)) }));
  }

  private pushNote(ticket: Ticket, note: Partial<Note>): void {
    ticket.note.push({ author: 'noc', ...note, id: randomUUID(), date: note.date ?? new Date().toISOString() } as Note);
  }

  private pushFile(ticket: Ticket, { content, ...file }: Partial<File>): void {
    const id = randomUUID();
    if (content !== undefined) this.contents.set(id, Buffer.from(content, 'base64'));
    ticket.attachment.push({ ...file, id, url: `${ticket.href}/attachment/${id}` } as File);
  }

  private changed(kept: Versions<Ticket>, moved: boolean): void {
    const ticket = kept.value;
    ticket.lastUpdate = new Date(Math.max(Date.now(), Date.parse(ticket.lastUpdate) + 1)).toISOString();
    kept.keep();
    this.publish(moved ? 'TroubleTicketStatusChangeEvent' : 'TroubleTicketAttributeValueChangeEvent', ticket);
  }

  /** Events of a hub go out one after the other. */
  private publish(eventType: string, ticket: Ticket): Promise<void> {
    const event = {
      eventId: randomUUID(),
      eventTime: new Date().toISOString(),
      eventType,
      event: { troubleTicket: structuredClone(ticket) },
    };
    const path = `${eventType[0]!.toLowerCase()}${eventType.slice(1)}`;
    for (const hub of this.hubs.values()) hub.line = this.tell(`${hub.callback}/listener/${path}`, {}, event, hub.line);
    return Promise.all([...this.hubs.values()].map(({ line }) => line)).then(() => undefined);
  }

  // What the API answers.

  protected kind({ method, path }: Request): Kind {
    if (path === '/oauth/token') return 'token';
    if (path.includes('/hub')) return 'other';
    if (method === 'POST') return 'create';
    if (method === 'PATCH') return 'change';
    if (path.includes('/attachment/')) return 'file';
    return path.endsWith('/troubleTicket') ? 'list' : 'read';
  }

  protected refusal({ path, headers }: Request): Answer | undefined {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (path === '/oauth/token' || this.tokens.has(token)) return undefined;
    return { status: 401, body: { code: '42', reason: 'Expired credentials' } };
  }

  protected failure() {
    return { code: '60', reason: 'Try later', message: 'The ticket system is busy' };
  }

  protected failureBesideResult() {
    return { result: [], status: 'failure', error: this.failure() };
  }

  protected stranger({ path }: Request): unknown {
    const own = path.split('/').at(-1);
    return [...this.tickets.values()].find(({ value }) => value.id !== own)?.value ?? {};
  }

  /** A child of a new ticket carries the same reference, and its event is there before the answer is. */
  protected override async beforeAnswer({ path }: Request, answer: Answer): Promise<void> {
    const ticket = answer.body as Ticket;
    if (!this.mood.child || answer.status !== 201 || !path.endsWith('/troubleTicket')) return;
    this.mood.count('create: a child is told of first');
    const relation = [{ id: ticket.id, relationshipType: 'parent' }];
    const { name, description, externalId } = ticket;
    const child = this.create({ name, description, externalId, ticketRelationship: relation }, true);
    this.children.add(child.id);
    const told = this.publish('TroubleTicketCreateEvent', child);
    await Promise.race([told, new Promise((resolve) => setTimeout(resolve, REPLICA_LAG))]);
  }

  protected act({ method, path, query, body, headers }: Request): Answer {
    if (path === '/oauth/token') return this.token(String(body), headers.authorization);
    const rest = path.startsWith(API) ? path.slice(API.length) : path;
    const [, resource, id, part, partId] = rest.split('/').map(decodeURIComponent);
    if (resource === 'hub') return this.hub(method, id, body);
    if (resource !== 'troubleTicket') {
      this.unknown.add(`${method} ${path}`);
      return { status: 404, body: { code: '60', reason: 'Resource not found' } };
    }
    if (!id) return method === 'POST' ? this.post(JSON.parse(String(body))) : this.list(query);
    if (part === 'attachment') {
      const bytes = this.contents.get(partId!);
      return bytes ? { status: 200, raw: bytes, headers: { 'Content-Type': 'text/plain' } } : NOT_FOUND;
    }
    const kept = this.tickets.get(id);
    if (kept && this.mood.notYet && kept.age < REPLICA_LAG && kept.value.externalId) return NOT_FOUND;
    if (method === 'GET') {
      const seen = kept?.seen(this.mood.replica ? REPLICA_LAG : 0);
      return seen ? { status: 200, body: seen } : NOT_FOUND;
    }
    if (!kept) return NOT_FOUND;
    return this.patch(kept, JSON.parse(String(body)));
  }

  private token(form: string, basic = ''): Answer {
    const sent = new URLSearchParams(form);
    const [id, secret] = Buffer.from(basic.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const known = (sent.get('client_id') ?? id) === CLIENT.id && (sent.get('client_secret') ?? secret) === CLIENT.secret;
    if (!known) return { status: 401, body: { error: 'invalid_client' } };
    const token = randomUUID();
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: 20 } };
  }

  private hub(method: string, id: string | undefined, body: Buffer): Answer {
    if (method === 'DELETE') return this.hubs.delete(id!) ? { status: 204 } : NOT_FOUND;
    if (method === 'GET') return NOT_FOUND;
    const { callback } = JSON.parse(String(body)) as { callback: string };
    const there = [...this.hubs].find(([, hub]) => hub.callback === callback);
    const key = there?.[0] ?? randomUUID();
    if (!there) this.hubs.set(key, { callback, line: Promise.resolve() });
    return { status: 201, body: { id: key, callback } };
  }

  private post(fields: Partial<Ticket>): Answer {
    const twice = fields.externalId && [...this.tickets.values()].some(({ value }) => value.externalId === fields.externalId);
    if (twice && this.mood.unique) {
      this.mood.count('create: 409, there already');
      return { status: 409, body: { code: '409', reason: 'Duplicate', message: 'A ticket with this externalId exists' } };
    }
    return { status: 201, body: structuredClone(this.create(fields)) };
  }

  private list(query: URLSearchParams): Answer {
    const kept = [...this.tickets.values()].filter(({ age }) => !this.mood.lag || age > LIST_LAG);
    let rows = kept.flatMap((one) => one.seen(this.mood.replica ? REPLICA_LAG : 0) ?? []);
    for (const [key, wanted] of query) {
      if (['fields', 'offset', 'limit', 'sort'].includes(key)) continue;
      const [, attribute, operator] = /^(.*?)(?:\.(gte|gt|lte|lt))?$/.exec(key)!;
      rows = rows.filter((row) => {
        const value = String(row[attribute!] ?? '');
        if (!operator) return wanted.split(',').includes(value);
        return operator.startsWith('g') ? value > wanted || (operator === 'gte' && value === wanted) : value < wanted;
      });
    }
    const sort = query.get('sort');
    const by = sort?.replace(/^[-+]/, '') ?? '';
    if (sort) rows.sort((a, b) => String(a[by]).localeCompare(String(b[by])) * (sort.startsWith('-') ? -1 : 1));
    const offset = Number(query.get('offset') ?? 0);
    const page = rows.slice(offset, offset + Math.min(100, Number(query.get('limit') ?? 100)));
    const headers = { 'X-Total-Count': String(rows.length), 'X-Result-Count': String(page.length) };
    return { status: 200, headers, body: structuredClone(page) };
  }

  private patch(kept: Versions<Ticket>, body: Partial<Ticket> | { op: string; path: string; value: unknown }[]): Answer {
    const ticket = kept.value;
    const before = ticket.status;
    if (Array.isArray(body)) {
      for (const { op, path, value } of body) {
        if (op === 'add' && path === '/note/-') this.pushNote(ticket, value as Note);
        else if (op === 'add' && path === '/attachment/-') this.pushFile(ticket, value as File);
        else if (['add', 'replace'].includes(op) && !path.slice(1).includes('/')) ticket[path.slice(1)] = value;
        else return { status: 400, body: { code: '20', reason: `Cannot ${op} ${path}` } };
      }
    } else {
      for (const [key, value] of Object.entries(body)) if (!SET_BY_US.includes(key)) ticket[key] = value;
      if (body.note) this.replace(ticket, 'note', body.note, (note) => this.pushNote(ticket, note));
      if (body.attachment) this.replace(ticket, 'attachment', body.attachment, (file) => this.pushFile(ticket, file));
    }
    this.changed(kept, before !== ticket.status);
    return { status: 200, body: structuredClone(ticket) };
  }

  /** A merge patch holds the whole list: what it leaves out is gone. */
  private replace<T extends Note | File>(ticket: Ticket, list: 'note' | 'attachment', wanted: T[], push: (one: T) => void): void {
    const old = ticket[list] as T[];
    const fresh: T[] = [];
    (ticket[list] as T[]) = fresh;
    for (const one of wanted) {
      const same = old.find((known) => known.id === one.id);
      if (same) fresh.push(same);
      else push(one);
    }
    for (const one of old) if (!fresh.includes(one)) this.destroyed.push(`${ticket.id}: ${'text' in one ? one.text : one.name}`);
  }
}

const NOT_FOUND: Answer = { status: 404, body: { code: '60', reason: 'Resource not found', message: 'No such ticket' } };
