import type { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { sameReference } from '../../model/reference.js';
import { type Api, afterWrite } from '../api.js';
import type { Hint, WrittenPart } from '../endpoint.js';
import type { RequiredAttributes } from '../evidence.js';
import type { Habits } from '../habits.js';
import { sameText } from '../text-match.js';
import { emptyListOf } from './answers.js';
import { type ArrayModeDetector, JSON_PATCH } from './array-mode.js';
import { type Attributes, entries, idOf, isAttributes, isoTime, textOf } from './attributes.js';
import type { TmfDialect } from './dialect.js';
import { entryIds } from './entry-ids.js';
import { LastKnownLists } from './last-known-lists.js';
import { pages } from './list.js';
import { isAnotherOfOurs, writtenEntry } from './note.js';
import { ResourceObserver } from './resource-observer.js';
import { union, withoutCounterpart } from './same-entry.js';
import { type AddedEntry, addToWholeList, putBackInWholeList, type TaggedResource, type WholeList } from './whole-list.js';

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
  /** Attributes without which a resource is none. */
  required: RequiredAttributes;
  dialect: TmfDialect;
  ways: ArrayModeDetector;
  habits: Habits;
  clock: () => number;
}

type ReferenceOf = (resource: Attributes) => string | undefined;

/** How an entry of a list is sent, where that is more than its attributes, and known again. */
export interface AddEntryOptions {
  /** Does an entry look like ours, whatever its id? Absent: the provider never shows such entries, and its success is all there is. */
  isLike?: (entry: Attributes) => boolean;
  /** Might it be ours where it alone is new after our write? */
  mayBe?: (entry: Attributes) => boolean;
  /** The entry in what is sent, as a stream: its content is never in memory whole. */
  stream?: (make: (entry: Attributes) => Json) => Readable;
  /** Ids of entries that were read before, ours among them. */
  seen?: readonly string[];
  /** Another list of the resource that has to travel with one that is sent whole. */
  along?: string;
}

/** Shorter texts fit everywhere. */
const LONG = 30;
/** How far the clock that dates entries may be behind the one that answers, milliseconds. */
const MAX_CLOCK_SKEW = 10_000;
/** The most that is written at the end of a text to say that it was cut. */
const CUT_MARK = 20;

/** Lists that are written back whole where a provider takes nothing else; `true`: no resource is without. */
const LISTS = { note: false, attachment: false, productOrderItem: true };

/** The resources of one kind at a provider: what every TM Forum API offers for them (TMF630). */
export class Collection {
  /** Lists are read, changed and written back: one writer at a time per resource. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly lists: LastKnownLists;
  private readonly observer = new ResourceObserver();

  constructor(private readonly options: CollectionOptions) {
    this.lists = new LastKnownLists(LISTS, options.clock);
  }

  async read(id: string): Promise<Attributes> {
    return (await this.marked(id)).resource;
  }

  /** Takes what hints say of times of change: what is older is not written back. */
  told(hints: readonly Hint[]): void {
    for (const { id, expects } of hints) this.lists.told(id, expects?.version);
  }

  /** Takes what an event said of one: it may be all that shows what a whole list takes away. */
  heard(hint: Hint, notes: Json | undefined): void {
    this.told([hint]);
    const whole = entries(notes).filter(({ text }) => typeof text === 'string');
    this.observer.add(hint.id, { lastUpdate: hint.expects?.version ?? null, note: whole });
  }

  /** Reads one of whose lists it matters that they are whole; throws where it does not show all of them. `seen`: ids of entries that were read before. */
  async readForLists(id: string, attributes: readonly string[], seen?: readonly string[]): Promise<Attributes> {
    return (await this.readMarked(id, attributes, seen)).resource;
  }

  private async readMarked(id: string, attributes: readonly string[], seen?: readonly string[]): Promise<TaggedResource> {
    const { api } = this.options;
    const marked = await this.marked(id);
    const { resource } = marked;
    const fault = attributes.map((attribute) => this.lists.fault(resource, attribute, seen)).find(Boolean);
    if (!fault) return marked;
    const hint =
      'Nothing is written yet, since that might take entries away, or bring one twice. It is asked again; what is missing for half a minute is taken for deleted there. Where that happens often, let notes and attachments be added by JSON Patch.';
    throw api.unexpected(this.reading(id), fault, { ofRecord: true, hint });
  }

  /** The one that carries our reference. A filter that a provider does not know gives all of them: each is checked. */
  async find(filter: Record<string, string>, reference: string, referenceOf: ReferenceOf): Promise<Attributes | undefined> {
    const { api, path, noun, dialect, required } = this.options;
    const found: Attributes[] = [];
    const options = { absent: emptyListOf(dialect), single: true, required, whole: () => found.length === 0 };
    for await (const page of pages(api, path, filter, `look up ${article(noun)} by ${reference}`, options)) {
      found.push(...page.filter((resource) => sameReference(referenceOf(resource), reference)));
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
   * Creates one that carries our reference; gives the answer where it carries it, else what is read by the id that the answer names. A 202 says
   * nothing of what it holds, and may name a monitor or a job: there only an address among these resources counts, or our reference, and only
   * what is read is there.
   * Throws PartnerError, outcome unknown, where nothing says which it is; unshown where it is answered as done and is not ours.
   */
  async create(body: Attributes, reference: string, referenceOf: ReferenceOf): Promise<Attributes> {
    const { api, path, required } = this.options;
    const request = { method: 'POST', path, body, what: this.creating } as const;
    const { status, headers, body: answer, record } = await api.write(request, { accepts: true, required });
    const given = isAttributes(answer) ? answer : {};
    const accepted = status === 202;
    const isOurs = sameReference(referenceOf(given), reference);
    if (record && isOurs) {
      this.lists.learn(given);
      return given;
    }
    // ServiceNow, POST ?mode=async: {orderId}
    const named = this.idBelow(headers.location) ?? this.idBelow(given.href) ?? textOf(given.orderId);
    const id = named ?? (accepted && !isOurs ? undefined : textOf(given.id));
    const unnamed = () => api.unexpected(request, `${status} without saying which it is`, { status });
    if (id === undefined) throw unnamed();
    const resource = await afterWrite(() => this.read(id), !accepted);
    if (sameReference(referenceOf(resource), reference)) return resource;
    if (accepted) throw unnamed();
    throw api.unshown(request, `the ${this.options.noun} ${id} was answered, and does not carry our reference ${reference}`);
  }

  /** The body of a PATCH with these attributes. */
  change(attributes: Attributes): Attributes {
    return this.options.dialect.typed ? { '@type': this.options.type, ...attributes } : attributes;
  }

  /** PATCHes one; gives what the provider then has. */
  async patch(id: string, body: Json | Readable, what: string, headers: Record<string, string> = {}): Promise<Attributes> {
    return (await this.patched(id, body, what, headers)).resource;
  }

  /** `isRead`: the answer did not show it, so that it was read. */
  private async patched(
    id: string,
    body: Json | Readable,
    what: string,
    headers: Record<string, string>,
  ): Promise<{ resource: Attributes; isRead: boolean }> {
    const { api, required } = this.options;
    const request = {
      method: 'PATCH',
      path: this.at(id),
      headers: { 'Content-Type': this.options.dialect.patchType, ...headers },
      body: isStream(body) ? body : JSON.stringify(body),
      what,
    } as const;
    let isRead = false;
    const read = () => {
      isRead = true;
      return this.read(id);
    };
    const resource = (await api.change(request, id, read, required)) as Attributes;
    this.lists.learn(resource);
    return { resource, isRead };
  }

  /**
   * PATCHes one with texts; gives what the provider then has. An answer may repeat what was sent where the provider keeps less of it: long texts are read
   * again. What is read of a copy that is behind is not believed.
   */
  async patchTexts(id: string, body: Attributes, what: string): Promise<Attributes> {
    const { resource: answered, isRead } = await this.patched(id, body, what, {});
    const texts = Object.entries(body).filter(([name, value]) => isLong(value) && answered[name] === value);
    if (isRead || texts.length === 0) return answered;
    // It is written: what cannot be read now is read when an event, or a poll, tells of it.
    const shown = await this.read(id).catch(() => answered);
    const [before, after] = [isoTime(answered.lastUpdate), isoTime(shown.lastUpdate)];
    if (before !== undefined && after !== undefined && after < before) return answered;
    const kept: Attributes = {};
    for (const [name, value] of texts) {
      const text = textOf(shown[name]) ?? '';
      // Other words are somebody else's, written since: they are news, and told when an event, or a poll, brings them.
      if (isCut(text, String(value)) || sameText(text, String(value))) kept[name] = text;
    }
    return { ...answered, ...kept };
  }

  /**
   * Adds an entry to one of its lists, the way this provider takes it; gives its id, where the provider ever shows it.
   * Throws PartnerError, unshown, where it was answered as done and is not there.
   */
  async add(id: string, attribute: string, entry: Attributes, what: string, form: AddEntryOptions = {}): Promise<WrittenPart> {
    const { isLike, mayBe, along, seen = [] } = form;
    const ours = (list: Attributes[], known: readonly string[], among = list) =>
      isLike && writtenEntry(list, entry, known, isLike, among);
    const onlyNew = (fresh: Attributes[]) => {
      const [one, ...more] = mayBe ? fresh.filter((other) => mayBe(other) && !isAnotherOfOurs(other, entry)) : [];
      return more.length === 0 ? one : undefined;
    };
    const body = (make: (entry: Attributes) => Json) => (form.stream ? form.stream(make) : make(entry));
    const one = (way: 'append' | 'jsonPatch') =>
      way === 'append'
        ? this.patch(
            id,
            body((e) => this.change({ [attribute]: [e] })),
            what,
          )
        : this.patch(
            id,
            body((e) => [{ op: 'add', path: `/${attribute}/-`, value: e }]),
            what,
            { 'Content-Type': JSON_PATCH },
          );
    const single = async (way: 'append' | 'jsonPatch'): Promise<AddedEntry> => {
      const before = this.lists.known(id, attribute);
      const resource = await one(way);
      const list = entries(resource[attribute]);
      const fresh = withoutCounterpart(list, before);
      const ids = entryIds(list);
      const unseen = fresh.filter((other) => !seen.includes(ids.get(other) ?? ''));
      return { resource, entry: ours(list, seen, fresh) ?? ours(list, seen) ?? onlyNew(unseen) };
    };
    const whole = () =>
      addToWholeList({
        ...this.wholeList(id, attribute, along),
        readWhole: () => this.readMarked(id, along ? [attribute, along] : [attribute], seen),
        write: (list, { resource, etag }, withOurs) => {
          const sent = (added: Attributes[]) => this.change({ ...travels(resource, along), [attribute]: [...list, ...added] });
          return this.patch(id, withOurs ? body((e) => sent([e])) : sent([]), what, { ...(etag && { 'If-Match': etag }) });
        },
        isAsSent: ({ id: shown }) => shown !== undefined && shown === entry.id,
        // Which are new is known by the list before, whatever ids they have.
        ours: (fresh) => ours(fresh, []) ?? onlyNew(fresh),
      });
    const { resource, entry: shown } = await this.inTurn(id, () => this.options.ways.add(single, whole, along !== undefined));
    this.lists.learn(resource);
    if (!isLike) return {};
    const list = entries((shown ? resource : await afterWrite(() => this.read(id)))[attribute]);
    const found = shown ?? ours(list, seen);
    if (found) {
      const [sent, shows] = [textOf(entry.author), textOf(found.author)];
      if (sent !== undefined && shows !== undefined) this.options.habits.learn({ keepsAuthors: sent === shows });
      return { id: entryIds(list).get(found) };
    }
    throw this.options.api.unshown({ what }, `it was answered as done, and the ${this.options.noun} does not show it`);
  }

  /**
   * Puts entries back that an interrupted write of a whole list has taken away: those that were shown since, dated no earlier, and are not there now; gives
   * what they say. `since`: ISO time, '' = not known.
   */
  async putBack(id: string, attribute: string, shown: Attributes[][], since: string, along?: string): Promise<string[]> {
    if (!(await this.options.ways.isWhole())) return [];
    const from = Date.parse(since) - MAX_CLOCK_SKEW;
    const isEarlier = ({ date }: Attributes) => Date.parse(isoTime(date) ?? '') < from;
    const known = shown.reduce((all, list) => union(all, list), []).filter((entry) => !isEarlier(entry));
    const write = (list: Attributes[], { resource }: TaggedResource) =>
      this.patch(id, this.change({ ...travels(resource, along), [attribute]: list }), `put back ${attribute}s`);
    const whole = { ...this.wholeList(id, attribute, along), write, ours: () => undefined, isAsSent: () => false };
    const back = await this.inTurn(id, () => putBackInWholeList(whole, (list) => withoutCounterpart(known, list)));
    return back.map(({ text }) => textOf(text) ?? '');
  }

  /** What is common to all writes of a whole list. */
  private wholeList(
    id: string,
    attribute: string,
    along?: string,
  ): Pick<WholeList, 'attribute' | 'readWhole' | 'read' | 'watch'> {
    return {
      attribute,
      readWhole: () => this.readMarked(id, along ? [attribute, along] : [attribute]),
      read: () => this.peek(id),
      watch: () => this.observer.watch(id),
    };
  }

  /**
   * Changes an entry of one of its lists, or takes it away (`changed`: undefined). What is not there is gone already. False: this provider takes only
   * whole lists, and somebody else's words might be lost with it.
   */
  async changeEntry(
    id: string,
    attribute: string,
    part: string,
    what: string,
    changed?: Readonly<Record<string, Json>>,
  ): Promise<boolean> {
    if (!(await this.options.ways.changesSingle())) return false;
    await this.inTurn(id, async () => {
      const list = entries((await this.readForLists(id, [attribute]))[attribute]);
      const at = [...entryIds(list).values()].indexOf(part);
      const entry = list[at];
      if (!entry) return;
      // Whoever takes an entry away meanwhile moves the others: the test fails then, and nothing is done.
      const path = `/${attribute}/${at}`;
      const test =
        entry.id === undefined ? { op: 'test', path, value: entry } : { op: 'test', path: `${path}/id`, value: entry.id };
      const steps = changed
        ? Object.entries(changed).map(([name, value]) => ({ op: 'replace', path: `${path}/${name}`, value }))
        : [{ op: 'remove', path }];
      if (!changed) this.lists.forget(id, attribute, entry);
      await this.patch(id, [test, ...steps], what, { 'Content-Type': JSON_PATCH });
    });
    return true;
  }

  /** Refuses what the provider would refuse, before anything is sent. */
  requireValid(problems: Problem[], what: string): void {
    if (problems.length === 0) return;
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      `This ${what} would not be valid ${this.options.standard}: ${problems.map((p) => p.text).join(' ')}`,
      {
        where: this.options.api.name,
        field: problems[0]?.field,
        hint: 'Fix the mapping or the message, then replay it.',
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

  private async marked(id: string): Promise<TaggedResource> {
    const { api, required } = this.options;
    const read = () => api.readMarked(this.reading(id), id, required);
    const { record, etag } = await this.observer.reading(id, read, (answer) => answer.record as Attributes);
    const resource = record as Attributes;
    this.lists.learn(resource);
    const vanished = this.lists.vanished(resource);
    if (vanished) throw api.unexpected(this.reading(id), vanished, { ofRecord: true });
    return { resource, ...(etag && { etag }) };
  }

  /** Reads one as it is shown, whatever was shown before: neither is it judged by that, nor learnt from. */
  private async peek(id: string): Promise<Attributes> {
    const { api, required } = this.options;
    const read = async () => (await api.read(this.reading(id), id, required)) as Attributes;
    return this.observer.reading(id, read, (resource) => resource);
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

  private reading(id: string): HttpRequest & { method: 'GET' } {
    return { method: 'GET', path: this.at(id), what: `read ${this.options.noun}` };
  }

  private at(id: string): string {
    return `${this.options.path}/${encodeURIComponent(id)}`;
  }
}

function isStream(body: unknown): body is Readable {
  return typeof (body as Readable | null)?.pipe === 'function';
}

/** As it was shown, contents of files among it: what travels without it is gone where a provider keeps just what is sent. */
function travels(resource: Attributes, along: string | undefined): Attributes {
  return along === undefined ? {} : { [along]: resource[along] as Json };
}

function article(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** Is a text what was left of another one, perhaps with a few words at its end that say so? */
function isCut(text: string, whole: string): boolean {
  const start = text.slice(0, Math.max(text.length - CUT_MARK, Math.ceil(text.length / 2)));
  return text !== '' && text.length <= whole.length && whole.startsWith(start);
}

/** Is it a text that a column may be too short for? */
function isLong(value: Json | undefined): boolean {
  return typeof value === 'string' && value.length > LONG;
}
