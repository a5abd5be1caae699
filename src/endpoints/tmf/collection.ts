import type { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Json } from '../../model/message.js';
import type { Problem } from '../../model/problem.js';
import { sameReference } from '../../model/reference.js';
import { say } from '../../text/say.js';
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
import { type Noun, nounPlural, nounText } from './nouns.js';
import { ResourceObserver } from './resource-observer.js';
import { ResourceWriter, type WrittenResource } from './resource-writer.js';
import { union, withoutCounterpart } from './same-entry.js';
import { type AddedEntry, addToWholeList, putBackInWholeList, type TaggedResource, type WholeList } from './whole-list.js';
import { changesOver } from './whole-resource.js';

export interface CollectionOptions {
  api: Api;
  /** `/tmf-api/troubleTicket/v4/troubleTicket`. */
  path: string;
  /** Name of the API, for errors, e.g. `TMF621 v4`. */
  standard: string;
  /** One resource, in errors, e.g. ticket. */
  noun: Noun;
  /** Its class, where objects name their type, e.g. TroubleTicket. */
  type: string;
  /** Attributes that a resource must have. */
  required: RequiredAttributes;
  dialect: TmfDialect;
  arrayModes: ArrayModeDetector;
  habits: Habits;
  clock: () => number;
  /** A provider without PATCH gets whole resources by PUT. Not where it appends what lists contain. */
  putsWhole: boolean;
}

type ReferenceOf = (resource: Attributes) => string | undefined;

/** How a list entry is sent, if that takes more than its attributes, and recognised. */
export interface AddEntryOptions {
  /**
   * Whether an entry looks like ours, whatever its id. Absent: the provider never shows such entries, so the success of the write
   * must do.
   */
  isLike?: (entry: Attributes) => boolean;
  /** Whether an entry may be ours if it is the only new one after our write. */
  mayBe?: (entry: Attributes) => boolean;
  /** The request body with the entry as a stream, so that its content is never in memory as a whole. */
  stream?: (make: (entry: Attributes) => Json) => Readable;
  /** Ids of entries that were read before; ours may be among them. */
  seen?: readonly string[];
  /** Another list of the resource that must be sent along with a whole list. */
  along?: string;
}

/** Shorter texts fit into any column. */
const LONG = 30;
/** How far the clock that dates entries may be behind the clock that dates answers, milliseconds. */
const MAX_CLOCK_SKEW = 10_000;
/** The most characters that a provider appends to mark a text as cut. */
const CUT_MARK = 20;

/** Lists that are written back whole where a provider accepts nothing else; `true`: every resource has the list. */
const LISTS = { note: false, attachment: false, productOrderItem: true };

/** The resources of one kind at a provider: the operations that every TM Forum API offers for them (TMF630). */
export class Collection {
  /** Lists are read, changed and written back, so there is one writer at a time per resource. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly lists: LastKnownLists;
  private readonly observer = new ResourceObserver();
  private readonly writer: ResourceWriter;

  constructor(private readonly options: CollectionOptions) {
    const { api, dialect, required, putsWhole } = options;
    this.lists = new LastKnownLists(LISTS, options.clock);
    this.writer = new ResourceWriter({
      ...{ api, required, putsWhole, patchType: dialect.patchType },
      at: (id) => this.at(id),
      read: (id) => this.read(id),
      readWhole: (id) => this.readComplete(id, this.allLists),
    });
  }

  async read(id: string): Promise<Attributes> {
    return (await this.readTagged(id)).resource;
  }

  /** Learns the times of change in hints, so that no older state is written back. */
  observeHints(hints: readonly Hint[]): void {
    for (const { id, expects } of hints) this.lists.learnVersion(id, expects?.version);
  }

  /** Observes the content of an event: it may be the only trace of an entry that a whole-list write removes. */
  observeEvent(hint: Hint, notes: Json | undefined): void {
    this.observeHints([hint]);
    const complete = entries(notes).filter(({ text }) => typeof text === 'string');
    this.observer.observe(hint.id, { lastUpdate: hint.expects?.version ?? null, note: complete });
  }

  /** Reads a resource whose lists must be complete; throws where they are not. `seen`: ids of entries that were read before. */
  async readForLists(id: string, attributes: readonly string[], seen?: readonly string[]): Promise<Attributes> {
    return (await this.readComplete(id, attributes, seen)).resource;
  }

  private async readComplete(id: string, attributes: readonly string[], seen?: readonly string[]): Promise<TaggedResource> {
    const { api } = this.options;
    const tagged = await this.readTagged(id);
    const { resource } = tagged;
    const fault = attributes.map((attribute) => this.lists.fault(resource, attribute, seen)).find(Boolean);
    if (!fault) return tagged;
    const hint = say`Nothing was written, because a write could remove or duplicate entries. Switchboard reads the resource again; entries that are missing for half a minute count as deleted. If this happens often, set notes and attachments to be added by JSON Patch.`;
    throw api.unexpected(this.readRequest(id), fault, { concernsRecord: true, hint });
  }

  /**
   * The resource that carries our reference. A provider that does not know the filter returns all resources, so each is checked.
   * `madeOf`: of which others the provider has made a resource, with their reference; those were not created by us.
   */
  async find(
    filter: Record<string, string>,
    reference: string,
    referenceOf: ReferenceOf,
    madeOf: (resource: Attributes) => readonly string[] = () => [],
  ): Promise<Attributes | undefined> {
    const { api, path, noun, dialect, required } = this.options;
    const found: Attributes[] = [];
    const options = { absent: emptyListOf(dialect), single: true, required, mustBeComplete: () => found.length === 0 };
    for await (const page of pages(api, path, filter, lookingUp(noun, reference), options))
      found.push(...page.filter((resource) => sameReference(referenceOf(resource), reference)));
    if (found.length > 1) {
      const ids = new Set(found.map(({ id }) => textOf(id)));
      const [first, ...others] = found.filter((resource) => !madeOf(resource).some((id) => ids.has(id)));
      if (first && others.length === 0) return first;
      throw new SwitchboardError(
        'SWB_WRONG_ENTITY',
        say`Several ${nounPlural(noun)} carry our reference ${reference}: ${found.map((t) => String(t.id)).join(', ')}.`,
        { where: api.name, hint: say`Clear the reference in the copies, then replay.` },
      );
    }
    return found[0];
  }

  /**
   * Creates a resource that carries our reference; returns the answer where it carries it, else the resource read by the id in
   * the answer. A 202 does not say what its body is, which may be a monitor or a job: then only our reference, or a URL among
   * these resources, counts, and only a read proves the result. Throws PartnerError: outcome unknown where no id is known,
   * unshown where the answer is a success for a resource that is not ours.
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
    const unnamed = () => api.unexpected(request, say`${status} without saying which it is`, { status });
    if (id === undefined) throw unnamed();
    const resource = await afterWrite(() => this.read(id), !accepted);
    if (sameReference(referenceOf(resource), reference)) return resource;
    if (accepted) throw unnamed();
    throw api.unshown(
      request,
      say`the response is the ${nounText(this.options.noun)} ${id}, which does not carry our reference ${reference}`,
    );
  }

  /** The body of a PATCH with these attributes. */
  change(attributes: Attributes): Attributes {
    return this.options.dialect.typed ? { '@type': this.options.type, ...attributes } : attributes;
  }

  /** PATCHes a resource; returns it as the provider then has it. */
  private async patch(id: string, body: Json | Readable, what: string, headers?: Record<string, string>): Promise<Attributes> {
    return this.learnt(await this.writer.patch(id, body, what, headers)).resource;
  }

  private learnt(written: WrittenResource): WrittenResource {
    this.lists.learn(written.resource);
    return written;
  }

  /**
   * Changes a resource that may have long texts; returns it as the provider then has it. Some answers repeat what was sent
   * although the provider keeps less of it, so long texts are read back. A read from a stale replica is ignored.
   */
  async patchTexts(id: string, body: Attributes, what: string): Promise<Attributes> {
    const written = await this.writer.change(id, (whole) => changesOver(whole, body), what);
    const { resource: answered, isRead } = this.learnt(written);
    const texts = Object.entries(body).filter(([name, value]) => isLong(value) && answered[name] === value);
    if (isRead || texts.length === 0) return answered;
    // The write is done. If the read fails, the next event or poll shows the text.
    const shown = await this.read(id).catch(() => answered);
    const [before, after] = [isoTime(answered.lastUpdate), isoTime(shown.lastUpdate)];
    if (before !== undefined && after !== undefined && after < before) return answered;
    const kept: Attributes = {};
    for (const [name, value] of texts) {
      const text = textOf(shown[name]) ?? '';
      // Another text was written by another user since then; an event or a poll will report it as a change.
      if (isCut(text, String(value)) || sameText(text, String(value))) kept[name] = text;
    }
    return { ...answered, ...kept };
  }

  /**
   * Adds an entry to one of the lists, in the mode that this provider accepts; returns the entry's id, if the provider shows it
   * at all. Throws PartnerError, unshown, where the write was answered with a success but the entry is not there.
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
    const one = (mode: 'append' | 'jsonPatch') =>
      mode === 'append'
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
    const single = async (mode: 'append' | 'jsonPatch'): Promise<AddedEntry> => {
      const before = this.lists.known(id, attribute);
      const resource = await one(mode);
      const list = entries(resource[attribute]);
      const fresh = withoutCounterpart(list, before);
      const ids = entryIds(list);
      const unseen = fresh.filter((other) => !seen.includes(ids.get(other) ?? ''));
      return { resource, entry: ours(list, seen, fresh) ?? ours(list, seen) ?? onlyNew(unseen) };
    };
    // Without an ETag, such a write may remove what others write at the same moment.
    let wholeList: true | undefined;
    const whole = () =>
      addToWholeList({
        ...this.wholeList(id, attribute, along),
        readWhole: () => this.readComplete(id, this.sentLists(attribute, along), seen),
        write: async (list, now, withOurs) => {
          if (now.etag === undefined) wholeList = true;
          const bodyOver = (resource?: Attributes) => {
            const sent = (added: Attributes[]) =>
              changesOver(resource, this.change({ ...companionOf(now.resource, along), [attribute]: [...list, ...added] }));
            return withOurs ? body((e) => sent([e])) : sent([]);
          };
          return this.learnt(await this.writer.change(id, bodyOver, what, now)).resource;
        },
        isAsSent: ({ id: shown }) => shown !== undefined && shown === entry.id,
        // The list before the write tells which entries are new, whatever ids they have.
        ours: (fresh) => ours(fresh, []) ?? onlyNew(fresh),
      });
    const { resource, entry: shown } = await this.inTurn(id, () =>
      this.options.arrayModes.add(single, whole, along !== undefined),
    );
    this.lists.learn(resource);
    const sent = { ...(wholeList && { wholeList }) };
    if (!isLike) return sent;
    const list = entries((shown ? resource : await afterWrite(() => this.read(id)))[attribute]);
    const found = shown ?? ours(list, seen);
    if (found) {
      const [given, shows] = [textOf(entry.author), textOf(found.author)];
      if (given !== undefined && shows !== undefined) this.options.habits.learn({ keepsAuthors: given === shows });
      return { id: entryIds(list).get(found), ...sent };
    }
    throw this.options.api.unshown(
      { what },
      this.options.noun === 'order'
        ? say`the response reported success, but the order does not show it`
        : say`the response reported success, but the ticket does not show it`,
    );
  }

  /**
   * Restores entries that a write of a whole list removed: those shown since then, dated no earlier, and missing
   * now. Returns their texts. `since`: ISO time, '' = unknown. `only`: ids of those that may be restored.
   */
  async putBack(
    id: string,
    attribute: string,
    shown: Attributes[][],
    { since, only, along }: { since: string; only?: readonly string[]; along?: string },
  ): Promise<string[]> {
    if (!(await this.options.arrayModes.sendsWholeLists())) return [];
    const from = Date.parse(since) - MAX_CLOCK_SKEW;
    const isEarlier = ({ date }: Attributes) => Date.parse(isoTime(date) ?? '') < from;
    const all = shown.reduce((some, list) => union(some, list), []);
    const ids = entryIds(all);
    const known = all.filter((entry) => !isEarlier(entry) && (!only || only.includes(ids.get(entry) ?? '')));
    const write = async (list: Attributes[], { resource }: TaggedResource) => {
      const changes = this.change({ ...companionOf(resource, along), [attribute]: list });
      const bodyOver = (whole?: Attributes) => changesOver(whole, changes);
      return this.learnt(await this.writer.change(id, bodyOver, say`put back ${attribute}s`)).resource;
    };
    const whole = { ...this.wholeList(id, attribute, along), write, ours: () => undefined, isAsSent: () => false };
    const back = await this.inTurn(id, () => putBackInWholeList(whole, (list) => withoutCounterpart(known, list)));
    return back.map(({ text }) => textOf(text) ?? '');
  }

  /** The lists that a write of one list contains; what they lack when they are read would be removed. */
  private sentLists(attribute: string, along?: string): string[] {
    if (this.options.putsWhole) return this.allLists;
    return along ? [attribute, along] : [attribute];
  }

  private get allLists(): string[] {
    return Object.keys(LISTS).filter((name) => name !== 'productOrderItem' || this.options.noun === 'order');
  }

  /** The options that all whole-list writes share. */
  private wholeList(
    id: string,
    attribute: string,
    along?: string,
  ): Pick<WholeList, 'attribute' | 'readWhole' | 'read' | 'watch'> {
    return {
      attribute,
      readWhole: () => this.readComplete(id, this.sentLists(attribute, along)),
      read: () => this.peek(id),
      watch: () => this.observer.watch(id),
    };
  }

  /**
   * Changes an entry of one of the lists, or removes it (`changed`: undefined). An entry that is not there counts as removed.
   * False: this provider accepts only whole lists, with which other people's entries might be lost.
   */
  async changeEntry(
    id: string,
    attribute: string,
    part: string,
    what: string,
    changed?: Readonly<Record<string, Json>>,
  ): Promise<boolean> {
    if (!(await this.options.arrayModes.canChangeEntries())) return false;
    await this.inTurn(id, async () => {
      const list = entries((await this.readForLists(id, [attribute]))[attribute]);
      const at = [...entryIds(list).values()].indexOf(part);
      const entry = list[at];
      if (!entry) return;
      // If another client removes an entry meanwhile, the positions shift: then the test fails and nothing is changed.
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

  /** Throws what the provider would refuse, before anything is sent. */
  requireValid(problems: Problem[], action: 'create' | 'update'): void {
    if (problems.length === 0) return;
    const { standard } = this.options;
    const why = problems.map((p) => p.text).join(' ');
    throw new SwitchboardError(
      'SWB_PAYLOAD',
      action === 'create'
        ? say`This create would not be valid ${standard}: ${why}`
        : say`This update would not be valid ${standard}: ${why}`,
      {
        where: this.options.api.name,
        field: problems[0]?.field,
        hint: say`Fix the mapping or the message, then replay it.`,
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

  private async readTagged(id: string): Promise<TaggedResource> {
    const { api, required } = this.options;
    const read = () => api.readTagged(this.readRequest(id), id, required);
    const { record, etag } = await this.observer.observeRead(id, read, (answer) => answer.record as Attributes);
    const resource = record as Attributes;
    this.lists.learn(resource);
    const vanished = this.lists.missing(resource);
    if (vanished) throw api.unexpected(this.readRequest(id), vanished, { concernsRecord: true });
    return { resource, ...(etag && { etag }) };
  }

  /** Reads a resource as it is, without judging it by earlier reads and without learning from it. */
  private async peek(id: string): Promise<Attributes> {
    const { api, required } = this.options;
    const read = async () => (await api.read(this.readRequest(id), id, required)) as Attributes;
    return this.observer.observeRead(id, read, (resource) => resource);
  }

  private get creating(): string {
    return say`create ${nounText(this.options.noun)}`;
  }

  /** The id in a URL, or one relative to these resources, below their path; any other URL is about something else. */
  private idBelow(address: unknown): string | undefined {
    const { api, path } = this.options;
    const here = `${api.http.baseUrl}${path}`;
    if (typeof address !== 'string' || !URL.canParse(address, here)) return undefined;
    const { pathname } = new URL(address, here);
    return pathname.split('/').filter(Boolean).at(-2) === path.split('/').at(-1) ? idOf(pathname) : undefined;
  }

  private readRequest(id: string): HttpRequest & { method: 'GET' } {
    return { method: 'GET', path: this.at(id), what: say`read ${nounText(this.options.noun)}` };
  }

  private at(id: string): string {
    return `${this.options.path}/${encodeURIComponent(id)}`;
  }
}

/**
 * The list as it was shown, including the contents of files: a provider that keeps only what is sent would remove what is left
 * out.
 */
function companionOf(resource: Attributes, along: string | undefined): Attributes {
  return along === undefined ? {} : { [along]: resource[along] as Json };
}

function lookingUp(noun: Noun, reference: string): string {
  return noun === 'order' ? say`look up an order by ${reference}` : say`look up a ticket by ${reference}`;
}

/** Whether a text is the beginning of another one, perhaps with a short mark at its end. */
function isCut(text: string, whole: string): boolean {
  const start = text.slice(0, Math.max(text.length - CUT_MARK, Math.ceil(text.length / 2)));
  return text !== '' && text.length <= whole.length && whole.startsWith(start);
}

/** Whether a text may be too long for a column. */
function isLong(value: Json | undefined): boolean {
  return typeof value === 'string' && value.length > LONG;
}
