import { firstLink } from '../conversation/parties.js';
import { linkOfLeg } from '../conversation/plan.js';
import { itemsOfLeg, legOf } from '../conversation/plan-legs.js';
import type { GenericComment, Json } from '../model/message.js';
import type { Change, ConversationRecord, PlannedLeg } from '../store/store.js';
import { orderNodes } from './order-nodes.js';
import type { ReceivedItem } from './received-item.js';

/** Payload of the message that a roll-up node gets where no message of a vendor says what has become of its part of an order. */
export interface OrderNotice {
  /** The leg it is about. */
  leg: string;
  /** What the customer is to read, beside the states. */
  comments: GenericComment[];
}

/** Begins the key of a notice. */
const NOTICE = 'notice|';

/** What the customer has to know of an order without any message of a vendor reaches it through a roll-up node. */
export class OrderNotices {
  constructor(private readonly messageChange: (item: ReceivedItem) => Change) {}

  /**
   * The notice about legs that a commit drops: no vendor ever reports on what was not sent. None where the customer has been told,
   * by the message that dropped them or by another notice in the commit (`changes`).
   */
  ofDropped(next: ConversationRecord, before: ConversationRecord, changes: readonly Change[]): Change[] {
    const { plan } = next;
    if (!plan || plan === before.plan || changes.some(isNotice)) return [];
    const wasDropped = ({ leg }: PlannedLeg) => legOf(before.plan, leg)?.dropped !== undefined;
    const isTold = ({ leg }: PlannedLeg) => itemsOfLeg(plan, leg).every(({ notified }) => notified === 'cancelled');
    const untold = plan.legs.find((leg) => leg.dropped !== undefined && !wasDropped(leg) && !isTold(leg));
    const notice = untold && this.change(next, untold.leg, `dropped|${untold.leg}|${next.version}`);
    return notice ? [notice] : [];
  }

  /**
   * The message that reports an order as it is now; undefined where the flows have no roll-up node for it. `key`: the same notice has
   * the same one.
   */
  change(conversation: ConversationRecord, leg: string, key: string, comments: GenericComment[] = []): Change | undefined {
    const { plan, links } = conversation;
    const node = plan && orderNodes.rollUpOf(plan);
    const order = firstLink(conversation);
    if (!node || !order) return undefined;
    const vendor = linkOfLeg(conversation, leg) ?? links.find(({ origin }) => origin === 'ours');
    const payload: OrderNotice = { leg, comments };
    return this.messageChange({
      node,
      origin: 'plan',
      endpoint: (vendor ?? order).endpoint,
      entityType: (vendor ?? order).entityType,
      // A change is never sent back to the entity that it is about.
      entityId: vendor?.id ?? '',
      number: order.number,
      key: `${NOTICE}${conversation.id}|${key}`,
      payload: payload as unknown as Json,
      conversation: conversation.id,
    });
  }
}

function isNotice(change: Change): boolean {
  return change.kind === 'message' && change.record.key.startsWith(NOTICE);
}
