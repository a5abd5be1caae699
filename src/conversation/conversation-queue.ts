/**
 * Lets the messages of one conversation into the flow one at a time, the oldest first: the next one enters when the one before has
 * left, so that an asynchronous node between cannot reorder them. Conversations do not wait for each other.
 */
export class ConversationQueue {
  private readonly active = new Map<string, string>();
  private readonly waiting = new Map<string, { message: string; enter: () => void }[]>();
  private readonly entered = new Map<string, string>();

  /** Resolves when it is this message's turn, with true when it had to wait. `message` ids sort by age. */
  enter(conversation: string, message: string): Promise<boolean> {
    const holder = this.active.get(conversation);
    if (holder === undefined || holder === message) {
      this.active.set(conversation, message);
      this.entered.set(message, conversation);
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const enter = () => resolve(true);
      const queue = this.waiting.get(conversation) ?? [];
      queue.push({ message, enter });
      queue.sort((a, b) => (a.message < b.message ? -1 : 1));
      this.waiting.set(conversation, queue);
    });
  }

  /** The message has left its flow, whether or not it ever entered here. */
  leave(message: string): void {
    const conversation = this.entered.get(message);
    if (conversation === undefined) return;
    this.entered.delete(message);
    this.active.delete(conversation);
    const queue = this.waiting.get(conversation);
    const next = queue?.shift();
    if (queue && queue.length === 0) this.waiting.delete(conversation);
    if (!next) return;
    this.active.set(conversation, next.message);
    this.entered.set(next.message, conversation);
    next.enter();
  }

  /** Forgets everybody: the flows are being closed, and what is unsettled will be emitted again. */
  clear(): void {
    this.active.clear();
    this.waiting.clear();
    this.entered.clear();
  }
}
