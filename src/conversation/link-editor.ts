import type { Json } from '../model/message.js';
import { allOf } from '../store/pages.js';
import type { Store } from '../store/store.js';
import type { ConversationQueue } from './conversation-queue.js';
import type { Conversations } from './conversations.js';
import {
  type ConversationContents,
  type InverseLinkEdit,
  type LinkEdit,
  type LinkEditEffect,
  type PlannedLinkEdit,
  planLinkEdit,
  refusal,
} from './link-edit.js';
import { planUndo } from './link-edit-undo.js';
import { type EntityKey, type UnlinkedEntity, unlinkedKey } from './unlinked-entity.js';

/** Operations kept; the oldest makes room for the newest. */
const MAX_KEPT = 200;
const SETTING = 'surgery';
/** Records read at once. */
const BATCH = 500;

/** Who did what to which conversation, and when. What it takes to undo it is kept beside it. */
export interface AppliedLinkEdit {
  id: number;
  at: string;
  /** Name of the user of Node-RED's editor; '' where nobody has to sign in. */
  by: string;
  kind: LinkEdit['kind'];
  /** Conversations it was about. */
  conversations: string[];
  effects: LinkEditEffect[];
  undone?: { at: string; by: string };
}

/** Mends the links of conversations by hand: previews, commits, keeps who did it, and takes it back. */
export class LinkEditor {
  /** One at a time; what is undone may be what comes next. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly conversations: Conversations,
    private readonly queue: ConversationQueue,
    private readonly clock: () => number,
  ) {}

  /** What an operation would change, in a dry run. Throws SWB_PAYLOAD when it cannot be done. */
  async preview(edit: LinkEdit): Promise<LinkEditEffect[]> {
    return (await this.plan(edit, { by: '', at: this.now() })).effects;
  }

  /** Does it. Messages of the conversations that are in their flows finish first. */
  apply(edit: LinkEdit, by: string): Promise<AppliedLinkEdit> {
    const about = edit.kind === 'merge' ? [edit.conversation, edit.other] : [edit.conversation];
    return this.runAlone(about, async () => {
      const author = { by, at: this.now() };
      let done: AppliedLinkEdit | undefined;
      await this.conversations.updateTogether(about, async () => {
        const { changes, effects, inverse } = await this.plan(edit, author);
        const id = await this.nextId();
        const conversations = [...about, ...(inverse.made ? [inverse.made] : [])];
        done = { id, ...author, kind: edit.kind, conversations, effects };
        return [
          ...changes,
          saveChange(done),
          { kind: 'setting', key: inverseKeyOf(id), value: inverse as unknown as Json },
          { kind: 'setting', key: SETTING, value: id + 1 },
        ];
      });
      return done as unknown as AppliedLinkEdit;
    });
  }

  /** Takes an operation back, where nothing has happened to its links since; else throws SWB_PAYLOAD, saying what has. */
  async undo(id: number, by: string): Promise<AppliedLinkEdit> {
    const found = await this.savedEdit(id);
    return this.runAlone(found.conversations, async () => {
      const author = { by, at: this.now() };
      let undone = found;
      await this.conversations.updateTogether(found.conversations, async () => {
        const latest = await this.savedEdit(id);
        if (latest.undone) throw refusal('It has been undone already.', 'Refresh the view and look again.');
        const inverse = (await this.store.setting(inverseKeyOf(id))) as unknown as InverseLinkEdit;
        const { changes } = planUndo(inverse, await this.currentState(latest, inverse), author);
        undone = { ...latest, undone: author };
        return [...changes, saveChange(undone)];
      });
      return undone;
    });
  }

  /** What was done to a conversation, newest first. */
  async history(conversation: string): Promise<AppliedLinkEdit[]> {
    const next = await this.nextId();
    const numbers = Array.from({ length: Math.min(MAX_KEPT, next) }, (_, back) => next - 1 - back);
    const all = await Promise.all(numbers.map((id) => this.store.setting(keyOf(id))));
    return (all as unknown as (AppliedLinkEdit | undefined)[]).filter((one) =>
      one?.conversations.includes(conversation),
    ) as AppliedLinkEdit[];
  }

  private async plan(edit: LinkEdit, author: { by: string; at: string }): Promise<PlannedLinkEdit> {
    const contents = await this.load(edit.conversation);
    const other = edit.kind === 'merge' ? await this.load(edit.other) : undefined;
    if (edit.kind === 'link') await this.requireUnlinked(edit.entity, edit.conversation);
    const plan = planLinkEdit(edit, contents, other, author);
    if (edit.kind !== 'link') return plan;
    const unlinked = (await this.store.setting(unlinkedKey(edit.entity))) as UnlinkedEntity | undefined;
    return { ...plan, inverse: { ...plan.inverse, ...(unlinked && { unlinked }) } };
  }

  /** An entity belongs to one conversation. */
  private async requireUnlinked(entity: EntityKey, conversation: string): Promise<void> {
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
  private async currentState(
    { conversations }: AppliedLinkEdit,
    inverse: InverseLinkEdit,
  ): Promise<Parameters<typeof planUndo>[1]> {
    const ids = [...conversations, ...inverse.moves.flatMap(({ before, after }) => [before?.conversation, after?.conversation])];
    const found = await Promise.all(
      [...new Set(ids)].map((id) => (id === undefined ? undefined : this.load(id).catch(() => undefined))),
    );
    const owners = new Map<string, string>();
    for (const { before, after } of inverse.moves) {
      const link = (before ?? after)?.link as EntityKey;
      const owner = await this.store.conversationByLink(link.endpoint, link.entityType, link.id);
      if (owner) owners.set(unlinkedKey(link), owner.id);
    }
    return { conversations: found.filter((one) => one !== undefined), ownerOf: (entity) => owners.get(unlinkedKey(entity)) };
  }

  private async load(id: string): Promise<ConversationContents> {
    const conversation = await this.store.conversation(id);
    if (!conversation)
      throw refusal(`There is no conversation ${id}.`, 'It may have been merged or removed: refresh the view and look again.');
    const messages = await allOf((next) => this.store.listMessages({ conversation: id, ...next }), BATCH);
    const deliveries = await allOf((next) => this.store.listDeliveries({ conversation: id, ...next }), BATCH);
    // A message in its flow says itself where it belongs once the flow is quiet.
    return { conversation, messages: messages.filter((m) => m.state !== 'received'), deliveries };
  }

  /** Waits for the conversations' turns as a message does, one operation after the other. */
  private runAlone<T>(conversations: string[], task: () => Promise<T>): Promise<T> {
    const run = this.last.then(async () => {
      // Sorts behind every message, so that those that wait already go first.
      const turns = [...new Set(conversations)].sort().map((conversation) => ({ conversation, holder: `~${conversation}` }));
      for (const { conversation, holder } of turns) await this.queue.enter(conversation, holder);
      try {
        return await task();
      } finally {
        for (const { holder } of turns) this.queue.leave(holder);
      }
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  private async savedEdit(id: number): Promise<AppliedLinkEdit> {
    const found = (await this.store.setting(keyOf(id))) as unknown as AppliedLinkEdit | undefined;
    if (found?.id === id) return found;
    throw refusal(
      'This is too long ago: what it takes to undo it is not kept any more.',
      'Link, unlink, merge or split by hand.',
    );
  }

  private async nextId(): Promise<number> {
    return Number((await this.store.setting(SETTING)) ?? 0);
  }

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}

const keyOf = (id: number): string => `${SETTING}/${id % MAX_KEPT}`;
const inverseKeyOf = (id: number): string => `${keyOf(id)}/inverse`;

function saveChange(applied: AppliedLinkEdit) {
  return { kind: 'setting' as const, key: keyOf(applied.id), value: applied as unknown as Json };
}
