import type { Json } from '../model/message.js';
import { allOf } from '../store/pages.js';
import type { Change, Store } from '../store/store.js';
import { say } from '../text/say.js';
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

/** Number of edits kept; the newest replaces the oldest. */
const MAX_KEPT = 200;
/** Prefix of the setting keys. The name is historic, and stays so that stored edits can still be undone. */
const SETTING = 'surgery';
/** Records read at once. */
const BATCH = 500;

/** An edit that was applied: who, when, and what. The data to undo it is stored separately. */
export interface AppliedLinkEdit {
  id: number;
  at: string;
  /** User name in Node-RED's editor; '' if sign-in is not required. */
  by: string;
  kind: LinkEdit['kind'];
  /** Ids of the edited conversations. */
  conversations: string[];
  effects: LinkEditEffect[];
  undone?: { at: string; by: string };
}

/** Edits the links of conversations for a user: previews, applies, records and undoes edits. */
export class LinkEditor {
  /** Edits run one at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly conversations: Conversations,
    private readonly queue: ConversationQueue,
    private readonly clock: () => number,
    /** The current attempt of a delivery. */
    private readonly runningAttempt: (endpoint: string, delivery: string) => Promise<void> | undefined,
  ) {}

  /** The effects of an edit, without applying it. Throws SWB_PAYLOAD if the edit is refused. */
  async preview(edit: LinkEdit): Promise<LinkEditEffect[]> {
    return (await this.plan(edit, { by: '', at: this.now() })).effects;
  }

  /** Applies an edit, after messages of the conversations have left their flows. `also`: for its commit. */
  apply(edit: LinkEdit, by: string, also: readonly Change[] = []): Promise<AppliedLinkEdit> {
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
          ...also,
        ];
      });
      return done as unknown as AppliedLinkEdit;
    });
  }

  /**
   * Undoes an edit if its links have not changed since; otherwise throws SWB_PAYLOAD with the change. `also`: what its commit has
   * beside, given the edit.
   */
  async undo(id: number, by: string, also: (edit: AppliedLinkEdit) => Change[] = () => []): Promise<AppliedLinkEdit> {
    const found = await this.savedEdit(id);
    return this.runAlone(found.conversations, async () => {
      const author = { by, at: this.now() };
      let undone = found;
      await this.conversations.updateTogether(found.conversations, async () => {
        const latest = await this.savedEdit(id);
        if (latest.undone) throw refusal(say`This edit has already been undone.`, say`Refresh the view.`);
        const inverse = (await this.store.setting(inverseKeyOf(id))) as unknown as InverseLinkEdit;
        const { changes } = planUndo(inverse, await this.currentState(latest, inverse), author);
        undone = { ...latest, undone: author };
        return [...changes, saveChange(undone), ...also(found)];
      });
      return undone;
    });
  }

  /** Removes what is kept of the edits of a conversation, for the commit that erases it: the data to undo them has its fields. */
  async forgetting(conversation: string): Promise<Change[]> {
    return (await this.history(conversation)).flatMap(({ id }): Change[] => [
      { kind: 'setting', key: keyOf(id), value: undefined },
      { kind: 'setting', key: inverseKeyOf(id), value: undefined },
    ]);
  }

  /** The edits of a conversation, newest first. */
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
        ? say`The ticket is already linked to this conversation.`
        : say`The ticket belongs to the conversation ${owner.reference}.`,
      owner.id === conversation ? say`There is nothing to do.` : say`Merge that conversation into this one instead.`,
    );
  }

  /** The current state that an undo checks. */
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
      throw refusal(say`The conversation ${id} does not exist.`, say`It may have been merged or deleted. Refresh the view.`);
    if (conversation.erasedAt)
      throw refusal(say`The data of the conversation ${id} was erased.`, say`Its links only tell its tickets from new ones.`);
    const messages = await allOf((next) => this.store.listMessages({ conversation: id, ...next }), BATCH);
    const deliveries = await allOf((next) => this.store.listDeliveries({ conversation: id, ...next }), BATCH);
    // A message that is still in its flow is assigned to its conversation when the flow is idle.
    return { conversation, messages: messages.filter((m) => m.state !== 'received'), deliveries };
  }

  /** Runs an edit, or another task on whole conversations, alone, queued with their messages. */
  runAlone<T>(conversations: string[], task: () => Promise<T>): Promise<T> {
    const run = this.last.then(async () => {
      // `~` sorts after every message id, so that waiting messages go first.
      const turns = [...new Set(conversations)].sort().map((conversation) => ({ conversation, holder: `~${conversation}` }));
      for (const { conversation, holder } of turns) await this.queue.enter(conversation, holder);
      try {
        await this.attemptsToEnd(turns.map(({ conversation }) => conversation));
        return await task();
      } finally {
        for (const { holder } of turns) this.queue.leave(holder);
      }
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  /** Waits for the deliveries that are being sent, but not for a partner that takes long: then the edit is refused. */
  private async attemptsToEnd(conversations: readonly string[]): Promise<void> {
    const open = (await Promise.all(conversations.map((id) => this.store.openDeliveries(id)))).flat();
    let timer: NodeJS.Timeout | undefined;
    const isLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
    });
    await Promise.race([Promise.all(open.map((d) => this.runningAttempt(d.endpoint, d.id))), isLong]);
    clearTimeout(timer);
  }

  private async savedEdit(id: number): Promise<AppliedLinkEdit> {
    const found = (await this.store.setting(keyOf(id))) as unknown as AppliedLinkEdit | undefined;
    if (found?.id === id) return found;
    throw refusal(
      say`This edit is too old to be undone: its data is no longer kept.`,
      say`Link, unlink, merge or split manually.`,
    );
  }

  private async nextId(): Promise<number> {
    return Number((await this.store.setting(SETTING)) ?? 0);
  }

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}

/** Milliseconds an edit waits for deliveries that are being sent. */
const PATIENCE = 5_000;

const keyOf = (id: number): string => `${SETTING}/${id % MAX_KEPT}`;
const inverseKeyOf = (id: number): string => `${keyOf(id)}/inverse`;

function saveChange(applied: AppliedLinkEdit) {
  return { kind: 'setting' as const, key: keyOf(applied.id), value: applied as unknown as Json };
}
