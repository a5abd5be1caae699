import { linkAt } from '../../src/conversation/correlate.js';
import { legsOfRow } from '../../src/conversation/plan-legs.js';
import { AFTER_DOUBT } from '../../src/delivery/broker.js';
import { type Blocker, deliveryWait, type EndpointFacts, messageWait, type WaitReason } from '../../src/delivery/wait-reason.js';
import { queueOf } from '../../src/store/message-queue.js';
import type { ConversationRecord, DeliveryRecord, MessageRecord, Plan, Store } from '../../src/store/store.js';
import type { BrokerAccess, NameOf } from './broker-access.js';
import { shownDelivery } from './shown-state.js';
import type { WaitView } from './views.js';

/** Deliveries of a conversation to one endpoint that failed or need a decision, at most. */
const MAX_STUCK = 500;

/** Reads why messages and deliveries of one store wait. What it has read is kept, so that one serves one request. */
export class WaitReader {
  private readonly inFront = new Map<string, Promise<DeliveryRecord[]>>();
  private readonly conversations = new Map<string, Promise<ConversationRecord | undefined>>();

  constructor(
    private readonly broker: BrokerAccess,
    private readonly nameOf: NameOf,
  ) {}

  async delivery(record: DeliveryRecord): Promise<WaitView | undefined> {
    const reason = await this.reasonOf(record);
    const plan = reason?.legs && (await this.conversation(record.conversation))?.plan;
    const named = plan && { legs: reason.legs?.map((one) => ({ ...one, leg: namesOfRow(plan, one.leg) })) };
    return reason && this.view({ ...reason, ...named });
  }

  async message(record: MessageRecord): Promise<WaitView | undefined> {
    const { store, inbox, conversationQueue } = this.broker;
    const reason = messageWait(record, {
      hasNode: inbox?.isAttached(queueOf(record)) ?? true,
      flow: inbox?.flows.placeOf(record.id),
      before: conversationQueue?.before(record.id),
      afterDoubt: record.key.startsWith(AFTER_DOUBT),
      storeTrouble: store.trouble?.message,
    });
    return reason && this.view(reason);
  }

  private async reasonOf(record: DeliveryRecord): Promise<WaitReason | undefined> {
    const isOpen = record.state === 'pending' || record.state === 'inDoubt';
    return deliveryWait(record, {
      target: this.endpoint(record.endpoint),
      source: isOpen && record.part.startsWith('attachment:') ? await this.sourceOf(record) : undefined,
      blocker: isOpen ? await this.blockerOf(record) : undefined,
      storeTrouble: this.broker.store.trouble?.message,
      now: Date.now(),
    });
  }

  private endpoint(id: string): EndpointFacts {
    return { id, status: this.broker.worker(id)?.status };
  }

  /** The endpoint that an attachment is read from: that of its message. */
  private async sourceOf({ message }: DeliveryRecord): Promise<EndpointFacts | undefined> {
    const record = await this.broker.store.message(message);
    return record && this.endpoint(record.endpoint);
  }

  /** The delivery that has to come first: the oldest open or blocking one of its lane, or the create of its ticket. */
  private async blockerOf(record: DeliveryRecord): Promise<Blocker | undefined> {
    const { id, endpoint, entityType, leg, lane, waitsFor } = record;
    const conversation = await this.conversation(record.conversation);
    const linked = conversation && linkAt(conversation, endpoint, entityType, leg);
    const isCreate = (one: DeliveryRecord) =>
      !linked && one.part === 'entity' && one.entityType === entityType && one.leg === leg;
    const holds = (one: DeliveryRecord) => one.lane === lane || (waitsFor === 'link' && isCreate(one));
    const before = (await this.deliveriesInFront(record.conversation, endpoint)).filter((one) => one.id < id && holds(one));
    const first = before.reduce<DeliveryRecord | undefined>((a, b) => (a && a.id < b.id ? a : b), undefined);
    return first && { delivery: first, isCreate: isCreate(first) };
  }

  private conversation(id: string): Promise<ConversationRecord | undefined> {
    return kept(this.conversations, id, () => this.broker.store.conversation(id));
  }

  /** The deliveries of a conversation to an endpoint that are open, or block their lane. */
  private deliveriesInFront(conversation: string, endpoint: string): Promise<DeliveryRecord[]> {
    const { store } = this.broker;
    return kept(this.inFront, `${conversation}|${endpoint}`, async () => {
      const states = ['failed', 'needsDecision'];
      const stuck = await store.listDeliveries({ conversation, endpoint, states, limit: MAX_STUCK });
      const open = (await store.openDeliveries(conversation)).filter((one) => one.endpoint === endpoint);
      return [...open, ...stuck.filter(({ blocking }) => blocking)];
    });
  }

  private async view({ delivery, message, endpoint, ...reason }: WaitReason): Promise<WaitView> {
    const { store } = this.broker;
    return {
      ...reason,
      ...(endpoint && { endpoint: this.nameOf(endpoint) }),
      ...(delivery && {
        behind: { message: delivery.message, number: await numberOf(store, delivery.message), state: shownDelivery(delivery) },
      }),
      ...(message && { behind: { message, number: await numberOf(store, message) } }),
    };
  }
}

/** The legs of a row by their names, which are not always that of the row. */
function namesOfRow(plan: Plan, row: string): string {
  return (
    legsOfRow(plan, row)
      .map(({ leg }) => leg)
      .join(', ') || row
  );
}

async function numberOf(store: Store, message: string): Promise<string> {
  const record = await store.message(message);
  return record?.number ?? record?.entityId ?? message;
}

function kept<T>(cache: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = cache.get(key) ?? read();
  cache.set(key, known);
  return known;
}
