import { otherParties } from '../conversation/route.js';
import type { GenericMessage } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Store } from '../store/store.js';

/** Most failed or undecided deliveries of a conversation that are looked at. */
const MAX_DELIVERIES = 1_000;

/**
 * The endpoints of the other parties of a conversation, seen from the entity that a message is about; see `otherParties`.
 * @param open the conversation's deliveries that are still to be sent
 */
export async function partiesOf(
  store: Store,
  conversation: ConversationRecord,
  open: readonly DeliveryRecord[],
  source: GenericMessage['source'],
): Promise<string[]> {
  const stopped = await store.listDeliveries({
    conversation: conversation.id,
    states: ['failed', 'needsDecision'],
    limit: MAX_DELIVERIES,
  });
  return otherParties(conversation, [...open, ...stopped], source);
}
