import type { AuditEntry } from '../../src/delivery/audit-view.js';
import type { Answer } from '../../src/delivery/decisions.js';
import type { Edit } from '../../src/delivery/edits.js';
import type { EndpointState } from '../../src/delivery/endpoint-state.js';
import type { ErasureRequest, ErasureResult as ErasureView } from '../../src/delivery/erasure-view.js';
import type { FormerSecretUse, IntakeHub } from '../../src/delivery/intake-reports.js';
import type { IntakeTrouble } from '../../src/delivery/intake-troubles.js';
import type { Suspension } from '../../src/delivery/suspension.js';
import type { UnmappedValue } from '../../src/delivery/unmapped-counter.js';
import type { WaitKind, WaitReason } from '../../src/delivery/wait-reason.js';
import type { DecisionKind } from '../../src/errors.js';
import type { Exchange } from '../../src/http/exchange.js';
import type { Json } from '../../src/model/message.js';
import type { PersonalClass } from '../../src/model/personal.js';
import type { Attempt, Bodies, ErrorRecord, MessageOrigin, RouteDecision } from '../../src/store/store.js';

export type { AuditEntry, Edit, ErasureRequest, ErasureView, Exchange, WaitKind };

/** The data of the messages view, shared by runtime and browser. */

/** The displayed state of a message or delivery, combined from state and outcome in the store. */
export type ShownState =
  | 'inFlow'
  | 'waiting'
  | 'inDoubt'
  | 'needsDecision'
  | 'delivered'
  | 'ignored'
  | 'unrouted'
  | 'failed'
  | 'skipped'
  | 'merged';
export type Action = Answer | 'edit' | 'undo' | 'seen';
/** Filters of the list; the first ones have their own buttons. */
export const FILTERS = [
  'all',
  'problems',
  'needsDecision',
  'warned',
  'waiting',
  'unrouted',
  'anyWarning',
  'delivered',
  'ignored',
  'skipped',
  'merged',
] as const;
export type Filter = (typeof FILTERS)[number];
/** Whether the other conditions apply to messages, deliveries, or both. */
export const DIRECTIONS = ['either', 'incoming', 'outgoing'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The search conditions; all of them must match. */
export interface Selection {
  /** A number, id or reference of any party, or words of the title. */
  search: string;
  state: Filter;
  direction: Direction;
  /** Id of an endpoint. */
  endpoint?: string;
  entityType?: string;
  /** Only those that wait for this reason. */
  reason?: WaitKind;
  /** ISO times; `since` is inclusive, `until` exclusive. */
  since?: string;
  until?: string;
  /** People's data is not masked, so that it is searched too. */
  clear?: boolean;
}

export interface Query extends Selection {
  /** `next` of the previous page. */
  before?: string;
  limit: number;
}

/** Why a message or delivery waits (src/delivery/wait-reason.ts), with names. Times are ISO 8601. */
export interface WaitView extends Omit<WaitReason, 'delivery' | 'message'> {
  /** What comes first: the message to open, its number, and the state of the delivery that is in the way. */
  behind?: { message: string; number: string; state?: ShownState };
}

/** The delivery with which a merged update is written. */
export interface MergedInto {
  id: string;
  /** The message that it belongs to. */
  message: string;
  state: ShownState;
  at: string;
}

/** How many messages and deliveries wait for each reason. */
export interface WaitSummary {
  /** `since`: when the first of them began to wait. */
  reasons: { kind: WaitKind; count: number; since: string }[];
  /** There are more that were not counted. */
  more: boolean;
}

export interface DeliveryRow {
  id: string;
  /** Name of the endpoint. */
  endpoint: string;
  entityType: string;
  number?: string;
  state: ShownState;
  /** Absent once retention has deleted it. */
  mergedInto?: MergedInto;
  /** Why it is not done; absent if it is, or if it failed. */
  wait?: WaitView;
}

/** A warning: what was left out, or what the partner did not store. */
export interface ShownWarning {
  text: string;
  /** A user has marked it as seen, so it no longer counts. */
  seen: boolean;
}

export interface MessageRow {
  id: string;
  receivedAt: string;
  origin: MessageOrigin;
  /** Name of the endpoint. */
  endpoint: string;
  entityType: string;
  /** Number of the entity, or its id if it has no number. */
  number: string;
  title?: string;
  state: ShownState;
  /** What went wrong, or why the message was ignored, for display. */
  reason?: string;
  /** Combined warnings of the message and its deliveries. */
  warning?: ShownWarning;
  /** Why the message itself is not settled. */
  wait?: WaitView;
  /** A value had no row in its value map, so it was left out, or the message failed. */
  unmapped: boolean;
  deliveries: DeliveryRow[];
}

export interface MessageList {
  messages: MessageRow[];
  /** Present if there are more. */
  next?: string;
}

export interface PartyLink {
  endpoint: string;
  entityType: string;
  id: string;
  number?: string;
  url?: string;
  origin: 'theirs' | 'ours';
}

export interface ConversationView {
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  links: PartyLink[];
}

/** One leaf of a payload. */
export interface FieldValue {
  path: string;
  value: Json;
}

/** A rule of a mapping, and the row of its value map; both numbered from one. */
export interface AppliedRule {
  mapping: string;
  /** The config node that holds the mapping; absent for a preset. */
  node?: string;
  rule: number;
  row?: number;
  kind: 'source' | 'constant' | 'expression' | 'default';
}

/**
 * A field of an outgoing payload: the rule that made it, and for each generic value it read, the inbound rule and the partner's
 * fields.
 */
export interface FieldLine extends FieldValue {
  made?: AppliedRule;
  from: { generic: string; value?: Json; made?: AppliedRule; fields: FieldValue[] }[];
  /** The field was edited by a user. */
  edited?: boolean;
}

/** A payload that a user can edit, with the edits so far. */
export interface Editable {
  /** The current payload. */
  payload?: Json;
  edits: Edit[];
  /** The payload before the first edit. */
  original?: Json;
}

export interface AttemptView extends Attempt {
  exchanges?: Exchange[];
}

export interface DeliveryView extends DeliveryRow, Editable {
  part: string;
  lines: FieldLine[];
  createdAt: string;
  /** The message of the newest update that was merged into it. */
  newestMerged?: string;
  /** In doubt: end of the period in which the record is only looked up. */
  lookUntil?: string;
  error?: ErrorRecord;
  /** The `error` of a delivered one: what the partner did not store. */
  warning?: ErrorRecord;
  /** What kind of question `error` asks. */
  decision?: DecisionKind;
  attempts: AttemptView[];
  bodies: Bodies;
  actions: Action[];
}

export interface MessageView extends Omit<MessageRow, 'warning'>, Editable {
  entityId: string;
  /** Name of the node that received the message. */
  node: string;
  emissions: number;
  error?: ErrorRecord;
  /** What kind of question `error` asks. */
  decision?: DecisionKind;
  warning?: ErrorRecord;
  /** The partner's fields as its mapping reads them. */
  fields: FieldValue[];
  bodies: Bodies;
  actions: Action[];
  conversation?: ConversationView;
  /** Where route nodes sent it; parties by name. */
  routes: RouteView[];
  sent: DeliveryView[];
}

export interface RouteView extends RouteDecision {
  /** Name of the route node. */
  node: string;
}

/** An endpoint to choose from. */
export interface NamedEndpoint {
  id: string;
  name: string;
}

/** The state of an endpoint. */
export interface EndpointView extends NamedEndpoint {
  system: string;
  state: EndpointState;
  inFlight: number;
  /** Number of deliveries waiting for the endpoint, and of messages whose record could not be read from it yet. */
  waiting: number;
  /** Time of the next attempt or check, if the endpoint is down or paused. */
  resumesAt?: string;
  /** Why the endpoint is paused, and since when. */
  paused?: { since: string; reason: string };
  suspended?: Suspension;
  /** When it went down, until an attempt succeeds. */
  downSince?: string;
  /** The partner's last error since the flows were started, also if it is up again. */
  lastError?: { at: string; message: string };
  /** Problems that prevent receiving changes from the endpoint. */
  intake: IntakeTrouble[];
  /** The in nodes that still accept a former secret. */
  formerSecrets: (FormerSecretUse & { name: string })[];
  /** The in nodes whose callback its hub sends events to: their secrets can be renewed. */
  callbacks: (IntakeHub & { name: string })[];
}

/** An endpoint that cannot work as it is configured: since when, and what to do. */
export interface MisconfiguredEndpoint extends NamedEndpoint {
  since: string;
  reason: string;
}

/** A value without a row in its value map, to be added in a custom mapping. */
export interface UnmappedView extends UnmappedValue {
  store: string;
}

/** What the user may do in the views. */
export interface Access {
  write: boolean;
  export: boolean;
  /** Classes of people's data that are masked. */
  masked: PersonalClass[];
}

/** Actions available for several messages at once, and for undo. */
export const UNDOABLE = ['replay', 'skip', 'seen'] as const;
export type Undoable = (typeof UNDOABLE)[number];

/** A bulk action. */
export interface BulkRequest {
  action: Undoable | 'undo';
  /** The action that an undo reverts; without it, the last one. */
  undoes?: Undoable;
  reason?: string;
  /** Messages, each with its deliveries. */
  ids?: string[];
  /** Or all matching messages. */
  selection?: Selection;
  /** Only count, without applying the action. */
  preview?: boolean;
}

export interface BulkResult {
  /** Number of messages and deliveries that were, or would be, changed. */
  done: number;
  /** Those of them that are only looked up again and not sent. */
  looked: number;
  /** Ids of the changed messages, for undo. */
  messages: string[];
  /** Why the others were not changed. */
  refused: string[];
  /** There are more; the next request continues with them. */
  more: boolean;
}

export interface Counts {
  problems: number;
  needsDecision: number;
  waiting: number;
  unrouted: number;
  /** Messages and deliveries with an unseen warning. */
  warned: number;
  conversations: number;
  /** Values without a row in their value map. */
  unmapped: number;
}
