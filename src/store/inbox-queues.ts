import { DueQueue } from './due-queue.js';
import type { MessageWork } from './record-entry.js';

/** Received messages by queue (message-queue.ts), so that they can be claimed in order without scanning other messages. */
export class InboxQueues {
  private readonly queues = new Map<string, DueQueue>();
  private readonly leased = new Set<string>();

  constructor(private readonly look: (id: string) => MessageWork | undefined) {}

  /** Updates the queues after a change of a message. */
  change(before: MessageWork | undefined, after: MessageWork | undefined): void {
    if (before) this.unplace(before);
    if (after) this.place(after);
  }

  /** Leases up to `limit` due messages of a queue, oldest first. */
  claim(queue: string, limit: number, now: number): MessageWork[] {
    const ids = this.queues.get(queue)?.take(limit, now, (id) => this.look(id)?.notBefore) ?? [];
    for (const id of ids) this.leased.add(id);
    return ids.map((id) => this.look(id)!);
  }

  /** Releases a lease. */
  release(id: string): void {
    if (!this.leased.delete(id)) return;
    const message = this.look(id);
    if (message) this.place(message);
  }

  /** When the next waiting message of a queue becomes due. */
  nextDue(queue: string): number | undefined {
    return this.queues.get(queue)?.nextDue();
  }

  private place(message: MessageWork): void {
    if (this.leased.has(message.id)) return;
    let queue = this.queues.get(message.queue);
    if (!queue) {
      queue = new DueQueue();
      this.queues.set(message.queue, queue);
    }
    queue.add(message.id, message.notBefore);
  }

  private unplace(message: MessageWork): void {
    if (this.leased.has(message.id)) return;
    this.queues.get(message.queue)?.remove(message.id, message.notBefore);
  }
}
