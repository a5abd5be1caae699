import { linkAt } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { isGone } from '../conversation/moved-entity.js';
import { isAbsent } from '../endpoints/api.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericComment } from '../model/message.js';
import type { Bodies, DeliveryRecord } from '../store/store.js';
import { say } from '../text/say.js';
import type { CommentRecovery } from './comment-recovery.js';
import { followMove, isRecent, mayPass, notVisibleYet } from './in-doubt.js';
import type { CarriedEdit } from './leg.js';
import { isCancellation, RECOVERY_PART } from './outbox.js';
import { isConflict } from './retry.js';
import type { SendContext } from './send-context.js';
import { create } from './send-create.js';
import { type AttachmentRequest, attach } from './send-file.js';
import { carryEdit, comment, type PartWrite, restoreComments } from './send-part.js';
import type { SendResult } from './send-result.js';
import { update } from './send-update.js';

/**
 * Sends one delivery. `inDoubt`: an earlier try may have reached the partner, so the write is looked up before it is sent again.
 * Throws PartnerError when the partner failed, and other SwitchboardErrors when the delivery cannot be sent in its present state.
 */
export async function send(delivery: DeliveryRecord, inDoubt: boolean, context: SendContext): Promise<SendResult> {
  const conversation = await context.store.conversation(delivery.conversation);
  if (!conversation)
    throw new SwitchboardError(
      'SWB_STORE',
      say`The conversation ${delivery.conversation} of this delivery is no longer in the store.`,
    );
  const request = (await context.store.bodies('delivery', delivery.id)).request as Bodies | undefined;
  if (!request)
    throw new SwitchboardError('SWB_STORE', say`The payload of this delivery is no longer in the store.`, {
      hint: say`Replay the message that created the delivery.`,
    });
  const link = linkAt(conversation, delivery.endpoint, delivery.entityType, delivery.leg);
  if (delivery.part === 'entity' && !link) {
    return create(delivery, request as unknown as EntityRequest, conversation, inDoubt, context);
  }
  if (!link) {
    throw new SwitchboardError('SWB_CONFIG', say`${context.client.name} has no ticket in this conversation to write to.`, {
      hint: say`If the ticket exists, link it in the Conversations view; otherwise replay the delivery that creates it. Then replay this one.`,
    });
  }
  try {
    if (delivery.part === 'entity')
      return await update(delivery, request as unknown as EntityRequest, link, conversation, inDoubt, context);
    await context.guard.check(context.client, conversation, link);
    const write: PartWrite = { delivery, link, conversation, inDoubt, context };
    if (delivery.part.startsWith('alike:')) return await carryEdit(write, request as unknown as CarriedEdit);
    if (delivery.part.startsWith(RECOVERY_PART)) return await restoreComments(write, request as unknown as CommentRecovery);
    return delivery.part.startsWith('comment:')
      ? await comment(write, request.comment as GenericComment)
      : await attach(write, request as unknown as AttachmentRequest);
  } catch (error) {
    // That a source does not have a file says nothing about the target.
    if (error instanceof PartnerError && error.otherPartner !== undefined) throw error;
    // Whether an order can still be cancelled is the partner's decision.
    const cancels = delivery.part === 'entity' && isCancellation(request as unknown as EntityRequest);
    if (isConflict(error) && !cancels) throw mayPass(error);
    if (isGone(error)) await followMove(conversation, link, context);
    throw isAbsent(error) && isRecent(link, context) ? notVisibleYet(error) : error;
  }
}
