import type { Conversations } from '../conversation/conversations.js';
import type { LinkEditor } from '../conversation/link-editor.js';
import { isConcurrentChange } from '../errors.js';
import { RefusedRequest } from '../http/refused-request.js';
import { allOf, recordsOf } from '../store/pages.js';
import type { Change, ConversationRecord, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import type { AuditLog, Note } from './audit.js';
import {
  described,
  type Erasable,
  entitiesOf,
  type Found,
  isAbout,
  type Members,
  sizeOf,
  targetOf,
  tombstoneOf,
  whyNot,
} from './erasable.js';
import { type Cut, cutFacts, cutting, entriesNaming, isNamedBy, SHORTEST_MARK, searchOf } from './erased-entries.js';
import type { ErasureRequest, ErasureResult, FoundTicket } from './erasure-view.js';
import { type Mentions, mentionsOf, oneWordIn } from './mentions.js';
import type { Person } from './person.js';
import { withoutReceived } from './received-item.js';
import type { UnmappedCounter, UnmappedValue } from './unmapped-counter.js';

const BATCH = 500;
/** Times that a conversation is looked at again because something came in meanwhile. */
const MAX_ROUNDS = 20;

export interface EraserOptions {
  store: Store;
  conversations: Conversations;
  linkEditor: LinkEditor;
  unmapped: UnmappedCounter;
  audit: AuditLog;
  clock: () => number;
}

/** Erases people's data: whole tickets that have ended, for good. */
export class Eraser {
  /** Searches through everything run one at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: EraserOptions) {}

  /** What `erase` would do. Who looks learns in which tickets a person appears: that is noted before it is told. */
  async preview(request: ErasureRequest, by: Person): Promise<ErasureResult> {
    const found = await this.look(request);
    await this.noteSearch(request, found, { by, action: 'lookFor' });
    return found;
  }

  /** What `erase` would do, to compare it with what was confirmed: `erase` or `refuse` must follow. */
  look(request: ErasureRequest): Promise<ErasureResult> {
    return this.inTurn(() => this.lookNow(request));
  }

  /** Notes that nothing is erased because something else was confirmed than what was found. */
  refuse(request: ErasureRequest, found: ErasureResult, by: Person): Promise<void> {
    return this.noteSearch(request, found, { by, action: 'erase', outcome: 'refused' });
  }

  /** Where nothing is found, there was nothing to erase or to refuse: somebody looked. */
  private noteSearch(
    request: ErasureRequest,
    { tickets, values, entries }: ErasureResult,
    { by, ...note }: Pick<Note, 'by' | 'action' | 'outcome'>,
  ): Promise<void> {
    const isFound = tickets.length + values + entries > 0;
    return this.options.audit.add({
      by,
      ...(isFound ? note : { action: 'lookFor' }),
      target: { kind: request.person?.length ? 'person' : 'ticket', id: '', count: tickets.length },
      // Of somebody who is nowhere in the store, the trail must not become the only trace.
      ...(isFound && { search: searchOf(request) }),
    });
  }

  private async lookNow(request: ErasureRequest): Promise<ErasureResult> {
    const person = personIn(request);
    const found = await this.find(request, person);
    const values = await this.valuesOf(person);
    const erasable = found.filter(({ ticket }) => !ticket.refused);
    const { entries } = await entriesNaming(this.options.store, erasable, person);
    const warning = found.length > 1 ? oneWordIn(request.person) : undefined;
    // That somebody looks is noted before the number is told, so that this entry is one of them.
    const isFound = found.length + values.length + entries.length > 0;
    const own = isFound && isNamedBy(searchOf(request), erasable, person) ? 1 : 0;
    return {
      tickets: found.map(({ ticket }) => ticket),
      values: values.length,
      entries: entries.length + own,
      ...(warning && { warning }),
    };
  }

  /**
   * Erases what was found and has ended; the rest is refused, in words. Resolves when nothing of it is on the disk any more. It can
   * be repeated at any time, and after a crash goes on with the store.
   */
  erase(request: ErasureRequest, by: Person): Promise<ErasureResult> {
    return this.inTurn(() => this.eraseNow(request, by));
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = this.last.then(task);
    this.last = run.catch(() => undefined);
    return run;
  }

  private async eraseNow(request: ErasureRequest, by: Person): Promise<ErasureResult> {
    const { audit, store, unmapped } = this.options;
    const person = personIn(request);
    const all = await this.find(request, person);
    const { entriesOf } = await entriesNaming(store, all, person);
    const tickets: FoundTicket[] = [];
    const erased: Found[] = [];
    const cut = new Set<string>();
    for (const found of all) {
      const entries = entriesOf.get(found) ?? [];
      const refused = found.ticket.refused ?? (await this.eraseOne(found.record, entries, by));
      tickets.push({ ...found.ticket, ...(refused && { refused }) });
      if (refused) await audit.add({ by, action: 'erase', outcome: 'refused', target: targetOf(found.record) });
      else {
        erased.push(found);
        for (const { id } of entries) cut.add(id);
      }
    }
    const values = await this.valuesOf(person);
    if (values.length > 0) {
      const target = { kind: 'value', id: '', count: values.length } as const;
      await unmapped.forget(values, [audit.note({ by, action: 'erase', target })], true);
    }
    // Those that name the person and are about no ticket, and what was noted meanwhile.
    const entries = (await entriesNaming(store, erased, person)).entries.filter(({ id }) => !cut.has(id));
    // With those that were cut off with the tickets: as many as the preview told.
    const count = cut.size + entries.length;
    if (count > 0) {
      const target = { kind: 'trail', id: '', count } as const;
      const facts = entries.length > 0 ? cutFacts(entries) : undefined;
      await store.commit([...cutting(entries), audit.note({ by, action: 'erase', target, facts })], { erase: true });
    }
    const marks = [...(request.person ?? []), ...erased.flatMap(({ numbers }) => numbers)];
    await store.purge(marks.map((mark) => mark.trim()).filter(({ length }) => length >= SHORTEST_MARK));
    const result = { tickets, values: values.length, entries: count };
    // Who has nothing erased has looked, too.
    if (tickets.length + result.values + result.entries === 0) await this.noteSearch(request, result, { by, action: 'erase' });
    return result;
  }

  /** The conversations, and the messages without one, that a request is about. */
  private async find({ ticket = [] }: ErasureRequest, person: Mentions | undefined): Promise<Found[]> {
    const records = new Map<string, Erasable>();
    const { store } = this.options;
    if (person) await this.findPerson(person, records);
    for (const wanted of ticket) {
      const search = wanted.trim();
      if (!search) continue;
      const isIt = (...names: (string | undefined)[]) => names.some((name) => name?.toLowerCase() === search.toLowerCase());
      for await (const one of recordsOf((next) => store.listConversations({ search, ...next }), BATCH)) {
        const { id, reference, aliases = [], links } = one;
        if (isIt(id, reference, ...aliases, ...links.flatMap((link) => [link.id, link.number]))) records.set(id, one);
      }
      for await (const one of recordsOf((next) => store.listMessages({ search, ...next }), BATCH))
        if (one.conversation === undefined && isIt(one.id, one.entityId, one.number)) {
          const owner = await this.ownerOf(one);
          records.set(owner.id, owner);
        }
    }
    const found: Found[] = [];
    for (const record of records.values()) {
      const members = await this.membersOf(record);
      // Nothing is left of an erased one, unless something has come in since.
      if (!('erasedAt' in record && record.erasedAt) || sizeOf(members) > 0) found.push(described(record, members));
    }
    return found;
  }

  private async findPerson(mentions: Mentions, found: Map<string, Erasable>): Promise<void> {
    const { store, linkEditor } = this.options;
    const add = async (conversation: string) => {
      const record = await store.conversation(conversation);
      if (record) found.set(conversation, record);
    };
    for await (const one of recordsOf((next) => store.listConversations(next), BATCH))
      if (mentions(one) || (await linkEditor.history(one.id)).some(mentions)) found.set(one.id, one);
    for await (const one of recordsOf((next) => store.listMessages(next), BATCH)) {
      if (found.has(one.conversation ?? one.id)) continue;
      if (!mentions(one) && !mentions(await store.bodies('message', one.id))) continue;
      const owner = await this.ownerOf(one);
      found.set(owner.id, owner);
    }
    for await (const one of recordsOf((next) => store.listDeliveries(next), BATCH)) {
      if (found.has(one.conversation)) continue;
      if (mentions(one) || mentions(await store.bodies('delivery', one.id))) await add(one.conversation);
    }
  }

  /** The conversation of a message, also if the message was not read yet or failed before it was assigned; else itself. */
  private async ownerOf(message: MessageRecord): Promise<Erasable> {
    const { store } = this.options;
    const { conversation, endpoint, entityType, entityId } = message;
    const owner =
      conversation === undefined
        ? await store.conversationByLink(endpoint, entityType, entityId)
        : await store.conversation(conversation);
    return owner ?? message;
  }

  private async membersOf(one: Erasable): Promise<Members> {
    if ('receivedAt' in one) return { messages: [one], deliveries: [] };
    const { store } = this.options;
    const conversation = one.id;
    const messages = await allOf((next) => store.listMessages({ conversation, ...next }), BATCH);
    const deliveries = await allOf((next) => store.listDeliveries({ conversation, ...next }), BATCH);
    const about = entitiesOf(one, { messages, deliveries });
    const unlinked = (await Promise.all(about.map((entities) => store.unlinkedMessages(entities)))).flat();
    return { messages: [...messages, ...unlinked.filter((message) => isAbout(one, message))], deliveries };
  }

  /** Erases one ticket, with its entry in the trail; why it was refused, if something has come in meanwhile. */
  private async eraseOne(one: Erasable, cut: Cut, by: Person): Promise<string | undefined> {
    const { store, linkEditor } = this.options;
    if ('receivedAt' in one) {
      await store.commit([{ kind: 'message', record: one, gone: true }, ...this.notes(one, 1, cut, by)], { erase: true });
      return undefined;
    }
    // No message of it is in a flow meanwhile.
    return linkEditor.runAlone([one.id], () => this.eraseConversation(one.id, cut, by));
  }

  private async eraseConversation(id: string, cut: Cut, by: Person): Promise<string | undefined> {
    const { store, conversations } = this.options;
    let isErased = false;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let refused: string | undefined;
      let isDone = false;
      let late: readonly MessageRecord[] = [];
      const change = async () => {
        const latest = await store.conversation(id);
        const members = latest && (await this.membersOf(latest));
        refused = members && whyNot(latest, members);
        late = members?.messages ?? [];
        isDone = !members || (latest.erasedAt !== undefined && sizeOf(members) === 0);
        if (refused || isDone || !members) return [];
        // What is accepted between the look and the commit is seen by the next look.
        const unchanged: Change = { kind: 'noneReceived', about: entitiesOf(latest, members) };
        return [unchanged, ...(await this.changesFor(latest, members)), ...this.notes(latest, sizeOf(members), cut, by)];
      };
      await conversations.updateTogether([id], change, { erase: true });
      // What has come in since the erasure is about an erased ticket.
      if (refused && isErased) {
        if (await this.emptied(late)) return undefined;
        continue;
      }
      // Something may have been added that does not change the conversation: one more look.
      if (refused || isDone) return refused;
      isErased = true;
    }
    return say`Messages keep coming in. Erase it later.`;
  }

  /** Takes out what came in with messages that were accepted before the erasure could be seen; false if they went on meanwhile. */
  private async emptied(messages: readonly MessageRecord[]): Promise<boolean> {
    const changes = messages.map(withoutReceived);
    try {
      await this.options.store.commit(changes, { erase: true });
      return true;
    } catch (error) {
      if (isConcurrentChange(error)) return false;
      throw error;
    }
  }

  private async changesFor(latest: ConversationRecord, { messages, deliveries }: Members): Promise<Change[]> {
    return [
      { kind: 'conversation', record: tombstoneOf(latest, new Date(this.options.clock()).toISOString()) },
      ...messages.map((record): Change => ({ kind: 'message', record, gone: true })),
      ...deliveries.map((record): Change => ({ kind: 'delivery', record, gone: true })),
      ...(await this.options.linkEditor.forgetting(latest.id)),
    ];
  }

  /**
   * The entry of an erasure, which names nobody: it has only our own ids, and the number of records. It cuts off the entries about
   * them in the same commit: once they are erased, nothing tells which those are.
   */
  private notes(record: Erasable, count: number, cut: Cut, by: Person): Change[] {
    const target = { ...targetOf(record), count };
    return [
      this.options.audit.note({ by, action: 'erase', target, ...(cut.length > 0 && { facts: cutFacts(cut) }) }),
      ...cutting(cut),
    ];
  }

  private async valuesOf(person: Mentions | undefined): Promise<UnmappedValue[]> {
    return person ? (await this.options.unmapped.list()).filter(({ value }) => person(value)) : [];
  }
}

/** The person that a request is about, if it is about one; throws SWB_PAYLOAD for one that is about nothing. */
function personIn({ person = [], ticket = [] }: ErasureRequest): Mentions | undefined {
  const texts = person.map((text) => text.trim()).filter(Boolean);
  if (texts.length === 0 && !ticket.some((text) => text.trim()))
    throw new RefusedRequest(400, 'SWB_PAYLOAD', say`Nothing to erase was named.`, {
      hint: say`Name a person as in the tickets, or a ticket by its number or id.`,
    });
  return texts.length > 0 ? mentionsOf(texts) : undefined;
}
