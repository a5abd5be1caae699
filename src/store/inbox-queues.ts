import { DueQueue } from './due-queue.js';
import type { MessageWork } from './record-entry.js';

/** Received messages of each node, so that they can be claimed in order without scanning other messages. */
export class InboxQueues {
  private readonly queues = new Map<string, DueQueue>();
  private readonly leased = new Set<string>();

  constructor(private readonly look: (id: string) => MessageWork | undefined) {}

  /** Updates the queues after a change of a message. */
  change(before: MessageWork | undefined, after: MessageWork | undefined): void {
    if (before) this.unplace(before);
    if (after) this.place(after);
  }

  /** Leases up to `limit` due messages of a node, oldest first. */
  claim(node: string, limit: number, now: number): MessageWork[] {
    const ids = this.queues.get(node)?.take(limit, now, (id) => this.look(id)?.notBefore) ?? [];
    for (const id of ids) this.leased.add(id);
    return ids.map((id) => this.look(id)!);
  }

  /** Releases a lease. */
  release(id: string): void {
    if (!this.leased.delete(id)) return;
    const message = this.look(id);
    if (message) this.place(message);
  }

  /** When the next waiting message of a node becomes due. */
  nextDue(node: string): number | undefined {
    return this.queues.get(node)?.nextDue();
  }

  private place(message: MessageWork): void {
    if (this.leased.has(message.id)) return;
    let queue = this.queues.get(message.node);
    if (!queue) {
      queue = new DueQueue();
      this.queues.set(message.node, queue);
    }
    queue.add(message.id, message.notBefore);
  }

  private unplace(message: MessageWork): void {
    if (this.leased.has(message.id)) return;
    this.queues.get(message.node)?.remove(message.id, message.notBefore);
  }
}
