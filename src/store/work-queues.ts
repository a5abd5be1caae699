import { DeliveryLanes } from './delivery-lanes.js';
import { InboxQueues } from './inbox-queues.js';
import { endpointOf } from './message-queue.js';
import { PartitionedMap } from './partitioned-map.js';
import { type DeliveryWork, type MessageWork, OPEN_DELIVERY, type RecordEntry, type Work, workOf } from './record-entry.js';
import { withKey, withoutKey } from './sorted-keys.js';
import type { OldestWaiting, RecordKind } from './store.js';

/** Everything that waits: messages to be emitted, deliveries to be sent, and deliveries that block their lane. */
export class WorkQueues {
  readonly inbox = new InboxQueues((id) => this.messages.get(id));
  readonly lanes = new DeliveryLanes((id) => this.deliveries.get(id));
  /** What waits for an endpoint: open deliveries to it, and messages whose record could not be read from it yet. */
  readonly waiting = new Map<string, number>();
  private readonly messages = new PartitionedMap<MessageWork>();
  private readonly deliveries = new PartitionedMap<DeliveryWork>();
  /** Ids of the open deliveries of a conversation, oldest first. */
  private readonly openOf = new PartitionedMap<readonly string[]>();

  /** The work of a message or delivery; undefined if it does not wait. */
  get(kind: RecordKind, id: string): Work | undefined {
    return kind === 'message' ? this.messages.get(id) : kind === 'delivery' ? this.deliveries.get(id) : undefined;
  }

  /** Ids of the deliveries of a conversation that are still to be sent, oldest first. */
  openDeliveries(conversation: string): readonly string[] {
    return this.openOf.get(conversation) ?? [];
  }

  /** Ids of the messages of an endpoint that do not say which entity they are about. Looks at all that wait. */
  unidentified(endpoint: string): string[] {
    return this.messages.parts.flatMap((part) =>
      [...part.values()].flatMap(({ id, queue, unidentified }) => (unidentified && endpointOf(queue) === endpoint ? [id] : [])),
    );
  }

  /** The oldest message by queue, and the oldest that waits for each endpoint. Looks at all of them. */
  oldest(): OldestWaiting {
    const oldest: OldestWaiting = { queues: {}, endpoints: {} };
    const note = (of: Record<string, string>, owner: string, id: string) => {
      const known = of[owner];
      if (known === undefined || id < known) of[owner] = id;
    };
    for (const part of this.messages.parts)
      for (const [id, work] of part) {
        note(oldest.queues, work.queue, id);
        const source = unreadFrom(work);
        if (source !== undefined) note(oldest.endpoints, source, id);
      }
    for (const part of this.deliveries.parts)
      for (const [id, work] of part) if (isOpen(work)) note(oldest.endpoints, work.endpoint, id);
    return oldest;
  }

  /** Updates the queues after a change of a record. */
  change(kind: RecordKind, id: string, after: RecordEntry | undefined): void {
    this.set(kind, id, workOf(after));
  }

  /** Sets or (undefined) removes work. */
  set(kind: RecordKind, id: string, work: Work | undefined): void {
    if (kind === 'message') {
      const before = this.messages.get(id);
      if (!before && !work) return;
      put(this.messages, id, work as MessageWork | undefined);
      this.inbox.change(before, work as MessageWork | undefined);
      this.count(unreadFrom(before), -1);
      this.count(unreadFrom(work as MessageWork | undefined), 1);
    } else if (kind === 'delivery') {
      const before = this.deliveries.get(id);
      if (!before && !work) return;
      put(this.deliveries, id, work as DeliveryWork | undefined);
      this.countOpen(before, work as DeliveryWork | undefined);
      this.lanes.change(before, work as DeliveryWork | undefined);
    }
  }

  /** Makes all work due by `latest`, epoch milliseconds. The records themselves stay unchanged. */
  dueBy(latest: number): void {
    for (const map of [this.messages, this.deliveries])
      for (const part of map.parts)
        for (const [id, work] of part)
          if ((work.notBefore ?? 0) > latest) this.set(work.kind, id, { ...work, notBefore: latest });
  }

  private countOpen(before: DeliveryWork | undefined, after: DeliveryWork | undefined): void {
    const [was, is] = [isOpen(before) ? before : undefined, isOpen(after) ? after : undefined];
    if (was?.conversation !== is?.conversation) {
      if (was) {
        const rest = withoutKey(this.openDeliveries(was.conversation), was.id);
        put(this.openOf, was.conversation, rest.length > 0 ? rest : undefined);
      }
      if (is) this.openOf.set(is.conversation, withKey(this.openDeliveries(is.conversation), is.id));
    }
    this.count(was?.endpoint, -1);
    this.count(is?.endpoint, 1);
  }

  private count(endpoint: string | undefined, more: 1 | -1): void {
    if (endpoint === undefined) return;
    const count = (this.waiting.get(endpoint) ?? 0) + more;
    if (count > 0) this.waiting.set(endpoint, count);
    else this.waiting.delete(endpoint);
  }
}

/** The endpoint from which the record of a message has to be read again. Only what could not be read has a time of its next try. */
const unreadFrom = (work: MessageWork | undefined): string | undefined =>
  work?.notBefore === undefined ? undefined : endpointOf(work.queue);

const isOpen = (work: DeliveryWork | undefined): boolean => work !== undefined && OPEN_DELIVERY.includes(work.state);

function put<V>(map: PartitionedMap<V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
