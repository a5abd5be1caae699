import { DueQueue } from './due-queue.js';
import { fileSource } from './file-lane.js';
import { PartitionedMap } from './partitioned-map.js';
import { type DeliveryWork, OPEN_DELIVERY } from './record-entry.js';
import { insertKey, removeKey } from './sorted-keys.js';

/** Digits of a turn in the key of a queue, so that keys sort as text. */
const TURN_DIGITS = 16;

interface Lane {
  /** Key of the queue that it is in. */
  queue: string;
  /** Of files: one that has to wait lets the others pass. */
  files: boolean;
  /** Ids in pending, sending or inDoubt, oldest first. */
  open: string[];
  /** Ids of failed deliveries that block newer ones, oldest first. */
  blocking: string[];
  leases: number;
  /** Number of leases when it began to wait for its next one. */
  turn: number;
  /** Its entry in the endpoint's queue: its turn and its oldest open delivery. */
  queued?: { key: string; notBefore: number | undefined };
}

const SEPARATOR = '\u0000';
const queueKey = (endpoint: string, source?: string): string =>
  source === undefined ? endpoint : `${endpoint}${SEPARATOR}${source}`;

/**
 * The outbox for claiming: of each lane only the oldest open delivery can be claimed, and only while nothing of the lane is
 * leased. A lane is in its queue exactly while it has such a delivery, so a claim reads only that queue. An endpoint has one queue,
 * and one for the files from each source. Lanes take turns: however much waits in one, the others do not wait for more than one
 * delivery of it.
 */
export class DeliveryLanes {
  private readonly lanes = new PartitionedMap<Lane>();
  private readonly queues = new Map<string, DueQueue>();
  /** Leased delivery → its lane. */
  private readonly leased = new Map<string, string>();
  /** Number of leases so far. */
  private turns = 0;

  constructor(private readonly look: (id: string) => DeliveryWork | undefined) {}

  /** Updates the lanes after a change of a delivery; `look` already returns `after`. */
  change(before: DeliveryWork | undefined, after: DeliveryWork | undefined): void {
    if (before && after && sameQueueEntry(before, after)) return;
    if (before?.lane) {
      const lane = this.lanes.get(before.lane);
      if (lane) {
        if (before.blocking) removeKey(lane.blocking, before.id);
        if (OPEN_DELIVERY.includes(before.state)) removeKey(lane.open, before.id);
        if (before.lane !== after?.lane) this.requeue(before.lane, lane);
      }
    }
    if (after?.lane) {
      let lane = this.lanes.get(after.lane);
      const open = OPEN_DELIVERY.includes(after.state);
      if (!lane) {
        if (!open && !after.blocking) return;
        const source = fileSource(after.lane);
        const queue = queueKey(after.endpoint, source);
        lane = { queue, files: source !== undefined, open: [], blocking: [], leases: 0, turn: this.turns };
        this.lanes.set(after.lane, lane);
      }
      if (open) insertKey(lane.open, after.id);
      if (after.blocking) insertKey(lane.blocking, after.id);
      this.requeue(after.lane, lane);
    }
  }

  /** Leases up to `limit` deliveries of an endpoint; `source`: of its files from there. */
  claim(endpoint: string, limit: number, now: number, source?: string): DeliveryWork[] {
    const keys = this.queues.get(queueKey(endpoint, source))?.take(limit, now, (key) => this.look(idIn(key))?.notBefore) ?? [];
    return keys.map((key) => {
      const id = idIn(key);
      const delivery = this.look(id)!;
      // It was just taken from the queue.
      this.lanes.get(delivery.lane)!.queued = undefined;
      this.lease(id);
      return delivery;
    });
  }

  /** Whether a delivery would be the next of its lane if it were put there now. */
  isNext({ id, lane: key, waits }: DeliveryWork): boolean {
    const lane = this.lanes.get(key);
    if (waits) return false;
    if (!lane) return true;
    return (
      lane.leases === 0 && [lane.open[0], lane.blocking[0]].every((other) => other === undefined || other > id || other === id)
    );
  }

  /** Leases the next delivery of a lane. */
  lease(id: string): void {
    const delivery = this.look(id)!;
    const lane = this.lanes.get(delivery.lane)!;
    if (lane.queued) this.queues.get(lane.queue)!.remove(lane.queued.key, lane.queued.notBefore);
    lane.queued = undefined;
    lane.leases++;
    this.turns++;
    this.leased.set(id, delivery.lane);
  }

  /** Releases a lease. */
  release(id: string): void {
    const key = this.leased.get(id);
    if (key === undefined) return;
    this.leased.delete(id);
    const lane = this.lanes.get(key);
    if (!lane) return;
    lane.leases--;
    lane.turn = this.turns;
    this.requeue(key, lane);
  }

  /** When the next waiting delivery of an endpoint becomes due; `source`: the next of its files from there. */
  nextDue(endpoint: string, source?: string): number | undefined {
    return this.queues.get(queueKey(endpoint, source))?.nextDue();
  }

  /** Endpoints from which files for an endpoint may wait. */
  fileSources(endpoint: string): string[] {
    const prefix = queueKey(endpoint, '');
    return [...this.queues.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** The file that is due first, but none while one may have been sent: the two could not be distinguished. */
  private nextFile(open: readonly string[]): string | undefined {
    if (open.length < 2) return open[0];
    const files = open.flatMap((id) => this.look(id) ?? []);
    const due = ({ waits, notBefore = 0 }: DeliveryWork) => (waits ? Number.POSITIVE_INFINITY : notBefore);
    const sent = files.find(({ state }) => state !== 'pending');
    return (sent ?? files.reduce((first, one) => (due(one) < due(first) ? one : first))).id;
  }

  /** Updates the entry of a lane in its queue. */
  private requeue(key: string, lane: Lane): void {
    if (lane.queued) {
      this.queues.get(lane.queue)!.remove(lane.queued.key, lane.queued.notBefore);
      lane.queued = undefined;
    }
    const head = lane.files ? this.nextFile(lane.open) : lane.open[0];
    if (head === undefined) {
      if (lane.blocking.length === 0 && lane.leases === 0) this.lanes.delete(key);
      return;
    }
    const blocked = lane.blocking[0] !== undefined && lane.blocking[0] < head;
    const delivery = this.look(head);
    if (blocked || lane.leases > 0 || !delivery || delivery.waits) return;
    let queue = this.queues.get(lane.queue);
    if (!queue) {
      queue = new DueQueue();
      this.queues.set(lane.queue, queue);
    }
    const place = keyOf(lane.turn, head);
    queue.add(place, delivery.notBefore);
    lane.queued = { key: place, notBefore: delivery.notBefore };
  }
}

function keyOf(turn: number, id: string): string {
  return String(turn).padStart(TURN_DIGITS, '0') + id;
}

function idIn(key: string): string {
  return key.slice(TURN_DIGITS);
}

/** Whether both have the same entry in the queue, as a delivery has before and while it is sent. */
function sameQueueEntry(a: DeliveryWork, b: DeliveryWork): boolean {
  const open = OPEN_DELIVERY.includes(a.state) && OPEN_DELIVERY.includes(b.state) && isInDoubt(a) === isInDoubt(b);
  return open && a.lane === b.lane && a.endpoint === b.endpoint && a.waits === b.waits && a.notBefore === b.notBefore;
}

const isInDoubt = ({ state }: DeliveryWork): boolean => state === 'inDoubt';
