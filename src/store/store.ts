import type { DecisionKind } from '../errors.js';
import type { LinkItems } from '../model/item-facts.js';
import type { EntityKind, Expected, ItemProgress, Json, State } from '../model/message.js';

/**
 * The state of a broker: inbox, conversations, outbox, settings. One small interface, two implementations (lowdb, PostgreSQL),
 * one contract test suite (test/store/contract.ts).
 *
 * Records are immutable: to change one, commit a copy. `version` is the optimistic lock: a commit carries the version that was read
 * (0 for a new record), the store keeps version + 1, and rejects the whole commit with SWB_CONFLICT where it differs.
 */

/** message: received → settled | failed | needsDecision | skipped; failed, needsDecision → received (replay) | skipped. */
export type MessageState = 'received' | 'settled' | 'failed' | 'needsDecision' | 'skipped';
/** What became of a settled message. `unrouted`: it reached no out node, which a person should see. */
export type MessageOutcome = 'routed' | 'ignored' | 'unrouted';
/** `answer`: a partner's answer to a write of ours; `plan`: fan-out itself, when a leg failed. */
export type MessageOrigin = 'webhook' | 'event' | 'poll' | 'answer' | 'manual' | 'plan';

/** An error as it is kept and shown: already in words, secrets already masked. */
export interface ErrorRecord {
  code: string;
  message: string;
  at: string;
  status?: number;
  /** Of a warning (warning.ts): who has looked at it. */
  seen?: Seen;
}

/** A person has looked at a warning: it is shown on, and does not count any more. */
export interface Seen {
  at: string;
  /** Name of the user; empty where nobody has to sign in. */
  by: string;
}

/** One thing received. Bodies: `received` (as it came), `read` (what was read back from the partner). */
export interface MessageRecord {
  /** Sorts by time of acceptance. */
  id: string;
  version: number;
  /** Id of the node that emits it into its flow. */
  node: string;
  origin: MessageOrigin;
  endpoint: string;
  entityType: string;
  entityId: string;
  number?: string;
  /** De-duplication key, unique per (node, key). */
  key: string;
  /** What a read of the entity has to show before it is an answer to this hint. */
  expects?: Expected;
  receivedAt: string;
  state: MessageState;
  outcome?: MessageOutcome;
  /** Why it was ignored, unrouted or skipped, in words. */
  reason?: string;
  conversation?: string;
  error?: ErrorRecord;
  /** Set in state `needsDecision`; the question stands in `error`. */
  decision?: DecisionKind;
  /** What was left out of it although it went on: a value without a row in its value map. */
  warning?: ErrorRecord;
  /** Present while what a person did can be taken back: how it was before. */
  undo?: { action: 'skip'; was: Partial<MessageRecord> };
  /** How often it was emitted into the flow. */
  emissions: number;
  /** An id made before the entity was read: what we wrote later does not show in it. Absent: it was not read, and tells of the time it came. */
  readAt?: string;
  /** Epoch milliseconds before which it is not to be emitted again (partner not readable now), by the steady clock of the process that wrote it. */
  notBefore?: number;
  settledAt?: string;
}

/** One party's entity in a conversation. */
export interface Link {
  endpoint: string;
  entityType: string;
  /** Tells apart several entities of one type at one endpoint (fan-out); '' where there is one. */
  leg: string;
  id: string;
  number?: string;
  url?: string;
  /** theirs: the conversation began or was joined there; ours: created by a delivery of ours and carrying our reference. */
  origin: 'theirs' | 'ours';
  /** The reference an entity of ours carries, where it is not that of its conversation and leg (it was created in another conversation). */
  carries?: string;
  /** Last known canonical fields of the entity, whoever wrote them: what makes a change a change. */
  shadow: Record<string, Json>;
  /** Last known fields in the system's own terms, to write only real changes. */
  raw: Record<string, Json>;
  /** For each raw field the id of the newest delivery that wrote it, so that a replayed old one cannot overwrite it. */
  writtenBy: Record<string, string>;
  /** For raw fields written by us the entity's version after the write, until something at least as new was seen: an older reading of them is no news. */
  writtenVersion?: Record<string, string>;
  /** Of raw fields, our last write, until a reading that began some seconds after it. */
  ourWrites?: Record<string, OurWrite>;
  /** Of an entity of ours of which no reading was compared yet: was what it was made of answered to us, or told by an event? */
  made?: 'answered' | 'told';
  /** It was deleted there, or is hidden from us. */
  gone?: true;
  /**
   * Canonical fields whose value stands here against what others wrote, with an id made when that was seen: the next reading that begins after it tells
   * them, although the value may be the one they once had.
   */
  untold?: Record<string, string>;
  /**
   * For lists of items what we wrote last of each, by the item's id, until we hear that the other side has changed it: an entry that says nothing new
   * is not written again, over a change of theirs that we do not know yet.
   */
  writtenItems?: Record<string, Record<string, WrittenItem>>;
  /** Of an order of ours: what was sent of each item, and which of theirs it is. */
  items?: LinkItems;
  /** Ids of comments and attachments already dealt with, newest last: all that are still shown, and many that are not. */
  seen: string[];
  /** What the newest of them said, or were called, when last shown: to see what was edited or taken away. */
  words?: Record<string, Json>;
  /** The entity's own version when last seen. */
  entityVersion?: string;
  since: string;
}

export interface OurWrite {
  /** An id made when it was answered: what was read before does not tell what became of it. */
  stamp: string;
  /** Imprint of what was there before. */
  before: Json;
  /** Imprints of what was there before writes of ours shortly before it. */
  earlier?: Json[];
  /** The canonical fields it was made from: they may be read from other fields than they are written to. */
  of?: string[];
}

export interface WrittenItem {
  /** Imprint of the entry; '' once the other side has moved the item on. */
  entry: Json;
  /** Where the item stood in it. */
  standing?: string;
}

/** One party's part of a matter that was shared out: planned before anything is sent, so that a crash in the middle is finished, not repeated. */
export interface PlannedLeg {
  /** As in `Link.leg`. */
  leg: string;
  /** Ids of the order's items on it; empty where it takes the whole matter. */
  items: string[];
  after?: Predecessor[];
  /** Imprint of each item as it was last told. */
  told: Record<string, Json>;
  /** Its cancellation was asked for. */
  cancelled?: boolean;
  /** Why it was given up before it was sent. */
  dropped?: string;
  /** What its party last said: of the whole, and of the items. */
  state?: State;
  stateReason?: string;
  progress: ItemProgress[];
}

/** What becomes of the other legs when one fails: nothing, they are cancelled, or a person is asked. */
export type OnFailure = 'keep' | 'cancelRest' | 'ask';

export interface Plan {
  /** The fan-out node. */
  node: string;
  onFailure: OnFailure;
  legs: PlannedLeg[];
  /** The leg that spoke last: what the customer answers is for it alone. */
  asked?: string;
}

export interface ConversationRecord {
  id: string;
  version: number;
  /** What our creates carry, e.g. `SWB-7K3M9Q2X4F6A`; derived from the first entity, so that it survives the loss of a store. */
  reference: string;
  /** References of conversations that were merged into this one: they find it, and belong to it alone, as its own does. */
  aliases?: string[];
  /** References that entities carry which are not linked here any more: no create may carry them again. */
  spent?: string[];
  entity: EntityKind;
  title?: string;
  state: 'open' | 'closed';
  links: Link[];
  /** Fingerprints `endpoint|kind|hash` of comments and attachments we send or sent, newest last, bounded: the echo guard. */
  written: string[];
  /** Set by fan-out. */
  plan?: Plan;
  createdAt: string;
  updatedAt: string;
}

/**
 * delivery: pending → sending → delivered | inDoubt | pending (retry) | failed | needsDecision; inDoubt → sending;
 * failed, needsDecision → inDoubt (replay) | skipped.
 */
export type DeliveryState = 'pending' | 'sending' | 'inDoubt' | 'needsDecision' | 'delivered' | 'failed' | 'skipped';

export interface Attempt {
  at: string;
  /** Milliseconds it took. */
  took: number;
  what: string;
  status?: number;
  error?: string;
  /** The body `http<n>` of the delivery that holds what was said in this try; later tries take its place. */
  http?: number;
}

/** A leg waits until another one has reached one of some states: delivery after the SIM is active. */
export interface Predecessor {
  leg: string;
  states: State[];
}

/** What a delivery waits for: that its entity has a link (attachments, which have a lane of their own), or other legs of the conversation. */
export type WaitsFor = 'link' | Predecessor[];

/**
 * One outgoing write. Bodies: `request` (what is to be sent and which rule made it), `response` (the partner's answer), `http0`… (what was said in the last
 * tries), and of what a person changed `original` and `edits`.
 */
export interface DeliveryRecord {
  /** Sorts by time of take-over. */
  id: string;
  version: number;
  message: string;
  conversation: string;
  /** The out node. */
  node: string;
  endpoint: string;
  entityType: string;
  leg: string;
  /** `entity`, `comment:<id>`, `attachment:<id>`, `alike:<id>` for one that is edited or taken away as it was elsewhere, or `putBack:<message>` for those that a write of ours took away; unique per (message, node, leg, part). */
  part: string;
  /** It creates the entity: where the conversation had none, and none was on its way. */
  creates?: true;
  /** Deliveries of one lane go out one after the other, in the order of their ids; lanes are independent. A delivery never changes its lane. */
  lane: string;
  state: DeliveryState;
  /** Not to be sent yet, and holding back its lane until this is taken away. */
  waitsFor?: WaitsFor;
  /** Failed or undecided, and holding back its lane, because nothing can follow a create that did not happen. */
  blocking?: boolean;
  /** Set in state `needsDecision`; the question stands in `error`. */
  decision?: DecisionKind;
  /**
   * An answer was lost: milliseconds for which the partner was still only to be looked at, and nothing to be written again, when this was written. Absent in
   * state `inDoubt` (and in records from before it was kept): the whole settling time.
   */
  lookLeft?: number;
  /** What is not found by then is not written again, but asked about: it was answered as done, or a person wanted no more than a look. False: a person is sure that it is not there. */
  onlyLook?: boolean;
  /** The address of the endpoint when an answer was lost there, or another one that a person has allowed for it; elsewhere looking proves nothing. */
  doubtAt?: string;
  /** When it was first tried, by the partner's own clock, ISO; '' where that was not known. */
  begun?: string;
  /** Epoch milliseconds of the next try, by the steady clock of the process that wrote it. */
  notBefore?: number;
  /** Tries so far; `attempts` keeps the last ones only. */
  tries: number;
  attempts: Attempt[];
  /** Of a delivered one it is a warning: what the partner did not keep. */
  error?: ErrorRecord;
  /** Present while what a person did can be taken back: how it was before. */
  undo?: { action: 'replay' | 'skip'; was: Partial<DeliveryRecord> };
  /** The entity it went to, once known. */
  entityId?: string;
  number?: string;
  /** What a create carries, where it is not the reference of conversation and leg (it was taken in another conversation). */
  reference?: string;
  /** True: the out node is wired on, so the partner's answer becomes a message of origin `answer`. */
  answers: boolean;
  createdAt: string;
  updatedAt: string;
}

export type Bodies = Record<string, unknown>;

export type Change =
  /** `ifAbsent`: leave out silently when the de-duplication key is known (message: node+key; delivery: message+node+leg+part). Bodies are merged by name. */
  | { kind: 'message'; record: MessageRecord; bodies?: Bodies; ifAbsent?: boolean }
  | { kind: 'delivery'; record: DeliveryRecord; bodies?: Bodies; ifAbsent?: boolean }
  /**
   * A link (endpoint, entityType, id) or a reference, own or alias, may belong to one conversation only, else SWB_CONFLICT. `gone`: the conversation is removed,
   * what belongs to it stays where it is. Changes happen in their order: what one gives up, the next may take.
   */
  | { kind: 'conversation'; record: ConversationRecord; gone?: true }
  /** Small durable facts: watermarks, hub registrations, counters. `undefined` removes. */
  | { kind: 'setting'; key: string; value: Json | undefined };

export interface CommitResult {
  /** Ids of the records left out because of `ifAbsent`. */
  skipped: string[];
}

export interface ListQuery {
  /** Ids smaller than this (the page after), compared byte by byte. Newest first. */
  before?: string;
  /** Ids not smaller than this. Ids of messages and deliveries sort by time: with `idAt` (id.ts) both bounds are times. */
  from?: string;
  limit: number;
  /** States to keep; absent = all. */
  states?: string[];
  /** Messages only: keeps settled ones of which this became. */
  outcomes?: MessageOutcome[];
  /** Messages and deliveries only. True: keeps those that have a warning (warning.ts); `unseen`: those that nobody has looked at yet. */
  warned?: true | 'unseen';
  endpoint?: string;
  /** Of conversations: of one of their links, at `endpoint` where that is given too. */
  entityType?: string;
  conversation?: string;
  message?: string;
  /**
   * Finds by any party's id or number, by our reference, or by our own ids; case-insensitive, prefix match. Messages and deliveries are found by their own and
   * by all those of their conversation. Also finds conversations, and what belongs to them, by their title: each word asked for must begin one of its words.
   */
  search?: string;
}

export interface StoreCounts {
  messages: Record<MessageState, number>;
  deliveries: Record<DeliveryState, number>;
  conversations: { open: number; closed: number };
  /** Settled messages that reached no out node. */
  unrouted: number;
  /** Those with a warning (warning.ts) that nobody has looked at yet. */
  warned: { messages: number; deliveries: number };
  /** Deliveries that still have to go out, by endpoint; only those that have any. */
  waiting: Record<string, number>;
}

/** Milliseconds after which all that waits for its time is due in a store that was just opened. */
export const LONGEST_WAIT = 300_000;

export interface Store {
  /** From then on nothing waits longer than `LONGEST_WAIT`: what is to wait for hours was put off by a clock that has been set back since, or may be tried once more. */
  open(): Promise<void>;
  /** Waits for what is being written, then lets go of files and lock. */
  close(): Promise<void>;
  /**
   * Applies all changes or none. Resolves when they are on disk; with `durable: false` as soon as they are applied and ordered before every
   * later commit (a later durable commit makes them durable too). Rejects with SWB_CONFLICT, or SWB_STORE when it cannot write.
   */
  commit(changes: Change[], options?: { durable?: boolean }): Promise<CommitResult>;

  message(id: string): Promise<MessageRecord | undefined>;
  conversation(id: string): Promise<ConversationRecord | undefined>;
  delivery(id: string): Promise<DeliveryRecord | undefined>;
  /** The bodies of a message or delivery by name; {} when retention removed them. */
  bodies(kind: 'message' | 'delivery', id: string): Promise<Bodies>;
  conversationByLink(endpoint: string, entityType: string, entityId: string): Promise<ConversationRecord | undefined>;
  /** By its own reference, or by one of its aliases. */
  conversationByReference(reference: string): Promise<ConversationRecord | undefined>;
  /** Deliveries of a conversation not yet delivered, failed or skipped, oldest first. */
  openDeliveries(conversation: string): Promise<DeliveryRecord[]>;
  setting(key: string): Promise<Json | undefined>;

  listMessages(query: ListQuery): Promise<MessageRecord[]>;
  listDeliveries(query: ListQuery): Promise<DeliveryRecord[]>;
  listConversations(query: ListQuery): Promise<ConversationRecord[]>;
  counts(): Promise<StoreCounts>;

  /**
   * Takes up to `limit` messages of a node in state `received` that are due and not leased, oldest first, and leases them to this process. What a claim gives
   * out, of messages and of deliveries, is on disk.
   */
  claimMessages(node: string, limit: number, now: number): Promise<MessageRecord[]>;
  /**
   * Takes up to `limit` deliveries of an endpoint and leases them: of each lane only its oldest one in pending, sending (left by a crash) or
   * inDoubt, if it is due, waits for nothing, and no older delivery of the lane is `blocking`, and nothing of the lane is leased.
   */
  claimDeliveries(endpoint: string, limit: number, now: number): Promise<DeliveryRecord[]>;
  /** Gives leases back. A lease also ends when the process does. */
  release(kind: 'message' | 'delivery', ids: string[]): Promise<void>;
  /**
   * Epoch milliseconds at which a not leased message of the node / delivery of the endpoint becomes due; undefined when none waits for its time. Deliveries count
   * when they are the ones `claimDeliveries` would take. What is due already and was left by a claim's `limit` may or may not count.
   */
  nextDue(kind: 'message' | 'delivery', owner: string): Promise<number | undefined>;

  /**
   * The greatest id of all messages and deliveries, once open; undefined where there are none. New ids have to be greater, whatever the clock says: lanes,
   * claims and `Link.writtenBy` go by the order of ids.
   */
  readonly newestId: string | undefined;
  /** Calls back after each applied commit; gives the function that ends it. */
  watch(listener: (changes: Change[]) => void): () => void;
  /** Folder where attachments are spooled. */
  readonly spool: string;
}
