import { randomUUID } from 'node:crypto';
import { type Kind, LIST_LAG, REPLICA_LAG } from './behaviours.js';
import type { Answer, Request, Versions } from './fake-partner.js';
import { API, FakeTickets, type File, type Note, type Ticket } from './fake-tickets.js';
import { type PatchOp, patchJson } from './json-patch.js';
import { parseTime } from './partner-formats.js';

const CLIENT = { id: 'broker', secret: 'a client secret' };
export const TMF_ENV = { SANDBOX_TMF_CLIENT_ID: CLIENT.id, SANDBOX_TMF_CLIENT_SECRET: CLIENT.secret };
const SET_BY_US = ['id', 'href', 'creationDate', 'lastUpdate', 'statusChangeDate', 'note', 'attachment'];

/** The TMF621 v4 API of the provider: notes and attachments by value, a hub, tokens by client credentials. */
export class FakeTmf621 extends FakeTickets {
  private readonly tokens = new Set<string>();
  /** First and last time an answer showed each note and file, in real time milliseconds. */
  private readonly shown = new Map<string, number[]>();

  // The API.

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

  protected otherRecord({ path }: Request): unknown {
    const own = path.split('/').at(-1);
    return [...this.tickets.values()].find(({ value }) => value.id !== own)?.value ?? {};
  }

  /** A child of a new ticket carries the same reference, and its event arrives before the answer. */
  protected override async beforeAnswer({ path }: Request, answer: Answer): Promise<void> {
    const ticket = answer.body as Ticket;
    if (!this.behaviours.child || answer.status !== 201 || !path.endsWith('/troubleTicket')) return;
    this.behaviours.count('create: event of a child first');
    const relation = [{ id: ticket.id, relationshipType: 'parent' }];
    const { name, description, externalId } = ticket;
    const child = this.create({ name, description, externalId, ticketRelationship: relation }, true);
    this.children.add(child.id);
    const published = this.publish('TroubleTicketCreateEvent', child);
    await Promise.race([published, new Promise((resolve) => setTimeout(resolve, REPLICA_LAG))]);
  }

  protected act(request: Request): Answer {
    const answer = this.answerTo(request);
    for (const ticket of [answer.body].flat() as (Partial<Ticket> | undefined)[])
      for (const entry of [...(ticket?.note ?? []), ...(ticket?.attachment ?? [])]) {
        const now = Date.now();
        const [first = now] = this.shown.get(keyOf(entry)) ?? [];
        this.shown.set(keyOf(entry), [first, now]);
      }
    return answer;
  }

  private answerTo({ method, path, query, body, headers }: Request): Answer {
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
    if (kept && this.behaviours.notYet && kept.age < REPLICA_LAG && kept.value.externalId) return NOT_FOUND;
    if (method === 'GET') {
      const seen = kept?.seen(this.behaviours.replica ? REPLICA_LAG : 0);
      return seen ? { status: 200, body: structuredClone(seen) } : NOT_FOUND;
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
    if (!there) this.hubs.set(key, { callback, queue: Promise.resolve() });
    return { status: 201, body: { id: key, callback } };
  }

  private post(fields: Partial<Ticket>): Answer {
    const twice = fields.externalId && [...this.tickets.values()].some(({ value }) => value.externalId === fields.externalId);
    if (twice && this.behaviours.unique) {
      this.behaviours.count('create: 409, reference exists');
      return { status: 409, body: { code: '409', reason: 'Duplicate', message: 'A ticket with this externalId exists' } };
    }
    return { status: 201, body: structuredClone(this.create(fields, false, true)) };
  }

  private list(query: URLSearchParams): Answer {
    const kept = [...this.tickets.values()].filter(({ age }) => !this.behaviours.lag || age > LIST_LAG);
    let rows = kept.flatMap((one) => one.seen(this.behaviours.replica ? REPLICA_LAG : 0) ?? []);
    for (const [key, wanted] of query) {
      if (['fields', 'offset', 'limit', 'sort'].includes(key)) continue;
      const [, attribute, operator] = /^(.*?)(?:\.(gte|gt|lte|lt))?$/.exec(key)!;
      rows = rows.filter((row) => {
        if (attribute === 'lastUpdate') return this.compares(row, operator, wanted);
        const value = String(row[attribute!] ?? '');
        if (!operator) return wanted.split(',').includes(value);
        return operator.startsWith('g') ? value > wanted || (operator === 'gte' && value === wanted) : value < wanted;
      });
    }
    const sort = query.get('sort');
    const by = sort?.replace(/^[-+]/, '') ?? '';
    if (sort) rows.sort((a, b) => String(a[by]).localeCompare(String(b[by])) * (sort.startsWith('-') ? -1 : 1));
    const offset = Number(query.get('offset') ?? 0);
    const page = rows.slice(offset, offset + Math.min(100, this.pageLimit, Number(query.get('limit') ?? 100)));
    const headers = { 'X-Total-Count': String(rows.length), 'X-Result-Count': String(page.length) };
    return { status: 200, headers, body: structuredClone(page) };
  }

  private compares(row: Ticket, operator: string | undefined, wanted: string): boolean {
    const [at, mark] = [parseTime(row.lastUpdate, this.zone), parseTime(wanted, this.zone)];
    if (operator?.startsWith('g')) return at > mark || (operator === 'gte' && at === mark);
    return operator ? at < mark || (operator === 'lte' && at === mark) : at === mark;
  }

  private patch(kept: Versions<Ticket>, body: Partial<Ticket> | PatchOp[]): Answer {
    const ticket = kept.value;
    const before = ticket.status;
    if (Array.isArray(body)) {
      const copy = structuredClone(ticket);
      const fields: Partial<Ticket> = {};
      const bad = patchJson(copy, body, {
        note: (note: Note) => this.pushNote(copy, note, true),
        attachment: (file: File) => this.pushFile(copy, file, true),
      });
      if (bad) return { status: 400, body: { code: '20', reason: `Cannot ${bad.op} ${bad.path}` } };
      for (const { path } of body) {
        const name = path.split('/')[1]!;
        if (!SET_BY_US.includes(name)) fields[name] = copy[name];
      }
      Object.assign(ticket, { note: copy.note, attachment: copy.attachment });
      this.assign(ticket, fields, 'broker');
    } else {
      const fields = Object.entries(body).filter(([key]) => !SET_BY_US.includes(key));
      this.assign(ticket, Object.fromEntries(fields), 'broker');
      if (body.note) this.replace(ticket, 'note', body.note, (note) => this.pushNote(ticket, note, true));
      if (body.attachment) this.replace(ticket, 'attachment', body.attachment, (file) => this.pushFile(ticket, file, true));
    }
    this.changed(kept, before !== ticket.status);
    return { status: 200, body: structuredClone(ticket) };
  }

  /** A merge patch contains the whole list: entries it leaves out are removed. */
  private replace<T extends Note | File>(ticket: Ticket, list: 'note' | 'attachment', wanted: T[], push: (one: T) => void): void {
    const old = ticket[list] as T[];
    const fresh: T[] = [];
    (ticket[list] as T[]) = fresh;
    for (const one of wanted) {
      const same = old.find((known) => ('text' in known && !known.id ? known.text === (one as Note).text : known.id === one.id));
      if (same) fresh.push(same);
      else push(one);
    }
    for (const one of old.filter((entry) => !fresh.includes(entry))) {
      const words = `${ticket.id}: ${'text' in one ? one.text : one.name}`;
      this.destroyed.push(words);
      const times = this.shown.get(keyOf(one)) ?? [];
      this.lastShown.push({ words, times });
    }
  }
}

const keyOf = (entry: Note | File) => ('text' in entry ? `${entry.text}|${entry.date}` : entry.id);

const NOT_FOUND: Answer = { status: 404, body: { code: '60', reason: 'Resource not found', message: 'No such ticket' } };
