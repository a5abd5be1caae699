import type { Json } from '../model/message.js';
import { allOf } from '../store/pages.js';
import type { Store } from '../store/store.js';
import type { Turnstile } from './conversation-queue.js';
import type { Conversations } from './conversations.js';
import { type Effect, type Inverse, type Matter, type Operation, operate, refusal, type Surgery } from './link-edit.js';
import { undo } from './link-edit-undo.js';
import { type EntityKey, type Unlinked, unlinkedKey } from './unlinked-entity.js';

/** Operations kept; the oldest makes room for the newest. */
const MOST = 200;
const NEXT = 'surgery';
/** Records read at once. */
const BATCH = 500;

/** Who did what to which conversation, and when. What it takes to undo it is kept beside it. */
export interface Operated {
  id: number;
  at: string;
  /** Name of the user of Node-RED's editor; '' where nobody has to sign in. */
  by: string;
  kind: Operation['kind'];
  /** Conversations it was about. */
  conversations: string[];
  effects: Effect[];
  undone?: { at: string; by: string };
}

/** Mends the links of conversations by hand: previews, commits, keeps who did it, and takes it back. */
export class Surgeon {
  /** One at a time; what is undone may be what comes next. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly conversations: Conversations,
    private readonly turnstile: Turnstile,
    private readonly clock: () => number,
  ) {}

  /** What an operation would change, in a dry run. Throws SWB_PAYLOAD when it cannot be done. */
  async preview(operation: Operation): Promise<Effect[]> {
    return (await this.planned(operation, { by: '', at: this.now() })).effects;
  }

  /** Does it. Messages of the conversations that are in their flows finish first. */
  operate(operation: Operation, by: string): Promise<Operated> {
    const about = operation.kind === 'merge' ? [operation.conversation, operation.other] : [operation.conversation];
    return this.alone(about, async () => {
      const operator = { by, at: this.now() };
      let done: Operated | undefined;
      await this.conversations.updateTogether(about, async () => {
        const { changes, effects, inverse } = await this.planned(operation, operator);
        const id = await this.nextId();
        const conversations = [...about, ...(inverse.made ? [inverse.made] : [])];
        done = { id, ...operator, kind: operation.kind, conversations, effects };
        return [
          ...changes,
          keep(done),
          { kind: 'setting', key: inverseKeyOf(id), value: inverse as unknown as Json },
          { kind: 'setting', key: NEXT, value: id + 1 },
        ];
      });
      return done as unknown as Operated;
    });
  }

  /** Takes an operation back, where nothing has happened to its links since; else throws SWB_PAYLOAD, saying what has. */
  async undo(id: number, by: string): Promise<Operated> {
    const found = await this.kept(id);
    return this.alone(found.conversations, async () => {
      const operator = { by, at: this.now() };
      let undone = found;
      await this.conversations.updateTogether(found.conversations, async () => {
        const latest = await this.kept(id);
        if (latest.undone) throw refusal('It has been undone already.', 'Refresh the view and look again.');
        const inverse = (await this.store.setting(inverseKeyOf(id))) as unknown as Inverse;
        const { changes } = undo(inverse, await this.around(latest, inverse), operator);
        undone = { ...latest, undone: operator };
        return [...changes, keep(undone)];
      });
      return undone;
    });
  }

  /** What was done to a conversation, newest first. */
  async history(conversation: string): Promise<Operated[]> {
    const next = await this.nextId();
    const numbers = Array.from({ length: Math.min(MOST, next) }, (_, back) => next - 1 - back);
    const all = await Promise.all(numbers.map((id) => this.store.setting(keyOf(id))));
    return (all as unknown as (Operated | undefined)[]).filter((one) => one?.conversations.includes(conversation)) as Operated[];
  }

  private async planned(operation: Operation, operator: { by: string; at: string }): Promise<Surgery> {
    const matter = await this.matter(operation.conversation);
    const other = operation.kind === 'merge' ? await this.matter(operation.other) : undefined;
    if (operation.kind === 'link') await this.free(operation.entity, operation.conversation);
    const surgery = operate(operation, matter, other, operator);
    if (operation.kind !== 'link') return surgery;
    const unlinked = (await this.store.setting(unlinkedKey(operation.entity))) as Unlinked | undefined;
    return { ...surgery, inverse: { ...surgery.inverse, ...(unlinked && { unlinked }) } };
  }

  /** An entity belongs to one conversation. */
  private async free(entity: EntityKey, conversation: string): Promise<void> {
    const owner = await this.store.conversationByLink(entity.endpoint, entity.entityType, entity.id);
    if (!owner) return;
    throw refusal(
      owner.id === conversation
        ? 'It is linked to this conversation already.'
        : `It belongs to the conversation ${owner.reference}.`,
      owner.id === conversation ? 'There is nothing to do.' : 'Merge that conversation into this one instead.',
    );
  }

  /** What an undo has to look at. */
  private async around({ conversations }: Operated, inverse: Inverse): Promise<Parameters<typeof undo>[1]> {
    const ids = [...conversations, ...inverse.moves.flatMap(({ before, after }) => [before?.conversation, after?.conversation])];
    const found = await Promise.all(
      [...new Set(ids)].map((id) => (id === undefined ? undefined : this.matter(id).catch(() => undefined))),
    );
    const owners = new Map<string, string>();
    for (const { before, after } of inverse.moves) {
      const link = (before ?? after)?.link as EntityKey;
      const owner = await this.store.conversationByLink(link.endpoint, link.entityType, link.id);
      if (owner) owners.set(unlinkedKey(link), owner.id);
    }
    return { matters: found.filter((one) => one !== undefined), ownerOf: (entity) => owners.get(unlinkedKey(entity)) };
  }

  private async matter(id: string): Promise<Matter> {
    const conversation = await this.store.conversation(id);
    if (!conversation)
      throw refusal(`There is no conversation ${id}.`, 'It may have been merged or removed: refresh the view and look again.');
    const messages = await allOf((next) => this.store.listMessages({ conversation: id, ...next }), BATCH);
    const deliveries = await allOf((next) => this.store.listDeliveries({ conversation: id, ...next }), BATCH);
    // A message in its flow says itself where it belongs once the flow is quiet.
    return { conversation, messages: messages.filter((m) => m.state !== 'received'), deliveries };
  }

  /** Waits for the conversations' turns as a message does, one operation after the other. */
  private alone<T>(conversations: string[], task: () => Promise<T>): Promise<T> {
    const run = this.last.then(async () => {
      // Sorts behind every message, so that those that wait already go first.
      const turns = [...new Set(conversations)].sort().map((conversation) => ({ conversation, holder: `~${conversation}` }));
      for (const { conversation, holder } of turns) await this.turnstile.enter(conversation, holder);
      try {
        return await task();
      } finally {
        for (const { holder } of turns) this.turnstile.leave(holder);
      }
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  private async kept(id: number): Promise<Operated> {
    const found = (await this.store.setting(keyOf(id))) as unknown as Operated | undefined;
    if (found?.id === id) return found;
    throw refusal(
      'This is too long ago: what it takes to undo it is not kept any more.',
      'Link, unlink, merge or split by hand.',
    );
  }

  private async nextId(): Promise<number> {
    return Number((await this.store.setting(NEXT)) ?? 0);
  }

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}

const keyOf = (id: number): string => `${NEXT}/${id % MOST}`;
const inverseKeyOf = (id: number): string => `${keyOf(id)}/inverse`;

function keep(operated: Operated) {
  return { kind: 'setting' as const, key: keyOf(operated.id), value: operated as unknown as Json };
}
