import type { Conversations } from '../conversation/conversations.js';
import type { LinkEditor } from '../conversation/link-editor.js';
import { RefusedRequest } from '../http/refused-request.js';
import type { AuditEntry } from '../store/audit-entry.js';
import { allOf, recordsOf } from '../store/pages.js';
import type { Change, ConversationRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import type { AuditLog } from './audit.js';
import { described, type Erasable, type Found, type Members, sizeOf, targetOf, tombstoneOf, whyNot } from './erasable.js';
import type { ErasureRequest, ErasureResult, FoundTicket } from './erasure-view.js';
import { type Mentions, mentionsOf } from './mentions.js';
import type { Person } from './person.js';
import type { UnmappedCounter, UnmappedValue } from './unmapped-counter.js';

const BATCH = 500;
/** Shorter numbers say nothing about a damaged part of a file. */
const SHORTEST_MARK = 6;
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

  /** What `erase` would do. */
  preview(request: ErasureRequest): Promise<ErasureResult> {
    return this.inTurn(() => this.previewNow(request));
  }

  private async previewNow(request: ErasureRequest): Promise<ErasureResult> {
    const person = personIn(request);
    const found = await this.find(request, person);
    const values = await this.valuesOf(person);
    const { entries } = await this.entriesOf(
      found.filter(({ ticket }) => !ticket.refused),
      person,
    );
    return { tickets: found.map(({ ticket }) => ticket), values: values.length, entries: entries.length };
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
    const { entriesOf } = await this.entriesOf(all, person);
    const tickets: FoundTicket[] = [];
    const erased: Found[] = [];
    let cut = 0;
    for (const found of all) {
      const entries = entriesOf.get(found) ?? [];
      const refused = found.ticket.refused ?? (await this.eraseOne(found.record, entries, by));
      tickets.push({ ...found.ticket, ...(refused && { refused }) });
      if (refused) await audit.add({ by, action: 'erase', outcome: 'refused', target: targetOf(found.record) });
      else {
        erased.push(found);
        cut += entries.length;
      }
    }
    const values = await this.valuesOf(person);
    if (values.length > 0) {
      const target = { kind: 'value', id: '', count: values.length } as const;
      await unmapped.forget(values, [audit.note({ by, action: 'erase', target })], true);
    }
    // Those that name the person and are about no ticket, and what was noted meanwhile.
    const { entries } = await this.entriesOf(erased, person);
    if (entries.length > 0) {
      const target = { kind: 'trail', id: '', count: entries.length } as const;
      await store.commit([{ kind: 'cutNames', entries }, audit.note({ by, action: 'erase', target })], { erase: true });
    }
    const marks = [...(request.person ?? []), ...erased.flatMap(({ numbers }) => numbers)];
    await store.purge(marks.map((mark) => mark.trim()).filter(({ length }) => length >= SHORTEST_MARK));
    return { tickets, values: values.length, entries: cut + entries.length };
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
        if (one.conversation === undefined && isIt(one.id, one.entityId, one.number)) records.set(one.id, one);
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
      if (one.conversation !== undefined) await add(one.conversation);
      if (!found.has(one.conversation ?? '')) found.set(one.id, one);
    }
    for await (const one of recordsOf((next) => store.listDeliveries(next), BATCH)) {
      if (found.has(one.conversation)) continue;
      if (mentions(one) || mentions(await store.bodies('delivery', one.id))) await add(one.conversation);
    }
  }

  private async membersOf(one: Erasable): Promise<Members> {
    if ('receivedAt' in one) return { messages: [one], deliveries: [] };
    const { store } = this.options;
    const conversation = one.id;
    return {
      messages: await allOf((next) => store.listMessages({ conversation, ...next }), BATCH),
      deliveries: await allOf((next) => store.listDeliveries({ conversation, ...next }), BATCH),
    };
  }

  /** Erases one ticket, with its entry in the trail; why it was refused, if something has come in meanwhile. */
  private async eraseOne(one: Erasable, entries: string[], by: Person): Promise<string | undefined> {
    const { store, linkEditor } = this.options;
    // In the same commit: once the ticket is erased, nothing tells which entries are about it.
    const cut: Change[] = entries.length > 0 ? [{ kind: 'cutNames', entries }] : [];
    if ('receivedAt' in one) {
      await store.commit([{ kind: 'message', record: one, gone: true }, this.note(one, 1, by), ...cut], { erase: true });
      return undefined;
    }
    // No message of it is in a flow meanwhile.
    return linkEditor.runAlone([one.id], () => this.eraseConversation(one.id, cut, by));
  }

  private async eraseConversation(id: string, cut: readonly Change[], by: Person): Promise<string | undefined> {
    const { store, conversations } = this.options;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let refused: string | undefined;
      let isDone = false;
      const change = async () => {
        const latest = await store.conversation(id);
        const members = latest && (await this.membersOf(latest));
        refused = members && whyNot(latest, members);
        isDone = !members || (latest.erasedAt !== undefined && sizeOf(members) === 0);
        if (refused || isDone || !members) return [];
        return [...(await this.changesFor(latest, members)), this.note(latest, sizeOf(members), by), ...cut];
      };
      await conversations.updateTogether([id], change, { erase: true });
      // Something may have been added that does not change the conversation: one more look.
      if (refused || isDone) return refused;
    }
    return say`Messages keep coming in. Erase it later.`;
  }

  private async changesFor(latest: ConversationRecord, { messages, deliveries }: Members): Promise<Change[]> {
    return [
      { kind: 'conversation', record: tombstoneOf(latest, new Date(this.options.clock()).toISOString()) },
      ...messages.map((record): Change => ({ kind: 'message', record, gone: true })),
      ...deliveries.map((record): Change => ({ kind: 'delivery', record, gone: true })),
      ...(await this.options.linkEditor.forgetting(latest.id)),
    ];
  }

  /** The entry of an erasure names nobody: it has only our own ids, and the number of records. */
  private note(record: Erasable, count: number, by: Person): Change {
    return this.options.audit.note({ by, action: 'erase', target: { ...targetOf(record), count } });
  }

  private async valuesOf(person: Mentions | undefined): Promise<UnmappedValue[]> {
    return person ? (await this.options.unmapped.list()).filter(({ value }) => person(value)) : [];
  }

  /**
   * Entries of the audit trail that name what is erased: they are about it, or have its number, or name the person. `entriesOf`:
   * those of each ticket.
   */
  private async entriesOf(
    erased: readonly Found[],
    person: Mentions | undefined,
  ): Promise<{ entries: string[]; entriesOf: Map<Found, string[]> }> {
    const owners = new Map<string, Found>();
    for (const found of erased) {
      for (const id of found.ids) owners.set(id, found);
      for (const number of found.numbers) owners.set(number.toLowerCase(), found);
    }
    const entries: string[] = [];
    const entriesOf = new Map<Found, string[]>();
    for await (const { text, names } of this.options.store.trail({})) {
      if (!names) continue;
      const { id, target } = JSON.parse(text) as AuditEntry;
      const owner = owners.get(target.id) ?? ownerNamedIn(names, owners);
      if (!owner && !person?.(names)) continue;
      entries.push(id);
      if (owner) entriesOf.set(owner, [...(entriesOf.get(owner) ?? []), id]);
    }
    return { entries, entriesOf };
  }
}

/** The ticket that the names of an entry name: as a whole, or as a word that can be nothing else. */
function ownerNamedIn(names: Record<string, string>, owners: ReadonlyMap<string, Found>): Found | undefined {
  for (const text of Object.values(names)) {
    const whole = text.trim().toLowerCase();
    const words = whole.split(/[\s,;"()]+/).filter(({ length }) => length >= SHORTEST_MARK);
    for (const word of [whole, ...words]) {
      const owner = owners.get(word);
      if (owner) return owner;
    }
  }
  return undefined;
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
