import { DueQueue } from './due-queue.js';
import { type HeldDelivery, OPEN_DELIVERY } from './held.js';
import { PartitionedMap } from './partitioned-map.js';
import { insertKey, removeKey } from './sorted-keys.js';

interface Lane {
  endpoint: string;
  /** Ids in pending, sending or inDoubt, oldest first. */
  open: string[];
  /** Ids that failed and hold back what is younger, oldest first. */
  blocking: string[];
  leases: number;
  /** How it stands in its endpoint's queue: by its oldest open delivery. */
  placed?: { id: string; notBefore: number | undefined };
}

/**
 * The outbox as claiming sees it: of each lane only the oldest open delivery can be taken, and only while nothing of the lane is leased.
 * A lane stands in its endpoint's queue exactly while it has such a delivery, so claiming looks at nothing else.
 */
export class Lanes {
  private readonly lanes = new PartitionedMap<Lane>();
  private readonly queues = new Map<string, DueQueue>();
  /** Leased delivery → its lane. */
  private readonly leased = new Map<string, string>();

  constructor(private readonly look: (id: string) => HeldDelivery | undefined) {}

  /** Follows a change of a delivery; `after` is already what `look` finds. */
  change(before: HeldDelivery | undefined, after: HeldDelivery | undefined): void {
    if (before && after && alike(before, after)) return;
    if (before?.lane) {
      const lane = this.lanes.get(before.lane);
      if (lane) {
        if (before.blocking) removeKey(lane.blocking, before.id);
        if (OPEN_DELIVERY.includes(before.state)) removeKey(lane.open, before.id);
        if (before.lane !== after?.lane) this.place(before.lane, lane);
      }
    }
    if (after?.lane) {
      let lane = this.lanes.get(after.lane);
      const open = OPEN_DELIVERY.includes(after.state);
      if (!lane) {
        if (!open && !after.blocking) return;
        lane = { endpoint: after.endpoint, open: [], blocking: [], leases: 0 };
        this.lanes.set(after.lane, lane);
      }
      if (open) insertKey(lane.open, after.id);
      if (after.blocking) insertKey(lane.blocking, after.id);
      this.place(after.lane, lane);
    }
  }

  /** Leases up to `limit` deliveries of an endpoint. */
  claim(endpoint: string, limit: number, now: number): HeldDelivery[] {
    const ids = this.queues.get(endpoint)?.take(limit, now, (id) => this.look(id)?.notBefore) ?? [];
    return ids.map((id) => {
      const delivery = this.look(id)!;
      const lane = this.lanes.get(delivery.lane)!;
      lane.leases++;
      lane.placed = undefined;
      this.leased.set(id, delivery.lane);
      return delivery;
    });
  }

  /** Gives a lease back. */
  release(id: string): void {
    const key = this.leased.get(id);
    if (key === undefined) return;
    this.leased.delete(id);
    const lane = this.lanes.get(key);
    if (!lane) return;
    lane.leases--;
    this.place(key, lane);
  }

  /** When the next waiting delivery of an endpoint becomes due. */
  nextDue(endpoint: string): number | undefined {
    return this.queues.get(endpoint)?.nextDue();
  }

  /** Puts a lane where it belongs now. */
  private place(key: string, lane: Lane): void {
    if (lane.placed) {
      this.queues.get(lane.endpoint)!.remove(lane.placed.id, lane.placed.notBefore);
      lane.placed = undefined;
    }
    const head = lane.open[0];
    if (head === undefined) {
      if (lane.blocking.length === 0 && lane.leases === 0) this.lanes.delete(key);
      return;
    }
    const blocked = lane.blocking[0] !== undefined && lane.blocking[0] < head;
    const delivery = this.look(head);
    if (blocked || lane.leases > 0 || !delivery || delivery.waits) return;
    let queue = this.queues.get(lane.endpoint);
    if (!queue) {
      queue = new DueQueue();
      this.queues.set(lane.endpoint, queue);
    }
    queue.add(head, delivery.notBefore);
    lane.placed = { id: head, notBefore: delivery.notBefore };
  }
}

/** True when both stand in their lane the same way, as a delivery does before and while it is sent. */
function alike(a: HeldDelivery, b: HeldDelivery): boolean {
  const open = OPEN_DELIVERY.includes(a.state) && OPEN_DELIVERY.includes(b.state);
  return open && a.lane === b.lane && a.endpoint === b.endpoint && a.waits === b.waits && a.notBefore === b.notBefore;
}
