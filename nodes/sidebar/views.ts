import type { AuditEntry } from '../../src/delivery/audit.js';
import type { Answer } from '../../src/delivery/decisions.js';
import type { Edit } from '../../src/delivery/edits.js';
import type { EndpointState } from '../../src/delivery/endpoint-state.js';
import type { IntakeTrouble } from '../../src/delivery/intake-troubles.js';
import type { Suspension } from '../../src/delivery/suspension.js';
import type { UnmappedValue } from '../../src/delivery/unmapped-counter.js';
import type { DecisionKind } from '../../src/errors.js';
import type { Exchange } from '../../src/http/exchange.js';
import type { Json } from '../../src/model/message.js';
import type { Attempt, Bodies, ErrorRecord, MessageOrigin, WaitCondition } from '../../src/store/store.js';

export type { AuditEntry, Edit, Exchange };

/** What the runtime tells the messages view; both sides compile against it. */

/** A message or delivery as a person sees it: one word for what the store keeps as state and outcome. */
export type Shown =
  | 'inFlow'
  | 'waiting'
  | 'inDoubt'
  | 'needsDecision'
  | 'delivered'
  | 'ignored'
  | 'unrouted'
  | 'failed'
  | 'skipped';
export type Action = Answer | 'edit' | 'undo' | 'seen';
/** What the list may be narrowed to; the first ones have a button of their own. */
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
] as const;
export type Filter = (typeof FILTERS)[number];
/** Whether the other conditions speak of what came in, of what went out, or of either. */
export const DIRECTIONS = ['either', 'incoming', 'outgoing'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What a person looks for; every condition narrows the list. */
export interface Selection {
  /** A number, id or reference of any party, or words of a title. */
  search: string;
  state: Filter;
  direction: Direction;
  /** Id of an endpoint. */
  endpoint?: string;
  entityType?: string;
  /** ISO times, the first included, the second not. */
  since?: string;
  until?: string;
}

export interface Query extends Selection {
  /** `next` of the page before. */
  before?: string;
  limit: number;
}

/** What goes out before a delivery, and how that stands: the create of its ticket, or something else of its lane. */
export type Behind = `${'create' | 'earlier'}_${'needsDecision' | 'failed' | 'inDoubt' | 'waiting'}`;

export interface Waits {
  /** Why it is not sent now, where that is not its own failure. */
  waitsFor?: WaitCondition | Behind | 'endpoint' | 'down' | 'strange';
  /** When it is tried next. */
  nextTry?: string;
}

export interface DeliveryRow extends Waits {
  id: string;
  /** Name of the endpoint. */
  endpoint: string;
  entityType: string;
  number?: string;
  state: Shown;
}

/** What went on with a warning: what was left out, or what the partner did not keep. */
export interface ShownWarning {
  text: string;
  /** A person has looked at it: it counts no more. */
  seen: boolean;
}

export interface MessageRow {
  id: string;
  receivedAt: string;
  origin: MessageOrigin;
  /** Name of the endpoint, as the integrator called it. */
  endpoint: string;
  entityType: string;
  /** What people call the entity: its number, or its id where it has none. */
  number: string;
  title?: string;
  state: Shown;
  /** What went wrong, or why nothing was to be done, in words. */
  reason?: string;
  /** Of the message and its deliveries in one. */
  warning?: ShownWarning;
  /** What it is about could not be read yet, for `reason`; `readAt`: when it is read again. */
  unread?: { readAt?: string };
  /** A value had no row in its value map: something was left out, or the message failed for it. */
  unmapped: boolean;
  deliveries: DeliveryRow[];
}

export interface MessageList {
  messages: MessageRow[];
  /** Given when there are more. */
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

/** A rule of a mapping, and the row of its value map, counted from one. */
export interface AppliedRule {
  mapping: string;
  /** The config node that holds the mapping; absent for a preset. */
  node?: string;
  rule: number;
  row?: number;
  kind: 'source' | 'constant' | 'expression' | 'default';
}

/** A field of an outgoing payload: the rule that made it, and for each generic value it took, the rule and the partner's fields before that. */
export interface FieldLine extends FieldValue {
  made?: AppliedRule;
  from: { generic: string; value?: Json; made?: AppliedRule; fields: FieldValue[] }[];
  /** Written by a person. */
  edited?: boolean;
}

/** What a person may change, and what was changed. */
export interface Editable {
  /** The payload as it is sent now. */
  payload?: Json;
  edits: Edit[];
  /** As it was before anybody changed it. */
  original?: Json;
}

export interface AttemptView extends Attempt {
  exchanges?: Exchange[];
}

export interface DeliveryView extends DeliveryRow, Editable {
  part: string;
  lines: FieldLine[];
  createdAt: string;
  /** In doubt: until when the partner is only looked at. */
  lookUntil?: string;
  error?: ErrorRecord;
  /** `error`, where it is delivered: what the partner did not keep. */
  warning?: ErrorRecord;
  /** What kind of question `error` asks. */
  decision?: DecisionKind;
  attempts: AttemptView[];
  bodies: Bodies;
  actions: Action[];
}

export interface MessageView extends Omit<MessageRow, 'warning'>, Editable {
  entityId: string;
  /** Name of the node that took it. */
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
  sent: DeliveryView[];
}

/** How the sending to an endpoint stands. */
export interface EndpointView {
  id: string;
  name: string;
  system: string;
  state: EndpointState;
  inFlight: number;
  /** Deliveries that wait for it. */
  waiting: number;
  /** When it is tried next, where it is down. */
  resumesAt?: string;
  suspended?: Suspension;
  /** What keeps its news from coming in. */
  intake: IntakeTrouble[];
}

/** A value without a row, where a mapping of its own or a preset can be mended. */
export interface UnmappedView extends UnmappedValue {
  store: string;
}

/** What can be done to many at once, and taken back. */
export const UNDOABLE = ['replay', 'skip', 'seen'] as const;
export type Undoable = (typeof UNDOABLE)[number];

/** What is done to many at once. */
export interface BulkRequest {
  action: Undoable | 'undo';
  /** What an undo takes back; without it, whatever was done last. */
  undoes?: Undoable;
  reason?: string;
  /** Messages, each with its deliveries. */
  ids?: string[];
  /** Or all that fit. */
  selection?: Selection;
  /** Only tell how many it would be. */
  preview?: boolean;
}

export interface BulkResult {
  /** Messages and deliveries of which it was done, or would be. */
  done: number;
  /** Those of them that are only looked for once more, and not sent. */
  looked: number;
  /** Ids of the messages concerned, for the undo. */
  messages: string[];
  /** Why the rest was not done. */
  refused: string[];
  /** There were more: the next request goes on with them. */
  more: boolean;
}

export interface Counts {
  problems: number;
  needsDecision: number;
  waiting: number;
  unrouted: number;
  /** Messages and deliveries with a warning that nobody has looked at yet. */
  warned: number;
  conversations: number;
  /** Values without a row in their value map. */
  unmapped: number;
}
