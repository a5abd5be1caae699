import { isDeepStrictEqual } from 'node:util';
import type { Change, ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';
import { linkAt, linkOf, removeOnce } from './correlate.js';
import {
  type ConversationContents,
  conversationChange,
  effect,
  type InverseLinkEdit,
  isAbout,
  isForLink,
  type LinkEditAuthor,
  type LinkMove,
  moveMessages,
  nameOf,
  type PlannedLinkEdit,
  refusal,
  requireNoneSending,
} from './link-edit.js';
import { type EntityKey, unlinkedKey } from './unlinked-entity.js';

/** What an undo checks: the edited conversations that still exist, and the current owners of the entities. */
export interface CurrentState {
  conversations: ConversationContents[];
  /** Id of the conversation that an entity is linked to now. */
  ownerOf(entity: EntityKey): string | undefined;
}

/**
 * Undoes an edit if its links have not changed since; otherwise throws SWB_PAYLOAD with the change. Pure.
 */
export function planUndo(
  inverse: InverseLinkEdit,
  current: CurrentState,
  { at }: LinkEditAuthor,
): Pick<PlannedLinkEdit, 'changes' | 'effects'> {
  for (const move of inverse.moves) requireUntouched(move, inverse, current);
  const changes = inverse.removed ? undoMerge(inverse, inverse.removed, current, at) : returnLinks(inverse, current, at);
  const numbers = inverse.moves.map(({ before, after }) => nameOf((before ?? after)?.link as Link));
  return { changes, effects: [effect('undone', { numbers: numbers.join(', ') })] };
}

/** Moves unlinked, linked and split-off entities back. */
function returnLinks({ moves, deliveries, made, spent, unlinked }: InverseLinkEdit, now: CurrentState, at: string): Change[] {
  const changes: Change[] = [];
  for (const { before, after } of moves) {
    const entity = (before ?? after)?.link as Link;
    const from = after && requireConversation(now, after.conversation);
    if (from && made) changes.push({ kind: 'conversation', record: from.conversation, gone: true });
    else if (from) changes.push(conversationChange(removeLinkTo(from.conversation, entity), at));
    if (!before) {
      if (unlinked) changes.push({ kind: 'setting', key: unlinkedKey(entity), value: unlinked });
      continue;
    }
    const { conversation } = requireConversation(now, before.conversation);
    if (linkAt(conversation, entity.endpoint, entity.entityType, before.link.leg))
      throw refusal(say`Another ticket has been linked in place of ${nameOf(entity)} since.`, say`Unlink that ticket first.`);
    const remainingSpent = spent ? removeOnce(conversation.spent ?? [], [spent]) : conversation.spent;
    const formerParties = removeOnce(conversation.formerParties ?? [], [entity.endpoint]);
    const record: ConversationRecord = {
      ...conversation,
      links: [...conversation.links, before.link],
      formerParties: formerParties.length ? formerParties : undefined,
      spent: remainingSpent?.length ? remainingSpent : undefined,
    };
    changes.push(conversationChange(record, at), { kind: 'setting', key: unlinkedKey(entity), value: undefined });
    if (from && made)
      changes.push(
        ...moveMessages(from.messages, before.conversation),
        ...restoreDeliveries(from.deliveries, deliveries, before.conversation),
      );
  }
  return changes;
}

/** Separates the merged conversation again. */
function undoMerge(
  { moves, messages, deliveries }: InverseLinkEdit,
  removed: ConversationRecord,
  now: CurrentState,
  at: string,
): Change[] {
  const into = requireConversation(now, (moves[0]?.after?.conversation ?? now.conversations[0]?.conversation.id) as string);
  const { conversation } = into;
  if (!conversation.aliases?.includes(removed.reference))
    throw refusal(
      say`${removed.reference} is no longer part of ${conversation.reference}.`,
      say`Another edit has separated them since.`,
    );
  const links = moves.flatMap((move) => (move.after ? [move.after.link] : []));
  const mergedReferences = [removed.reference, ...(removed.aliases ?? [])];
  const aliases = conversation.aliases.filter((alias) => !mergedReferences.includes(alias));
  const spent = removeOnce(conversation.spent ?? [], removed.spent ?? []);
  const remaining: ConversationRecord = {
    ...conversation,
    links: conversation.links.filter((l) => !links.some((gone) => isSameEntity(l, gone))),
    aliases: aliases.length ? aliases : undefined,
    spent: spent.length ? spent : undefined,
    written: removeOnce(conversation.written, removed.written),
  };
  const returnedMessages = into.messages.filter((m) => messages.includes(m.id) || links.some((link) => isAbout(m, link)));
  const known = new Set(deliveries.map((d) => d.id));
  const created = conversation.links.find(
    (l) => !links.some((one) => isSameEntity(one, l)) && into.deliveries.some((d) => known.has(d.id) && isForLink(d, l)),
  );
  if (created) throw refusal(say`${nameOf(created)} has been created since.`, say`Split it off or unlink it instead.`);
  return [
    conversationChange(remaining, at),
    { kind: 'conversation', record: { ...removed, version: 0, updatedAt: at } },
    ...moveMessages(returnedMessages, removed.id),
    ...restoreDeliveries(
      into.deliveries.filter((d) => known.has(d.id)),
      deliveries,
      removed.id,
    ),
  ];
}

/** Throws unless the link is as the edit left it and no newer delivery to it is open. */
function requireUntouched({ before, after }: LinkMove, { deliveries }: InverseLinkEdit, now: CurrentState): void {
  const entity = (before ?? after)?.link as Link;
  const name = nameOf(entity);
  const owner = now.ownerOf(entity);
  if (owner !== after?.conversation)
    throw refusal(
      owner ? say`${name} has been linked to ${owner} since.` : say`${name} has been unlinked since.`,
      say`Undo that edit first.`,
    );
  if (!after) return;
  const { conversation, deliveries: all } = requireConversation(now, after.conversation);
  const link = linkOf(conversation, entity.endpoint, entity.entityType, entity.id);
  if (!isDeepStrictEqual(asStored(link), asStored(after.link)))
    throw refusal(say`${name} has changed since.`, say`Split it off or unlink it instead.`);
  const deliveriesToLink = all.filter((d) => isForLink(d, after.link));
  requireNoneSending(deliveriesToLink);
  const added = deliveriesToLink.filter(
    (d) => !deliveries.some((old) => old.id === d.id) && ['pending', 'inDoubt', 'failed', 'needsDecision'].includes(d.state),
  );
  if (added.length > 0)
    throw refusal(
      say`A delivery to ${name} was added since, and is in progress or has failed.`,
      say`Wait until it completes or skip it, then try again.`,
    );
}

function restoreDeliveries(records: DeliveryRecord[], before: InverseLinkEdit['deliveries'], conversation: string): Change[] {
  requireNoneSending(records);
  return records.map((record) => {
    const previous = before.find((d) => d.id === record.id);
    return {
      kind: 'delivery',
      record: { ...record, conversation, ...(previous && { leg: previous.leg, reference: previous.reference }) },
    };
  });
}

function requireConversation(now: CurrentState, id: string): ConversationContents {
  const found = now.conversations.find(({ conversation }) => conversation.id === id);
  if (found) return found;
  throw refusal(say`The conversation ${id} no longer exists.`, say`It was merged, or deleted by retention.`);
}

function removeLinkTo(conversation: ConversationRecord, entity: EntityKey): ConversationRecord {
  return { ...conversation, links: conversation.links.filter((l) => !isSameEntity(l, entity)) };
}

const isSameEntity = (a: EntityKey, b: EntityKey) => a.endpoint === b.endpoint && a.entityType === b.entityType && a.id === b.id;
/** As the store keeps it: without undefined values. */
const asStored = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
