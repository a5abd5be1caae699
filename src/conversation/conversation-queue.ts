/**
 * Releases the messages of one conversation into the flow one at a time, oldest first: the next one enters when the previous one
 * has left, so that an asynchronous node cannot reorder them. Conversations do not wait for each other.
 */
export class ConversationQueue {
  private readonly active = new Map<string, string>();
  private readonly waiting = new Map<string, { message: string; enter: () => void }[]>();
  private readonly entered = new Map<string, string>();

  /** Resolves when it is the message's turn, with true if it had to wait. Message ids sort by age. */
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

  /** The message that another one waits for; undefined if that one does not wait. */
  before(message: string): string | undefined {
    for (const [conversation, queue] of this.waiting)
      if (queue.some((waiting) => waiting.message === message)) return this.active.get(conversation);
    return undefined;
  }

  /** To be called when a message has left its flow, even if it never entered the queue. Ends its wait, if it still waits. */
  leave(message: string): void {
    for (const [conversation, queue] of this.waiting) {
      const rest = queue.filter((waiting) => waiting.message !== message);
      if (rest.length === queue.length) continue;
      if (rest.length > 0) this.waiting.set(conversation, rest);
      else this.waiting.delete(conversation);
      for (const waiting of queue) if (waiting.message === message) waiting.enter();
    }
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

  /** Forgets all messages: the flows are closing, and unsettled messages will be emitted again. */
  clear(): void {
    this.active.clear();
    this.waiting.clear();
    this.entered.clear();
  }
}
