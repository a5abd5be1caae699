import type { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { type Api, afterWrite, isAbsent } from '../api.js';
import { emptyLookUpOf } from './answers.js';
import { type Attributes, entries, idOf, isAttributes, textOf } from './attributes.js';
import type { ArrayMode, TmfDialect } from './dialect.js';
import { pages } from './list.js';

export interface CollectionOptions {
  api: Api;
  /** `/tmf-api/troubleTicket/v4/troubleTicket`. */
  path: string;
  /** The API as its definition calls it, for errors: `TMF621 v4`. */
  standard: string;
  /** What one of them is called, for errors: ticket. */
  noun: string;
  /** Its class, where objects name their type: TroubleTicket. */
  type: string;
  dialect: TmfDialect;
  arrayMode: ArrayMode;
}

type ReferenceOf = (resource: Attributes) => string | undefined;

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
    const { api, noun } = this.options;
    return (await api.read({ method: 'GET', path: this.at(id), what: `read ${noun}` }, id)) as Attributes;
  }

  /** The one that carries our reference. A filter that a provider does not know gives all of them: each is checked. */
  async find(filter: Record<string, string>, reference: string, referenceOf: ReferenceOf): Promise<Attributes | undefined> {
    const { api, path, noun, dialect } = this.options;
    const found: Attributes[] = [];
    const options = { absent: emptyLookUpOf(dialect), lone: true, whole: () => found.length === 0 };
    for await (const page of pages(api, path, filter, `look up ${article(noun)} by ${reference}`, options)) {
      found.push(...page.filter((resource) => referenceOf(resource) === reference));
      if (found.length > 1) break;
    }
    if (found.length > 1) {
      throw new SwitchboardError(
        'SWB_WRONG_ENTITY',
        `Several ${noun}s carry our reference ${reference}: ${found.map((t) => String(t.id)).join(', ')}.`,
        { where: api.name, hint: 'Clear it in the copies, then replay.' },
      );
    }
    return found[0];
  }

  /**
   * Creates one that carries our reference; gives the answer where it carries it, else what is read by the id that the answer names. A 202 may
   * name a monitor or a job: there only an address among these resources counts. `queued`: gives what stands for one that was accepted and
   * cannot be read yet. Throws PartnerError, outcome unknown, where nothing says which it is.
   */
  async create(
    body: Attributes,
    reference: string,
    referenceOf: ReferenceOf,
    queued?: (id: string, given: Attributes) => Attributes,
  ): Promise<Attributes> {
    const { api, path } = this.options;
    const answer = await api.write({ method: 'POST', path, body, what: this.creating }, { accepts: true });
    const { status, headers } = answer;
    const given = isAttributes(answer.body) ? answer.body : {};
    const carried = referenceOf(given);
    if (carried === reference && textOf(given.id)) return given;
    // ServiceNow, POST ?mode=async: {orderId}
    const named = this.idBelow(headers.location) ?? this.idBelow(given.href) ?? textOf(given.orderId);
    const id = named ?? (status === 202 ? undefined : textOf(given.id));
    if (id === undefined || carried !== undefined) throw this.unnamed(status);
    let resource: Attributes;
    try {
      resource = await afterWrite(() => this.read(id));
    } catch (error) {
      if (status === 202 && named && queued) return queued(id, given);
      if (status === 201 && isAbsent(error)) return { ...given, id }; // lists and replicas lag; 201 says that it is there
      throw error;
    }
    const has = referenceOf(resource);
    if (has === reference || (has === undefined && status !== 202)) return resource;
    throw this.unnamed(status);
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
    const { record } = await this.options.api.write(
      {
        method: 'PATCH',
        path: this.at(id),
        headers: { 'Content-Type': contentType },
        body: isStream(body) ? body : JSON.stringify(body),
        what,
      },
      { id },
    );
    return (record as Attributes | undefined) ?? afterWrite(() => this.read(id));
  }

  /** Adds an entry to one of its lists, the way this provider takes it; gives the resource with that list, as far as it is shown. */
  async add(id: string, attribute: string, entry: Attributes, what: string, form: EntryForm = {}): Promise<Attributes> {
    const { arrayMode } = this.options;
    const send = (make: (entry: Attributes) => Json, type?: string) =>
      this.patch(id, form.stream ? form.stream(make) : make(entry), what, type);
    const resource = await this.inTurn(id, async () => {
      if (arrayMode === 'jsonPatch')
        return send((e) => [{ op: 'add', path: `/${attribute}/-`, value: e }], 'application/json-patch+json');
      if (arrayMode === 'append') return send((e) => this.change({ [attribute]: [e] }));
      const now = await this.read(id);
      const before = form.before ? entries(now[attribute]).map(form.before) : entries(now[attribute]);
      return send((e) => this.change({ ...form.along?.(now), [attribute]: [...before, e] }));
    });
    return attribute in resource ? resource : afterWrite(() => this.read(id));
  }

  /** Refuses what the provider would refuse, before anything is sent. */
  demand(problems: Problem[], what: string): void {
    if (problems.length === 0) return;
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      `This ${what} would not be valid ${this.options.standard}: ${problems.map((p) => p.text).join(' ')}`,
      {
        where: this.options.api.name,
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

  private get creating(): string {
    return `create ${this.options.noun}`;
  }

  /** The id in an address among these resources; any other names something else. */
  private idBelow(address: unknown): string | undefined {
    const { path } = this.options;
    const parts = typeof address === 'string' ? (address.split('?')[0] ?? '').split('/').filter(Boolean) : [];
    return parts.at(-2) === path.split('/').at(-1) ? idOf(address) : undefined;
  }

  private unnamed(status: number): Error {
    const { api, path } = this.options;
    return api.strange({ method: 'POST', path, what: this.creating }, `${status} without saying which it is`, status);
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
