import type { DecisionKind } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, ErrorRecord, MessageRecord, RouteRecord } from '../store/store.js';
import type { FlowTransaction } from './flow-transaction.js';
import type { SourceContext } from './leg-rules.js';

/** How a message left its flow. `interrupted`: nothing was committed, and it has to be emitted again. */
export type FlowEnd = 'left' | 'interrupted';

/** Names a message in its flow, as the envelope of a msg does. */
export interface FlowReference {
  messageId: string;
  /** Which emission of the message: nodes may still hold one that a deploy has ended. Absent: whichever is in its flow. */
  emission?: string;
}

/** A message in its flow. Collects what its nodes do with it until the flow is idle. */
export interface MessageInFlow {
  record: MessageRecord;
  emission: string;
  /** Resolves when the message has left its flow; rejects where what was done could not be committed. */
  ended: Promise<FlowEnd>;
  /** Settle `ended`. */
  end: (end: FlowEnd) => void;
  fail: (failure: unknown) => void;
  /** What is committed when the flow is idle. */
  transaction: FlowTransaction;
  /** The entity as read for this message. */
  read?: Bodies;
  /** Legs that reached an out node. */
  legs: number;
  ignored?: string;
  /** Why the flow dropped it on purpose. */
  dropped?: string;
  /** It reached an out node, but the endpoint there is not a party of its conversation. */
  outsider?: string;
  /** A route node found nobody for it. Unless a leg is accepted all the same, all of it still counts as new next time. */
  unmatched?: { outcome: 'unrouted' | 'ignored'; reason: string };
  /** Where route nodes sent it. */
  routes?: RouteRecord[];
  error?: ErrorRecord;
  /** Decision that correlation asks for. Kept here because nodes pass only the code of an error on. */
  decision?: DecisionKind;
  /** Parts of it were left out. */
  warning?: ErrorRecord;
  /** Updates the conversation with the message. Not committed where the message fails before any leg was accepted. */
  advance?: (conversation: ConversationRecord) => ConversationRecord;
  /** Further changes, committed together with that update. */
  also: Change[];
  /** The conversation before an early commit advanced it. */
  before?: ConversationRecord;
  /** What out nodes need to know beyond their payload. */
  source?: SourceContext;
  /** Result of correlation; stored for the replay where legs are committed before the message is done, or it fails. */
  correlated?: Json;
  /** Stored result of correlation, from an earlier emission some of whose legs were committed. */
  replay?: Json;
  deadline: number;
  /** Commits of this message, one after the other. */
  committing: Promise<void>;
  flushTimer?: NodeJS.Timeout;
}
