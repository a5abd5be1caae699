import { findMovedEntity, withNewId } from '../conversation/moved-entity.js';
import { createReference } from '../conversation/reference.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { DecisionError, PartnerError, SwitchboardError } from '../errors.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';
import { LookupPendingError } from './retry.js';
import type { SendContext } from './send-context.js';

/* Lookups after an answer that does not prove whether a write took effect (docs/promises.md, what counts as proof). */

/**
 * Whether lists and replicas may not show the entity yet: this process created it or linked it within the settling time, or
 * started within it, so that the previous process may have created it. Link times are by the wall clock, so a link from the
 * future does not count as recent.
 */
export function isRecent({ id, since }: Link, { ages, clock, settling }: SendContext): boolean {
  return ages.atLeast(id) < settling || Math.abs(clock() - Date.parse(since)) < settling;
}

/** The error for an entity that is not found although it is recent: it is read again before it counts as deleted. */
export function notVisibleYet({ message, outcome, status }: PartnerError): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', message, {
    hint: say`It was created only recently, so it is read again.`,
    outcome,
    retry: true,
    status,
    concernsRecord: true,
  });
}

/** If another record now carries our reference, links it and throws SWB_CONFLICT, so that the next try writes to it. */
export async function followMove(
  conversation: ConversationRecord,
  link: Link,
  { client, conversations }: SendContext,
): Promise<void> {
  const moved = await findMovedEntity(client, conversation, link).catch((error: unknown) => {
    // Several candidates: none is followed, and the original error is more useful.
    if (error instanceof SwitchboardError) return undefined;
    throw error;
  });
  if (!moved) return;
  await conversations.update(conversation.id, (latest) => withNewId(latest, link, moved));
  const [before, after] = [link.number ?? link.id, moved.number ?? moved.id];
  throw new SwitchboardError('SWB_CONFLICT', say`${before} no longer exists, and ${after} carries its reference.`, {
    where: client.name,
    hint: say`Updates go to that record from now on.`,
  });
}

/** Describes what a delivery writes, so that a user can look for it. */
export function describeWrite(delivery: DeliveryRecord, conversation: ConversationRecord): string {
  if (delivery.part.startsWith('comment:')) return say`the comment`;
  if (delivery.part.startsWith('attachment:')) return say`the attachment`;
  return say`a ${delivery.entityType} with our reference ${createReference(conversation, delivery)}`;
}

/**
 * The write was not found. Within the settling time that is no proof, and LookupPendingError is thrown. After it, the write may
 * be sent again, or a user has to decide.
 */
export async function keepLooking(sought: string, delivery: DeliveryRecord, context: SendContext): Promise<void> {
  const { client, settling } = context;
  const { onlyLook } = delivery;
  const left = context.lookLeft();
  if (left <= 0) return onlyLook ? demandDecision(sought, client) : context.beforeResend();
  const elapsed = Math.max(0, settling - left);
  const hint = onlyLook
    ? say`Switchboard keeps checking. If it is not found by the end of the settling time, you have to decide.`
    : undefined;
  throw new LookupPendingError(
    say`It is unclear whether this was written: ${sought} is not shown yet.`,
    client.name,
    elapsed,
    left,
    hint,
  );
}

/**
 * Handles a lookup that the partner does not allow: the write may be there unseen, so that only a user may have it sent again.
 */
export function ifNotVisible(
  sought: string,
  delivery: DeliveryRecord,
  context: SendContext,
): (error: unknown) => Promise<undefined> {
  return async (error) => {
    const isHidden = error instanceof PartnerError && error.notVisible;
    if (!isHidden) throw error;
    // A user has confirmed that it is not there.
    if (delivery.onlyLook === false) return undefined;
    await keepLooking(sought, { ...delivery, onlyLook: true }, context);
    return undefined;
  };
}

/** The write was not found, and must not be sent again without a user's decision. */
export function demandDecision(sought: string, { name }: EndpointClient): never {
  throw new DecisionError('unresolved', 'SWB_PARTNER_ANSWER', say`The partner does not show ${sought}.`, {
    where: name,
    hint: say`Check there whether it exists.`,
  });
}

/** A system that cannot be searched may have it from the time after the copy was made; only a user can know. */
export function restoredDecision(sought: string, { name }: EndpointClient): DecisionError {
  const what = say`The store was restored from an older copy, and ${sought} may have been written since.`;
  return new DecisionError('unresolved', 'SWB_PARTNER_ANSWER', what, {
    where: name,
    hint: say`Check there whether it exists.`,
  });
}

/**
 * An update that was refused with a conflict: usually another user is changing the record, and it passes. Some partners say so after
 * they have done it, so it is looked up before it is sent again.
 */
export function mayPass(conflict: PartnerError): PartnerError {
  const hint = say`Another user may be changing the record. It is read, and the update is sent again a few times.`;
  return conflict.withDetails({ hint, outcome: 'unknown', retry: true, concernsRecord: true });
}

/** A look-up after a conflict failed: the record may be there. */
export function asDoubt(error: unknown): never {
  throw error instanceof PartnerError ? error.withDetails({ outcome: 'unknown', retry: true }) : error;
}
