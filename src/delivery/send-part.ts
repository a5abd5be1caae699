import { linkAt, withLink } from '../conversation/correlate.js';
import { withCarriedEdit } from '../conversation/part-changes.js';
import { mayBeForgotten } from '../conversation/store-memory.js';
import type { WrittenPart } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { GenericComment } from '../model/message.js';
import { allOf } from '../store/pages.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';
import { type CommentRecovery, snapshotsOf } from './comment-recovery.js';
import { ifNotVisible, keepLooking, restoredDecision } from './in-doubt.js';
import type { CarriedEdit } from './leg.js';
import { withSentPart } from './link-updates.js';
import { FOUND_COMMENT } from './outbox.js';
import type { SendContext } from './send-context.js';
import type { SendResult } from './send-result.js';

/** Deliveries read at once. */
const PAGE = 500;

/** A delivery of a comment or file, and what it is written to. */
export interface PartWrite {
  delivery: DeliveryRecord;
  link: Link;
  conversation: ConversationRecord;
  /** As for `send`. */
  inDoubt: boolean;
  context: SendContext;
}

/** Sends a comment. */
export async function comment(write: PartWrite, text: GenericComment): Promise<SendResult> {
  const { delivery, link, inDoubt, context } = write;
  const { client } = context;
  const lookUp = (others: readonly string[]) =>
    client.findComment(delivery.entityType, link.id, text, delivery.begun ?? '', others);
  const found = await findPart(write, lookUp, say`the comment`, text.at);
  if (inDoubt && !found) await keepLooking(say`the comment`, delivery, context);
  context.lookedUp();
  const part = found ?? (await client.comment(delivery.entityType, link.id, text, link.seen));
  const stamp = context.ids();
  return {
    what: found ? FOUND_COMMENT : say`commented on ${link.number ?? link.id}`,
    link: { id: link.id, number: link.number },
    response: part,
    change: (latest) => withSentPart(latest, delivery, part.id, text, stamp),
  };
}

/** Looks a comment or file up that an earlier try, or an earlier store, may have written. `lookUp` looks among all but `others`. */
export async function findPart<Part>(
  write: PartWrite,
  lookUp: (others: readonly string[]) => Promise<Part | undefined>,
  sought: string,
  at: string | undefined,
): Promise<Part | undefined> {
  const { delivery, link, conversation, inDoubt, context } = write;
  if (inDoubt) return lookUp(link.seen).catch(ifNotVisible(sought, delivery, context));
  if (delivery.onlyLook === false || !mayBeForgotten(conversation, context.store.memory, at)) return undefined;
  // What was there when this store first saw the entity may be what an earlier one wrote.
  return lookUp(await partsKnown(write)).catch((error: unknown) => {
    if (!(error instanceof PartnerError && error.notVisible)) throw error;
    if (context.store.memory.olderCopy) throw restoredDecision(sought, context.client);
    return undefined;
  });
}

/**
 * Ids of the comments and files of the entity that this store knows: those it has written there, and comments that it has passed on
 * from there. One that was found at the other party already may be what an earlier store wrote.
 */
async function partsKnown({ delivery, context: { store } }: PartWrite): Promise<string[]> {
  const { conversation, endpoint, entityType, leg } = delivery;
  const delivered = await allOf((page) => store.listDeliveries({ conversation, states: ['delivered'], ...page }), PAGE);
  const parts = delivered.filter(({ part }) => part !== 'entity');
  const isHere = (one: DeliveryRecord) => one.endpoint === endpoint && one.entityType === entityType && one.leg === leg;
  const bodies = await Promise.all(parts.filter(isHere).map(({ id }) => store.bodies('delivery', id)));
  const passedOn = parts.filter((one) => !isHere(one) && one.attempts.at(-1)?.what !== FOUND_COMMENT);
  return [
    ...bodies.flatMap(({ response }) => (response as WrittenPart | undefined)?.id ?? []),
    // Comments from elsewhere are among them; their ids do not occur here.
    ...passedOn.flatMap(({ part }) => (part.startsWith('comment:') ? [part.slice('comment:'.length)] : [])),
  ];
}

/** Repeats an edit or deletion at this party; idempotent. Where the party does not support it, sends a comment instead. */
export async function carryEdit(write: PartWrite, { kind, there = '', comment: edited, note }: CarriedEdit): Promise<SendResult> {
  const { delivery, link, context } = write;
  const { client } = context;
  const { entityType } = delivery;
  context.lookedUp();
  const remove = () =>
    (kind === 'comment' ? client.removeComment : client.removeAttachment)?.call(client, entityType, link.id, there);
  const done = await (edited ? client.rewordComment?.(entityType, link.id, there, edited) : remove());
  if (!done) return comment(write, note);
  const stamp = context.ids();
  return {
    what: edited ? say`edited the comment` : kind === 'comment' ? say`deleted the comment` : say`deleted the attachment`,
    link: { id: link.id, number: link.number },
    change: (latest) => {
      const now = linkAt(latest, delivery.endpoint, entityType, delivery.leg);
      return now ? withLink(latest, withCarriedEdit(now, kind, there, edited?.text, stamp)) : latest;
    },
  };
}

/** Restores comments that a write of ours removed; idempotent. */
export async function restoreComments(
  { delivery: { entityType }, link, context: { client, store, lookedUp } }: PartWrite,
  request: CommentRecovery,
): Promise<SendResult> {
  lookedUp();
  const texts =
    (await client.putBack?.(entityType, link.id, await snapshotsOf(store, request), request.since, request.only)) ?? [];
  const list = texts.map((text) => say`"${text}"`).join(', ');
  const what = texts.length === 0 ? say`nothing to restore` : say`restored comments that an earlier write had removed: ${list}`;
  return { what, link: { id: link.id, number: link.number } };
}
