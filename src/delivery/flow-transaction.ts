import type { Conversations, Draft } from '../conversation/conversations.js';
import { SwitchboardError } from '../errors.js';
import type { Change, ConversationRecord, DeliveryRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';

/**
 * A change to a conversation and its deliveries. It is applied to the state that the flow sees, and again when the transaction
 * is committed, because others may have changed the conversation meanwhile.
 */
export type Step = (draft: Draft) => void | Promise<void>;

export interface FlowTransactionOptions {
  store: Store;
  conversations: Conversations;
  /**
   * Reserves free slots for new deliveries, so that they are committed as being sent (`start`). To be called back with the ids
   * of those that were; with none where the commit failed.
   */
  sendAtOnce: (changes: Change[]) => (started: readonly string[]) => void;
}

/**
 * What a flow does with one message: collected while its nodes run, and committed at once. Until then only this message sees it.
 * After a crash before that the message is emitted again, and nothing has to be reconciled.
 */
export class FlowTransaction {
  private started: ConversationRecord | undefined;
  private steps: Step[] = [];
  private woken: string[] = [];
  private readonly claims = new Map<string, string>();

  /** `conversation`: id of the conversation that the message belongs to, once known. */
  constructor(
    private readonly options: FlowTransactionOptions,
    public conversation: string | undefined,
  ) {}

  /** Starts a conversation with the message. */
  start(record: ConversationRecord): void {
    this.conversation = record.id;
    this.started = record;
  }

  /** The conversation and its deliveries with what is staged; undefined if there is no conversation. */
  async view(): Promise<Draft | undefined> {
    const { conversation, started } = this;
    const draft = conversation === undefined ? undefined : await this.options.conversations.draft(conversation, started);
    if (draft) for (const step of this.steps) await step(draft);
    return draft;
  }

  /** Adds a step. Throws SWB_PAYLOAD where the message has no conversation. */
  async stage(step: Step): Promise<void> {
    const draft = await this.view();
    if (!draft) throw noConversation(this.conversation);
    await step(draft);
    this.steps.push(step);
  }

  /** Whether an out node may write a part: the first one that asks, because several out nodes may lead to one party. */
  claim(part: string, node: string): boolean {
    const owner = this.claims.get(part) ?? node;
    this.claims.set(part, owner);
    return owner === node;
  }

  /** A delivery in doubt, or that needs a decision, is looked up at once after the commit: the message may answer its question. */
  wake(delivery: string): void {
    this.woken.push(delivery);
  }

  /**
   * Commits what is staged, together with the changes that `finish` makes. Returns false, with nothing committed, where `finish`
   * does. What is staged meanwhile belongs to the next commit. Rejects where the commit fails; then it is staged as before.
   */
  async commit(finish: (draft: Draft | undefined) => Promise<Change[] | false>): Promise<boolean> {
    const { conversation, steps, started, woken } = this;
    const { store, conversations, sendAtOnce } = this.options;
    this.steps = [];
    this.woken = [];
    const fill = async (draft: Draft): Promise<boolean> => {
      for (const step of steps) await step(draft);
      const last = await finish(draft);
      if (last) draft.changes.push(...(await this.wakeChanges(woken)), ...last);
      return last !== false;
    };
    try {
      if (conversation === undefined) {
        const changes = await finish(undefined);
        if (changes) await store.commit(changes, { durable: false });
        return changes !== false;
      }
      return await conversations.commit(conversation, started, fill, sendAtOnce);
    } catch (error) {
      this.steps = [...steps, ...this.steps];
      this.woken = [...woken, ...this.woken];
      throw error;
    }
  }

  private async wakeChanges(ids: readonly string[]): Promise<Change[]> {
    const found = await Promise.all(ids.map((id) => this.options.store.delivery(id)));
    return found.flatMap((delivery) => (delivery ? awakened(delivery) : []));
  }
}

/** The change that has a delivery looked up now; none where it is being looked up already, or is done. */
function awakened(delivery: DeliveryRecord): Change[] {
  if (delivery.state !== 'inDoubt' && delivery.state !== 'needsDecision') return [];
  const record: DeliveryRecord = {
    ...delivery,
    state: 'inDoubt',
    decision: undefined,
    blocking: undefined,
    notBefore: undefined,
    doubtAt: undefined,
    // A delivery that needs a decision must not be written again just because something similar was found.
    ...(delivery.state === 'needsDecision' && { onlyLook: delivery.onlyLook ?? true }),
  };
  return [{ kind: 'delivery', record }];
}

function noConversation(id: string | undefined): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', say`The conversation ${id ?? ''} does not exist in this store.`, {
    hint: say`Put a "conversation correlate" node that uses the same store before the out node.`,
  });
}
