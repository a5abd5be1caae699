import type { Draft } from '../conversation/conversations.js';
import type { FanOutLeg } from '../conversation/fan-out-rules.js';
import type { LegMessage } from '../conversation/leg-messages.js';
import type { OrderItem } from '../model/message.js';

/** What a fan-out node knows of its outputs. */
export interface FanOutOutputs {
  /** Whether a leg's condition holds (static targets). */
  fits: (leg: FanOutLeg) => boolean;
  /** Whether there is a row with this id, and its output leads to a node. */
  leads: (row: string) => boolean;
  /** Items that match no leg may leave too; otherwise they cause SWB_UNASSIGNED, and nothing is planned. */
  spare: boolean;
}

/** A message that is fanned out. */
export interface FannedOut {
  legs: LegMessage[];
  /** Ids of rows whose legs the message concerns, and whose output leads nowhere: they got nothing of it. */
  unreached: string[];
  unassigned: OrderItem[];
}

/**
 * The items that no leg took, where another party got what left through the last output: a row that takes them now would order them a
 * second time.
 */
export function orderedElsewhere({ conversation, open }: Draft): readonly string[] {
  const isThere =
    conversation.links.some((link) => link.leg === '' && link.origin === 'ours') ||
    open.some((delivery) => delivery.leg === '' && delivery.creates);
  return isThere ? (conversation.plan?.spare ?? []) : [];
}
