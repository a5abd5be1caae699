import { movedTo, relinked } from '../conversation/moved.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { StillLooking } from './retry.js';
import type { SendContext } from './send.js';

/* What follows when a partner's answer does not say whether something is there (docs/promises.md, what counts as proof). */

/** Lists and replicas may not have it yet. */
export function isNew({ since }: Link, { clock, settling }: SendContext): boolean {
  return clock() - Date.parse(since) < settling;
}

/** What was created a moment ago is asked for again before it is believed to be gone. */
export function notThereYet({ message, outcome, status }: PartnerError): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', message, {
    hint: 'It was created a moment ago, so it is asked for again.',
    outcome,
    retry: true,
    status,
  });
}

/** A new id of the entity is followed, where its record carries our reference. Throws SWB_CONFLICT then: the next try writes there. */
export async function followed(
  conversation: ConversationRecord,
  link: Link,
  { client, conversations }: SendContext,
): Promise<void> {
  const moved = await movedTo(client, conversation, link).catch((error: unknown) => {
    // Nothing is followed that several could be; the first error says more.
    if (error instanceof SwitchboardError) return undefined;
    throw error;
  });
  if (!moved) return;
  await conversations.update(conversation.id, (latest) => relinked(latest, link, moved));
  const [before, after] = [link.number ?? link.id, moved.number ?? moved.id];
  throw new SwitchboardError('SWB_CONFLICT', `${before} is not there any more, and ${after} carries its reference.`, {
    where: client.name,
    hint: 'From now on it is written there.',
  });
}

/** Not found. While the partner may still be working on it, that is no proof that it is not there; then it may be written once more. */
export async function stillLooking(what: string, { lookUntil = 0 }: DeliveryRecord, context: SendContext): Promise<void> {
  const { client, clock, settling } = context;
  const left = lookUntil - clock();
  if (left <= 0) return context.writesAgain();
  const text = `An answer was lost, and it does not show ${what} yet.`;
  throw new StillLooking(text, client.name, Math.max(0, settling - left), left);
}

export function isConflict(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.status === 409;
}
