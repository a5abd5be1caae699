import type { Readable } from 'node:stream';
import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpAnswer, HttpClient } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { type Attributes, entries, idOf } from './attributes.js';
import type { ArrayMode, TmfDialect } from './dialect.js';
import { pages } from './list.js';

export interface CollectionOptions {
  http: HttpClient;
  /** `/tmf-api/troubleTicket/v4/troubleTicket`. */
  path: string;
  /** The API as its definition calls it, for errors: `TMF621 v4`. */
  api: string;
  /** What one of them is called, for errors: ticket. */
  noun: string;
  /** Its class, where objects name their type: TroubleTicket. */
  type: string;
  dialect: TmfDialect;
  arrayMode: ArrayMode;
}

/** How an entry of a list is sent, where that is more than its attributes. */
export interface EntryForm {
  /** The entry in what is sent, as a stream: its content is never in memory whole. */
  stream?: (make: (entry: Attributes) => Json) => Readable;
  /** The entries that are there already, as they travel along. */
  before?: (entry: Attributes) => Attributes;
  /** What else of the resource has to travel with a list that is sent whole. */
  along?: (resource: Attributes) => Attributes;
}

/** The resources of one kind at a provider: what every TM Forum API offers for them (TMF630). */
export class Collection {
  /** Lists are read, changed and written back: one writer at a time per resource. */
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly options: CollectionOptions) {}

  async read(id: string): Promise<Attributes> {
    const { http, noun } = this.options;
    const { body } = await http.request<Attributes>({ method: 'GET', path: this.at(id), what: `read ${noun}` });
    if (typeof body === 'object' && body !== null) return body;
    throw new PartnerError('SWB_PARTNER_ANSWER', `The read of ${noun} ${id} was answered without one.`, {
      where: http.name,
      outcome: 'notDone',
      retry: true,
    });
  }

  /** The one that carries our reference. A filter that a provider does not know gives all of them: each is checked. */
  async find(
    filter: Record<string, string>,
    reference: string,
    referenceOf: (resource: Attributes) => string | undefined,
  ): Promise<Attributes | undefined> {
    const { http, path, noun } = this.options;
    const found: Attributes[] = [];
    for await (const page of pages(http, path, filter, `look up ${article(noun)} by ${reference}`)) {
      found.push(...page.filter((resource) => referenceOf(resource) === reference));
      if (found.length > 1) break;
    }
    if (found.length > 1) {
      throw new SwitchboardError(
        'SWB_WRONG_ENTITY',
        `Several ${noun}s carry our reference ${reference}: ${found.map((t) => String(t.id)).join(', ')}.`,
        { where: http.name, hint: 'Clear it in the copies, then replay.' },
      );
    }
    return found[0];
  }

  /** Creates one; gives what was answered. */
  create(body: Attributes): Promise<HttpAnswer<Attributes | undefined>> {
    const { http, path, noun } = this.options;
    return http.request<Attributes | undefined>({ method: 'POST', path, body, what: `create ${noun}` });
  }

  /** The id of what was created: a 201 or 202 may come without a body; then the Location says it, or nobody does. */
  createdId({ body, headers, status }: HttpAnswer<Attributes | undefined>): string {
    const given = body?.id ?? idOf(body?.href ?? headers.location);
    if (given !== undefined) return String(given);
    throw new PartnerError('SWB_PARTNER_ANSWER', `The create was answered ${status} without an id.`, {
      where: this.options.http.name,
      hint: 'It is looked up by our reference.',
      outcome: 'unknown',
      retry: true,
      status,
    });
  }

  /** The body of a PATCH with these attributes. */
  change(attributes: Attributes): Attributes {
    return this.options.dialect.typed ? { '@type': this.options.type, ...attributes } : attributes;
  }

  /** PATCHes one; gives what the provider then has. */
  async patch(
    id: string,
    body: Json | Readable,
    what: string,
    contentType = this.options.dialect.patchType,
  ): Promise<Attributes> {
    const answer = await this.options.http.request<Attributes | undefined>({
      method: 'PATCH',
      path: this.at(id),
      headers: { 'Content-Type': contentType },
      body: isStream(body) ? body : JSON.stringify(body),
      what,
    });
    return answer.body?.id === undefined ? this.read(id) : answer.body;
  }

  /** Adds an entry to one of its lists, the way this provider takes it. */
  add(id: string, attribute: string, entry: Attributes, what: string, form: EntryForm = {}): Promise<Attributes> {
    const { arrayMode } = this.options;
    const send = (make: (entry: Attributes) => Json, type?: string) =>
      this.patch(id, form.stream ? form.stream(make) : make(entry), what, type);
    return this.inTurn(id, async () => {
      if (arrayMode === 'jsonPatch')
        return send((e) => [{ op: 'add', path: `/${attribute}/-`, value: e }], 'application/json-patch+json');
      if (arrayMode === 'append') return send((e) => this.change({ [attribute]: [e] }));
      const now = await this.read(id);
      const before = form.before ? entries(now[attribute]).map(form.before) : entries(now[attribute]);
      return send((e) => this.change({ ...form.along?.(now), [attribute]: [...before, e] }));
    });
  }

  /** Refuses what the provider would refuse, before anything is sent. */
  demand(problems: Problem[], what: string): void {
    if (problems.length === 0) return;
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      `This ${what} would not be valid ${this.options.api}: ${problems.map((p) => p.text).join(' ')}`,
      {
        where: this.options.http.name,
        field: problems[0]?.field,
        hint: 'Mend the mapping or the message, then replay it.',
      },
    );
  }

  inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const run = (this.turns.get(id) ?? Promise.resolve()).then(task, task);
    this.turns.set(id, run);
    const clear = () => {
      if (this.turns.get(id) === run) this.turns.delete(id);
    };
    run.then(clear, clear);
    return run;
  }

  private at(id: string): string {
    return `${this.options.path}/${encodeURIComponent(id)}`;
  }
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable | null)?.pipe === 'function';
}

function article(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
