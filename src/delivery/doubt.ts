import { findMovedEntity, withNewId } from '../conversation/moved-entity.js';
import { createReference } from '../conversation/reference.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { DecisionError, PartnerError, SwitchboardError } from '../errors.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { StillLooking } from './retry.js';
import type { SendContext } from './send.js';

/* What follows when a partner's answer does not say whether something is there (docs/promises.md, what counts as proof). */

/**
 * Lists and replicas may not have it yet: it was created a moment ago by this process, perhaps by the one before, or was linked a moment ago. Only for
 * the last the wall clock is asked, and a link from a time to come is none.
 */
export function isNew({ id, since }: Link, { ages, clock, settling }: SendContext): boolean {
  return ages.atLeast(id) < settling || Math.abs(clock() - Date.parse(since)) < settling;
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
  const moved = await findMovedEntity(client, conversation, link).catch((error: unknown) => {
    // Nothing is followed that several could be; the first error says more.
    if (error instanceof SwitchboardError) return undefined;
    throw error;
  });
  if (!moved) return;
  await conversations.update(conversation.id, (latest) => withNewId(latest, link, moved));
  const [before, after] = [link.number ?? link.id, moved.number ?? moved.id];
  throw new SwitchboardError('SWB_CONFLICT', `${before} is not there any more, and ${after} carries its reference.`, {
    where: client.name,
    hint: 'From now on it is written there.',
  });
}

/** What a delivery writes, as a person looks for it. */
export function soughtOf(delivery: DeliveryRecord, conversation: ConversationRecord): string {
  if (delivery.part.startsWith('comment:')) return 'the comment';
  if (delivery.part.startsWith('attachment:')) return 'the attachment';
  return `a ${delivery.entityType} with our reference ${createReference(conversation, delivery)}`;
}

/** Not found. While the partner may still be working on it, that is no proof that it is not there; then it may be written once more, or is asked about. */
export async function stillLooking(sought: string, delivery: DeliveryRecord, context: SendContext): Promise<void> {
  const { client, settling } = context;
  const { onlyLook } = delivery;
  const left = context.lookLeft();
  if (left <= 0) return onlyLook ? ask(sought, client) : context.writesAgain();
  const elapsed = Math.max(0, settling - left);
  const hint = onlyLook ? 'It is looked for again. Is it not there in the end, a person is asked.' : undefined;
  throw new StillLooking(
    `It is not known whether this was written: ${sought} is not shown yet.`,
    client.name,
    elapsed,
    left,
    hint,
  );
}

/** For a look that the partner does not allow: it may be there, unseen, and is not written again without a person. */
export function hiddenFrom(
  sought: string,
  delivery: DeliveryRecord,
  context: SendContext,
): (error: unknown) => Promise<undefined> {
  return async (error) => {
    const isHidden = error instanceof PartnerError && error.notVisible;
    if (!isHidden) throw error;
    // A person has said that it is not there.
    if (delivery.onlyLook === false) return undefined;
    await stillLooking(sought, { ...delivery, onlyLook: true }, context);
    return undefined;
  };
}

/** What was looked for and not found, and must not be written again without a person. */
export function ask(sought: string, { name }: EndpointClient): never {
  throw new DecisionError('unresolved', 'SWB_PARTNER_ANSWER', `It does not show ${sought}.`, {
    where: name,
    hint: 'Look there whether it is.',
  });
}

export function isConflict(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.status === 409;
}
