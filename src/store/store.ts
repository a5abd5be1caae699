import type { DecisionKind, SwitchboardError } from '../errors.js';
import type { LinkItems } from '../model/item-facts.js';
import type { EntityKind, Expected, ItemProgress, Json, State } from '../model/message.js';
import type { AuditEntry, NumberedEntry, TrailLine, TrailRange } from './audit-entry.js';

/**
 * The state of a broker: inbox, conversations, outbox, settings. One small interface; every implementation passes the contract
 * test suite (test/store/contract.ts).
 *
 * Records are immutable: to change one, commit a copy. `version` is the optimistic lock: a commit carries the version that was
 * read (0 for a new record), the store saves version + 1, and rejects the whole commit with SWB_CONFLICT if the stored version
 * differs.
 */

/** Which states may follow which: transitions.ts. */
export type MessageState = 'received' | 'settled' | 'failed' | 'needsDecision' | 'skipped';
/** Outcome of a settled message. `unrouted`: it reached no out node, which an operator should see. */
export type MessageOutcome = 'routed' | 'ignored' | 'unrouted';
/** `answer`: a partner's answer to one of our writes; `plan`: created by fan-out itself when a leg failed. */
export type MessageOrigin = 'webhook' | 'event' | 'poll' | 'answer' | 'manual' | 'plan';

/** An error as stored and shown: a readable message with secrets masked. */
export interface ErrorRecord {
  code: string;
  message: string;
  at: string;
  status?: number;
  /** Of a warning (warning.ts): who has acknowledged it. */
  seen?: SeenMark;
}

/** A user has acknowledged a warning: it is still shown, but no longer counted. */
export interface SeenMark {
  at: string;
  /** Name of the user; empty if the editor has no sign-in. */
  by: string;
}

/** One received message. Bodies: `received` (the raw payload), `read` (the entity as read from the partner). */
export interface MessageRecord {
  /** Sorts by time of acceptance. */
  id: string;
  version: number;
  /** Id of the node that received it; of an answer or plan, of the node that emits it. Part of its key, so it never changes. */
  node: string;
  /** Id of the in node whose flow it entered, if that is not `node`. */
  flow?: string;
  origin: MessageOrigin;
  endpoint: string;
  entityType: string;
  entityId: string;
  number?: string;
  /** De-duplication key, unique per (node, key). */
  key: string;
  /** What a read of the entity must show before it counts as an answer to this notification. */
  expects?: Expected;
  receivedAt: string;
  state: MessageState;
  outcome?: MessageOutcome;
  /** Why it was ignored, unrouted or skipped, as readable text. */
  reason?: string;
  conversation?: string;
  error?: ErrorRecord;
  /** Set in state `needsDecision`; `error` holds the question. */
  decision?: DecisionKind;
  /** What was left out of the message although it was processed: a value without a row in its value map. */
  warning?: ErrorRecord;
  /** Present while an operator's action can be undone: the fields before it. */
  undo?: {
    action: 'skip';
    was: Partial<MessageRecord>;
    /** Ids of the comments and files that the skip keeps back from later messages. */
    kept?: string[];
  };
  /** How many times it was processed: committed passes through its flow, and failed reads. */
  emissions: number;
  /**
   * An id made before the entity was read: our later writes are not visible in it. Absent: the entity was not read; the payload
   * dates from its arrival.
   */
  readAt?: string;
  /**
   * Epoch milliseconds before which it is not emitted again (the partner cannot be read now), by the steady clock of the process
   * that wrote it.
   */
  notBefore?: number;
  settledAt?: string;
  /** Where route nodes sent it, by the id of the node. */
  routes?: RouteRecord[];
}

/** Where a route node sent a message, and why. */
export interface RouteDecision {
  /** Ids of endpoints, in the order of the outputs. */
  to: string[];
  /** conversation: the parties of its conversation. rule, default: a new case. none: nobody. */
  by: 'conversation' | 'rule' | 'default' | 'none';
  /** The rules that matched, numbered from 1. */
  rules?: number[];
}

/** The decision of a node, kept with its message. */
export interface RouteRecord extends RouteDecision {
  node: string;
}

/** One party's entity in a conversation. */
export interface Link {
  endpoint: string;
  entityType: string;
  /** Distinguishes several entities of one type at one endpoint (fan-out); '' if there is only one. */
  leg: string;
  id: string;
  number?: string;
  url?: string;
  /**
   * theirs: created by the partner, where the conversation started or which it joined; ours: created by our delivery and carrying
   * our reference.
   */
  origin: 'theirs' | 'ours';
  /**
   * The reference our entity carries if it differs from that of its conversation and leg (it was created in another
   * conversation).
   */
  carries?: string;
  /** Last known canonical fields of the entity, whoever wrote them: a change is detected against these. */
  lastKnown: Record<string, Json>;
  /** Paths inside canonical objects, as `requester.name`, that had a value when the entity last showed them. */
  filled?: string[];
  /** Last known fields under the system's own names, to write only real changes. */
  raw: Record<string, Json>;
  /**
   * For each raw field the id of the newest delivery that set it, also one that was merged into the delivery that wrote it, so that
   * replaying an older delivery cannot overwrite it.
   */
  writtenBy: Record<string, string>;
  /**
   * For raw fields we wrote, the entity's version after the write, until a version at least as new was read: an older read of
   * them is not a change.
   */
  writtenVersion?: Record<string, string>;
  /** For raw fields, our last write, until a read that started some seconds after it. */
  ourWrites?: Record<string, OurWrite>;
  /** For our entity before its first compared read: whether the create's answer or an event showed its initial fields. */
  made?: 'answered' | 'sent';
  /** The entity was deleted at the partner, or is hidden from us. */
  gone?: true;
  /**
   * Canonical fields that kept this value in a conflict with another party's write, with an id made when the conflict was seen:
   * the next read that starts after it reports them as changed, even if the value is one they had before.
   */
  unsent?: Record<string, string>;
  /**
   * For lists of items, the last entry we wrote for each item id, until the partner reports a change of it: an unchanged entry is
   * not written again, because it could overwrite a partner's change that we have not read yet.
   */
  writtenItems?: Record<string, Record<string, WrittenItem>>;
  /** For our order: what was sent for each item, and which of the partner's items it is. */
  items?: LinkItems;
  /**
   * Ids of comments and attachments already processed, newest last: all that the partner still shows, and many that it no longer
   * does.
   */
  seen: string[];
  /** The last known text (or file name) of the newest of them, to detect edits and deletions. */
  words?: Record<string, Json>;
  /** The entity's own version when last seen. */
  entityVersion?: string;
  /** An id made before the newest reading of the entity began: an answer to an earlier write may show less. */
  readAt?: string;
  since: string;
  /** Its data was erased: whether a read shows anything new. */
  erased?: ErasedContent;
}

/** What was known of an entity whose data was erased, as hashes with a key of their own (erased-entity.ts). */
export interface ErasedContent {
  key: string;
  /** Names of the partner's fields that were known. */
  fields: string[];
  /** Hashes of the ids of comments and files that were known. */
  parts: string[];
  /** Hashes of the keys in `Link.words`. */
  worded: string[];
  /** Of the values of all fields and the texts of all parts together. */
  hash: string;
  /** The newest message that failed because the entity was changed since, and a hash of what was read for it. */
  reported?: { message: string; hash: string };
}

export interface OurWrite {
  /** An id made when the write was answered: an earlier read does not show its result. */
  stamp: string;
  /** Fingerprint of the value before the write. */
  before: Json;
  /** Fingerprints of the values before our other recent writes. */
  earlier?: Json[];
  /** The canonical fields it was mapped from: they may be read from other raw fields than they are written to. */
  of?: string[];
}

export interface WrittenItem {
  /** Fingerprint of the entry; '' once the partner has moved the item on. */
  entry: Json;
  /** State of the item in that entry. */
  state?: string;
}

/**
 * One party's part of a fan-out. It is planned before anything is sent, so that after a crash the fan-out is completed, not
 * repeated.
 */
export interface PlannedLeg {
  /** As in `Link.leg`. */
  leg: string;
  /**
   * Id of its row in the fan-out node, if that is another: a further order at a vendor is a leg of its own, and a row may be renamed.
   */
  row?: string;
  /** Rows, by their ids. */
  after?: Predecessor[];
  /** Where whole messages are fanned out: something was queued for it. */
  queued?: true;
  /** Its cancellation was requested. */
  cancelled?: boolean;
  /** Why it was dropped before it was sent. */
  dropped?: string;
  /** Why its party did not take it: it refused the create. */
  refused?: string;
  /** Its create failed for a reason that is ours to repair: no party has it. */
  stuck?: true;
  /** What its party last reported of the whole. */
  state?: State;
  stateReason?: string;
  expectedCompletionAt?: string;
  completedAt?: string;
}

/** One item of a fanned-out order, from the customer's order to its vendor and back (item-life.ts). */
export interface PlannedItem {
  /** The customer's id of it. */
  id: string;
  /** The leg it is ordered with; absent: none yet, or it was cancelled before it was planned. */
  leg?: string;
  /** Fingerprint of what was last queued for its vendor. */
  sent?: Json;
  /** Its vendor has it: the write that ordered it was answered. */
  ordered?: true;
  /** The customer no longer wants it. */
  cancellation?: ItemCancellation;
  /** Its vendor did not take it into the order of a leg. */
  refused?: { leg: string; reason: string };
  /** What its vendor last reported of it. */
  reported?: ItemProgress;
  /** The quantity that was last queued for its vendor, and what the vendor shows instead. */
  quantity?: number;
  vendorQuantity?: number;
  /** The state last sent to the customer. */
  notified?: State;
  /** The customer's order does not show it any more. */
  missing?: true;
}

/** What became of a customer's cancellation of an item. */
export interface ItemCancellation {
  /**
   * `wanted`: the vendor was not asked yet; `requested`: a request is queued or was sent; `refused`: the vendor refused it;
   * `withoutEffect`: the vendor confirmed the request, but the item went on.
   */
  state: 'wanted' | 'requested' | 'refused' | 'withoutEffect';
  /** Whether the customer cancelled the item, or the whole order. */
  of: 'item' | 'order';
  /** An id made when it was noticed: what was queued for the customer before does not know of it. */
  since: string;
  /** Why the vendor refused. */
  reason?: string;
}

/** What happens to the other legs when one fails: they are kept, they are cancelled, or an operator decides. */
export const FAILURE_POLICIES = ['keep', 'cancelRest', 'ask'] as const;
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

export interface Plan {
  /** The fan-out node. */
  node: string;
  onFailure: FailurePolicy;
  legs: PlannedLeg[];
  /** What is ordered, where it is split by item, in the order of the customer's order. */
  items: PlannedItem[];
  /** The legs that have asked something since the customer's last comment, in that order: an answer goes to them only. */
  asked?: string[];
  /** Items that no leg took and that left through the last output of the fan-out node. */
  spare?: string[];
  /** The roll-up node that last reported the order to the customer. */
  rollUp?: string;
  /** The state of the whole order last sent to the customer. */
  notified?: State;
}

export interface ConversationRecord {
  id: string;
  version: number;
  /**
   * The reference our creates carry, e.g. `SWB-7K3M9Q2X4F6A`; derived from the first entity, so that it survives the loss of a
   * store.
   */
  reference: string;
  /** References of conversations merged into this one: they identify this conversation just as its own reference does. */
  aliases?: string[];
  /** References carried by entities that are no longer linked here: no create may reuse them. */
  spent?: string[];
  entity: EntityKind;
  title?: string;
  state: 'open' | 'closed';
  links: Link[];
  /** Endpoints that belong to it although their entity is no longer linked: they may get a new one. */
  formerParties?: string[];
  /** Fingerprints `endpoint|kind|hash` of comments and attachments we send or have sent, newest last, bounded: the echo guard. */
  written: string[];
  /** Set by fan-out. */
  plan?: Plan;
  /** A time by our clock at which its first entity certainly did not exist yet; absent if that is not known. */
  began?: string;
  /** Its data was erased: what is left only tells its entities from new ones. */
  erasedAt?: string;
  createdAt: string;
  updatedAt: string;
}

/** Which states may follow which: transitions.ts. */
export type DeliveryState = 'pending' | 'sending' | 'inDoubt' | 'needsDecision' | 'delivered' | 'failed' | 'skipped' | 'merged';

export interface Attempt {
  at: string;
  /** Duration in milliseconds. */
  took: number;
  what: string;
  status?: number;
  error?: string;
  /** The body `http<n>` of the delivery that holds the HTTP exchange of this attempt; later attempts overwrite it. */
  http?: number;
}

/** A leg waits until another leg has reached one of these states, for example shipping until the SIM is active. */
export interface Predecessor {
  leg: string;
  states: State[];
}

/**
 * What a delivery waits for: a link of its entity (attachments, which have their own lane), or other legs of the conversation.
 */
export type WaitCondition = 'link' | Predecessor[];

/**
 * One outgoing write. Bodies: `request` (the payload and the rule that produced each field), `response` (the partner's answer),
 * `http0`… (the HTTP exchanges of the last attempts), `unmerged` (its own request, where later updates were merged into it), and
 * after an operator's edit `original` and `edits`.
 */
export interface DeliveryRecord {
  /** Sorts by the time it was queued. */
  id: string;
  version: number;
  message: string;
  conversation: string;
  /** The out node. */
  node: string;
  endpoint: string;
  entityType: string;
  leg: string;
  /**
   * `entity`, `comment:<id>`, `attachment:<id>`, `alike:<id>` for a comment or attachment edited or deleted as at the other
   * party, or `putBack:<message>` for those that our write removed; unique per (message, node, leg, part).
   */
  part: string;
  /** It creates the entity: the conversation had none, and no other create was queued. */
  creates?: true;
  /**
   * Deliveries of one lane are sent one after the other, in the order of their ids; lanes are independent. A delivery never
   * changes its lane.
   */
  lane: string;
  state: DeliveryState;
  /** The delivery must not be sent yet, and blocks its lane until this is removed. */
  waitsFor?: WaitCondition;
  /** Failed or undecided, and blocking its lane, because nothing can follow a create that did not happen. */
  blocking?: boolean;
  /** Set in state `needsDecision`; `error` holds the question. */
  decision?: DecisionKind;
  /**
   * An answer was lost: the milliseconds of the settling time that were left when this was written. Until they are over the
   * partner is only read and nothing is written again. Absent in state `inDoubt` (and in records of older versions): the whole
   * settling time.
   */
  lookLeft?: number;
  /**
   * If the entity is not found by then, it is not written again; an operator is asked: the write was answered as done, or an
   * operator asked only for a look-up. False: an operator confirmed that it is not there.
   */
  onlyLook?: boolean;
  /**
   * The address of the endpoint when an answer was lost, or another one that an operator has approved; a look-up at any other
   * address proves nothing.
   */
  doubtAt?: string;
  /** When it was first sent, by the partner's own clock, ISO; '' if that clock was not known. */
  begun?: string;
  /** Epoch milliseconds of the next attempt, by the steady clock of the process that wrote it. */
  notBefore?: number;
  /** Attempts so far; `attempts` keeps only the last ones. */
  tries: number;
  attempts: Attempt[];
  /** For a delivered one this is a warning: what the partner did not keep. */
  error?: ErrorRecord;
  /** Present while an operator's action can be undone: the fields before it. */
  undo?: { action: 'replay' | 'skip'; was: Partial<DeliveryRecord> };
  /** In state `merged`: the delivery that writes its fields. */
  mergedInto?: string;
  /** The newest update that was merged into this one. */
  newestMerged?: string;
  /** The entity it was written to, once known. */
  entityId?: string;
  number?: string;
  /** The reference a create carries if it differs from that of conversation and leg (it was queued in another conversation). */
  reference?: string;
  /** True: the output of the out node is wired, so the partner's answer becomes a message of origin `answer`. */
  answers: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface RecordOf {
  message: MessageRecord;
  delivery: DeliveryRecord;
  conversation: ConversationRecord;
}
export type RecordKind = keyof RecordOf;

export type Bodies = Record<string, unknown>;

export type Change =
  /**
   * `ifAbsent`: skip silently if the de-duplication key is known (message: node+key; delivery: message+node+leg+part). Bodies are
   * merged by name. `gone`: the record is removed with its bodies; only one that is finished can be, else SWB_CONFLICT.
   */
  | { kind: 'message'; record: MessageRecord; bodies?: Bodies; ifAbsent?: boolean; gone?: true }
  /**
   * `start`: stored instead of `record`, and leased to this process, if the delivery is the next of its lane: nothing older is
   * open or blocking there, nothing of the lane is leased, and it waits for nothing.
   */
  | { kind: 'delivery'; record: DeliveryRecord; bodies?: Bodies; ifAbsent?: boolean; start?: DeliveryRecord; gone?: true }
  /**
   * A link (endpoint, entityType, id) or a reference, own or alias, may belong to one conversation only, else SWB_CONFLICT.
   * `gone`: the conversation is removed, its messages and deliveries are kept. Changes apply in order: a link that one change
   * gives up is free for the next.
   */
  | { kind: 'conversation'; record: ConversationRecord; gone?: true }
  /**
   * Small durable facts: watermarks, hub registrations, counters. `undefined` removes. `version`, if given, is the optimistic
   * lock, as for records: the version that was read, 0 for a setting that does not exist.
   */
  | { kind: 'setting'; key: string; value: Json | undefined; version?: number }
  /** Adds an entry to the audit trail, if the commit is applied. */
  | { kind: 'audit'; entry: AuditEntry }
  /** Cuts off what these entries of the audit trail name; only in a commit that erases. */
  | { kind: 'cutNames'; entries: string[] }
  /** SWB_CONFLICT if one of the `unlinkedMessages` is still to be processed when the commit is applied. */
  | { kind: 'noneReceived'; about: readonly About[] };

/** Entities of an endpoint, by their ids or numbers, whatever their type. */
export interface About {
  endpoint: string;
  names: readonly string[];
}

export interface CommitOptions {
  durable?: boolean;
  erase?: boolean;
}

export interface CommitResult {
  /** Ids of the records left out because of `ifAbsent`. */
  skipped: string[];
  /** Ids of the deliveries that were stored as their `start` and leased. */
  started: string[];
}

/**
 * What a commit changed: keys and states only, because another process that shares the store learns no more; who needs a record
 * reads it. Of a removed record the fields before that.
 */
export type ChangeNotice =
  | ({ kind: 'message'; state: MessageState; queue: string; conversation?: string } & WorkNotice)
  | ({ kind: 'delivery'; state: DeliveryState; conversation: string } & WorkNotice)
  | { kind: 'conversation'; id: string; state: ConversationRecord['state'] }
  | { kind: 'setting'; key: string };

interface WorkNotice {
  id: string;
  node: string;
  endpoint: string;
  /** It has a warning: whether a user has seen it. */
  warned?: 'seen' | 'unseen';
  /** It waits until this time, epoch milliseconds. */
  notBefore?: number;
}

export interface ListQuery {
  /**
   * Only records before this position (for the next page), compared byte by byte; newest first. The position of a message or
   * delivery is its id, that of a conversation its last change: `cursorOf` (pages.ts).
   */
  before?: string;
  /** Only records not before this position. Ids sort by time: with `idAt` (id.ts) both bounds are times. */
  from?: string;
  limit: number;
  /**
   * Milliseconds after which a list returns what it has found so far, with `next`. A search then also starts with the records
   * that have exactly the given id, number or reference, which may appear again on a later page.
   */
  patience?: number;
  /** States to include; absent = all. */
  states?: string[];
  /** Messages only: settled ones with these outcomes. */
  outcomes?: MessageOutcome[];
  /** Messages and deliveries only. True: those with a warning (warning.ts); `unseen`: those whose warning is not acknowledged. */
  warned?: true | 'unseen';
  endpoint?: string;
  /** For conversations: matches one of their links, at `endpoint` if that is given too. */
  entityType?: string;
  conversation?: string;
  message?: string;
  /**
   * Finds by any party's id or number, by our reference, or by our own ids; case-insensitive, prefix match. Messages and
   * deliveries are found by their own ids and by those of their conversation. Also finds conversations, with their messages and
   * deliveries, by title: each search word must be a prefix of one of its words.
   */
  search?: string;
}

/** A list. `next`: it is not complete, because its time was over; go on with this as `before`. */
export type Page<R> = R[] & { next?: string };

export interface StoreCounts {
  messages: Record<MessageState, number>;
  deliveries: Record<DeliveryState, number>;
  conversations: { open: number; closed: number };
  /** Settled messages that reached no out node. */
  unrouted: number;
  /** Records with a warning (warning.ts) that is not acknowledged. */
  warned: { messages: number; deliveries: number };
  /** Deliveries still to be sent, and messages whose record could not be read yet, by endpoint; only endpoints that have any. */
  waiting: Record<string, number>;
}

/** Ids of the oldest message that is not settled, by queue (message-queue.ts), and of the oldest that waits for each endpoint, as `waiting` counts. */
export interface OldestWaiting {
  queues: Record<string, string>;
  endpoints: Record<string, string>;
}

/** How far back the memory of a store reaches. */
export interface StoreMemory {
  /** ISO, by our clock: everything that began before may be unknown to the store. */
  since: string;
  /** It is a copy of an earlier state of a store that went on: what waits in it may have been done since. */
  olderCopy: boolean;
}

/** Milliseconds after opening a store by which all waiting work is due. */
export const MAX_WAIT = 300_000;

/**
 * The interface of a store, by purpose. Nothing in it assumes that one process has the store: leases end with the process that
 * holds them, versions are the only lock, change notices have keys only. Where the store is shared, only its implementation
 * changes.
 */

/** Records and settings, with versions. */
export interface Records {
  /**
   * Applies all changes or none. Resolves when they are on disk; with `durable: false` as soon as they are applied and ordered
   * before every later commit (a later durable commit makes them durable too); a commit that starts a delivery is always
   * durable. Commits made one after the other are applied in that order. Rejects with SWB_CONFLICT, or with SWB_STORE if the
   * store cannot write, or if a record may not change to its new state (transitions.ts). `erase`: `purge` removes what was stored
   * of these records and settings before.
   */
  commit(changes: Change[], options?: CommitOptions): Promise<CommitResult>;
  message(id: string): Promise<MessageRecord | undefined>;
  conversation(id: string): Promise<ConversationRecord | undefined>;
  delivery(id: string): Promise<DeliveryRecord | undefined>;
  conversationByLink(endpoint: string, entityType: string, entityId: string): Promise<ConversationRecord | undefined>;
  /** Finds it by its own reference or by one of its aliases. */
  conversationByReference(reference: string): Promise<ConversationRecord | undefined>;
  /** Deliveries of a conversation that are still to be sent (pending, sending or inDoubt), oldest first. */
  openDeliveries(conversation: string): Promise<DeliveryRecord[]>;
  setting(key: string): Promise<Json | undefined>;
  /** The version of a setting, for a change with a lock; 0 if it does not exist. */
  settingVersion(key: string): Promise<number>;
  /**
   * The greatest id of all messages and deliveries, once open; undefined if there are none. New ids must be greater, whatever the
   * clock says: lanes, claims and `Link.writtenBy` rely on the order of ids.
   */
  readonly newestId: string | undefined;
  /**
   * What began before `since` (ISO) may be unknown to this store, because it was created then, or is an older copy of another
   * state: a create for it must look for the entity first.
   */
  readonly memory: { since: string; olderCopy: boolean };
}

/** Lists and counts. */
export interface Search {
  listMessages(query: ListQuery): Promise<Page<MessageRecord>>;
  listDeliveries(query: ListQuery): Promise<Page<DeliveryRecord>>;
  /** By last change. */
  listConversations(query: ListQuery): Promise<Page<ConversationRecord>>;
  /**
   * Messages that belong to no conversation (yet) and are about one of these entities, and received ones of the endpoint of which it
   * is not known what they are about.
   */
  unlinkedMessages(about: About): Promise<MessageRecord[]>;
  counts(): Promise<StoreCounts>;
  oldestWaiting(): Promise<OldestWaiting>;
}

/** Work that waits. A claim leases it to this process; a lease ends with `release`, or with the process. */
export interface Queue {
  /**
   * Takes up to `limit` messages of a queue (message-queue.ts) in state `received` that are due and not leased, oldest first, and
   * leases them to this process. Claimed messages and deliveries are on disk.
   */
  claimMessages(queue: string, limit: number, now: number): Promise<MessageRecord[]>;
  /**
   * Takes up to `limit` deliveries of an endpoint and leases them: of each lane only the oldest one in pending, sending (left by
   * a crash) or inDoubt, if it is due and waits for nothing, no older delivery of the lane is `blocking`, and nothing of the lane
   * is leased. Lanes take turns: one that was claimed from comes after all that waited then; those that began to wait at the same
   * time come by the id of their delivery. Files (file-lane.ts) are claimed by their source only, so that no source holds back other
   * deliveries; of a lane of files the one that is due first, unless one is in sending or inDoubt.
   */
  claimDeliveries(endpoint: string, limit: number, now: number, source?: string): Promise<DeliveryRecord[]>;
  /** Ids of the endpoints from which files for an endpoint wait; some may have none left. */
  fileSources(endpoint: string): Promise<string[]>;
  /** Releases leases. */
  release(kind: 'message' | 'delivery', ids: string[]): Promise<void>;
  /**
   * Epoch milliseconds at which the next unleased message of the queue, or delivery of the endpoint, becomes due; undefined if
   * none is waiting. A delivery counts only if `claimDeliveries` would take it. Work that is already due and was left out by a
   * claim's `limit` may or may not count. `source`: of the endpoint's files from there.
   */
  nextDue(kind: 'message' | 'delivery', owner: string, source?: string): Promise<number | undefined>;
}

/** Payloads of messages and deliveries, and files. */
export interface Contents {
  /**
   * The bodies of a message or delivery by name; {} after retention removed them. Rejects with SWB_STORE if one is not what was
   * stored.
   */
  bodies(kind: 'message' | 'delivery', id: string): Promise<Bodies>;
  /** Folder where attachments are spooled. */
  readonly spool: string;
  /** Once open. */
  readonly memory: StoreMemory;

  /**
   * To be asked before anything is written to a partner or acknowledged to one. Undefined: this process surely still owns the
   * store. Otherwise that is checked; rejects with SWB_STORE if another process has taken the store over, or if it cannot be
   * checked. After a regular `close` there is nothing to own.
   */
  confirmOwnership(): Promise<void> | undefined;
  /** Why the last write failed; undefined if it succeeded. */
  readonly trouble: SwitchboardError | undefined;
  /** Calls back when another process has taken the store over; returns the function that unsubscribes. */
  onLost(listener: (error: SwitchboardError) => void): () => void;
}

/** What users did. Entries are only added; several months after, whole months are dropped. */
export interface AuditTrail {
  /** The newest entries, newest first, with what they name. */
  audited(limit: number): Promise<NumberedEntry[]>;
  /** Entries as they are stored, oldest first. */
  trail(range: TrailRange): AsyncIterable<TrailLine>;
}

/** Erasure of people's data. */
export interface Erasure {
  /**
   * Removes for good what was stored, before the commits that erased them, of records and settings: old versions, bodies,
   * spooled files, indexes, copies of damaged parts, and names in the audit trail. `also`: removes copies of damaged parts that
   * have one of these texts, too. Resolves when nothing of it is on the disk any more; after a crash, it goes on when the store
   * is opened. Rejects with SWB_STORE if something cannot be removed; it can be repeated.
   */
  purge(also?: readonly string[]): Promise<void>;
}

/** Notices of changes. */
export interface ChangeFeed {
  /** Calls back after each applied commit; returns the function that unsubscribes. */
  watch(listener: (changes: ChangeNotice[]) => void): () => void;
}

export interface Store extends Records, Search, Queue, Contents, AuditTrail, Erasure, ChangeFeed {
  /**
   * Caps every wait at `MAX_WAIT`: a longer one was set by a clock that has been set back since, or an extra attempt does no
   * harm.
   */
  open(): Promise<void>;
  /** Waits for writes in progress, then closes the files and releases the lock. */
  close(): Promise<void>;
}
