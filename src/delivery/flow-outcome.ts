import { conversationState } from '../conversation/correlate.js';
import { sameFingerprint } from '../conversation/fingerprint.js';
import type { Change, ConversationRecord, ErrorRecord, Link, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { stateAfterError } from './decisions.js';
import type { MessageInFlow } from './message-in-flow.js';

/** How a message left its flow. `failed`: why it failed; `now`: ISO 8601. */
export function outcomeOf(flow: MessageInFlow, failed: ErrorRecord | undefined, now: string): Partial<MessageRecord> {
  const { warning, unmatched, ignored, dropped, outsider } = flow;
  if (failed) return { warning, ...stateAfterError(failed, flow.decision) };
  const isRouted = flow.legs > 0;
  const unnoticed = unmatched?.outcome ?? (hasNews(flow) ? 'unrouted' : 'ignored');
  return {
    warning,
    state: 'settled',
    outcome: isRouted ? 'routed' : (ignored ?? dropped) !== undefined ? 'ignored' : unnoticed,
    reason: isRouted ? undefined : (ignored ?? dropped ?? outsider ?? unmatched?.reason ?? say`It reached no out node.`),
    error: undefined,
    settledAt: now,
  };
}

/** Flows need not handle answers: only one in which a flow found something new is missed. */
function hasNews({ record, correlated }: MessageInFlow): boolean {
  return record.origin !== 'answer' || correlated !== undefined;
}

/**
 * Whether what a message says is left for the next one about its entity, and for its replay: it reached nobody, or was dropped on
 * purpose. The legs of an order go on without any notice to the parties, and a deleted entity has no next message.
 */
export function isForLater(flow: MessageInFlow, conversation: ConversationRecord | undefined): boolean {
  if (flow.unmatched) return true;
  const isOver = flow.dropped !== undefined && flow.source?.deleted;
  return flow.legs === 0 && flow.ignored === undefined && !conversation?.plan && !isOver;
}

/**
 * The conversation after a message that is left for later. The state of one that was dropped on purpose is known all the same, though
 * still to be sent: the next message may never come, and a conversation that stays open is kept for ever. `stamp`: an id made now.
 */
export function withoutNews(conversation: ConversationRecord, flow: MessageInFlow, stamp: string): ConversationRecord {
  const { dropped, advance } = flow;
  const advanced = dropped === undefined ? conversation : (advance?.(conversation) ?? conversation);
  const links = conversation.links.map((link, index): Link => {
    const state = advanced.links[index]?.lastKnown.state;
    // Of an entity that was never passed on, everything is still to be sent.
    const isUnseen = Object.keys(link.raw).length === 0;
    if (isUnseen || state === undefined || sameFingerprint(link.lastKnown.state, state)) return link;
    return { ...link, lastKnown: { ...link.lastKnown, state }, unsent: { ...link.unsent, state: stamp } };
  });
  if (links.every((link, index) => link === conversation.links[index])) return conversation;
  const next = { ...conversation, links };
  return { ...next, state: conversationState(next) };
}

/** Unrouted messages of one entity that are settled at a time. */
const MAX_COVERED = 1_000;

/**
 * The changes that settle the unrouted messages whose content goes out with a later message about their entity: they are no alarm any
 * more. Not where it may show less than they did: a partner's answer, or a message that is repeated as it was.
 */
export async function settleCovered(record: MessageRecord, { legs, replay }: MessageInFlow, store: Store): Promise<Change[]> {
  const { id, conversation, endpoint, entityType, entityId, origin } = record;
  const isComplete = legs > 0 && record.outcome === 'routed' && origin !== 'answer' && replay === undefined;
  if (!isComplete || conversation === undefined || (await store.counts()).unrouted === 0) return [];
  const query = { conversation, endpoint, entityType, outcomes: ['unrouted' as const], before: id, limit: MAX_COVERED };
  const covered = (await store.listMessages(query)).filter((one) => one.entityId === entityId);
  const reason = say`Its content went out with a later message.`;
  return covered.map((one) => ({ kind: 'message', record: { ...one, outcome: 'ignored', reason } }));
}
