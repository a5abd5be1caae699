/** The generic model, to and from which every system's records are translated. Field by field in docs/model.md. */

/** Id of a partner's kind of system: the name of its folder in src/endpoints/. */
export type SystemId = string;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The party that orders or reports, and the party that delivers or fixes. */
export const SIDES = ['customer', 'provider'] as const;
export type Side = (typeof SIDES)[number];

export const ENTITIES = ['incident', 'problem', 'change', 'case', 'request', 'task', 'order', 'orderLine'] as const;
export type EntityKind = (typeof ENTITIES)[number];

export const EVENTS = ['created', 'updated', 'commented', 'attached', 'stateChanged', 'cancelled', 'deleted'] as const;
export type EventKind = (typeof EVENTS)[number];

/** States of tickets, named after TMF621's status values. `pending` waits for the customer, `held` for anyone else. */
export const TICKET_STATES = [
  'acknowledged',
  'inProgress',
  'pending',
  'held',
  'resolved',
  'closed',
  'cancelled',
  'rejected',
] as const;
/** States of orders and their items, named after TMF622's; a draft is not ordered yet. */
export const ORDER_STATES = [
  'draft',
  'acknowledged',
  'inProgress',
  'pending',
  'held',
  'completed',
  'partial',
  'failed',
  'rejected',
  'assessingCancellation',
  'pendingCancellation',
  'cancelled',
] as const;
/** Canonical states. */
export const STATES = [...new Set([...TICKET_STATES, ...ORDER_STATES])];
export type State = (typeof TICKET_STATES | typeof ORDER_STATES)[number];
/** Final states. */
export const FINAL_STATES: readonly State[] = ['closed', 'cancelled', 'rejected', 'completed', 'partial', 'failed'];
/** States of an order that is cancelled or being cancelled. */
export const CANCELLING_STATES: readonly State[] = ['cancelled', 'assessingCancellation', 'pendingCancellation'];

/** Whether a value is a final state. */
export function isFinalState(value: unknown): boolean {
  return FINAL_STATES.includes(value as State);
}

/** Whether a value is the state of something that is cancelled or being cancelled. */
export function isCancellingState(value: unknown): boolean {
  return CANCELLING_STATES.includes(value as State);
}

/** Fields that are sent item by item, in messages of their own, and never overwrite one another. */
export const ITEM_FIELDS: ReadonlySet<string> = new Set(['items', 'progress']);

export const ITEM_ACTIONS = ['add', 'modify', 'delete', 'noChange'] as const;

export const SEVERITIES = ['critical', 'major', 'minor'] as const;
export const LEVELS = ['high', 'medium', 'low'] as const; // impact, urgency
export const PRIORITIES = ['critical', 'high', 'moderate', 'low', 'planning'] as const;

/** A person or organisation, as far as the source names it. */
export interface Party {
  id?: string;
  name?: string;
  email?: string;
  phone?: string;
}

/** An affected service, product or configuration item. */
export interface AffectedItem {
  id?: string;
  name?: string;
  /** service | ci | product | asset */
  type?: string;
}

/** Something with an id, a name, or both at its source. */
export interface NamedRef {
  id?: string;
  name?: string;
}

export interface Place extends NamedRef {
  street?: string;
  postcode?: string;
  city?: string;
  /** ISO 3166, two letters, where the source gives a code. */
  country?: string;
}

export interface Price {
  /** Amounts in `currency`, without tax. */
  oneTime?: number;
  recurring?: number;
  /** The same with tax: an amount that is known only with tax is never shown as one without. */
  oneTimeWithTax?: number;
  recurringWithTax?: number;
  /** How often the recurring price is due: month, year … */
  period?: string;
  /** ISO 4217. */
  currency?: string;
  /** Further amounts in words, such as usage, or those in another currency or period. */
  other?: string[];
}

/** What is ordered with one item of an order. Its status is separate (ItemProgress), because the other party reports it. */
export interface OrderItem {
  /** Chosen by the customer; a vendor's id of the item is stored with the vendor's link only. */
  id: string;
  action?: (typeof ITEM_ACTIONS)[number];
  quantity?: number;
  /** Kind of product, by which an order is split among vendors. */
  category?: string;
  offering?: NamedRef;
  specification?: NamedRef;
  /** The existing product that is changed or removed. */
  product?: NamedRef;
  /** By name. */
  characteristics?: Record<string, Json>;
  requestedStartAt?: string;
  requestedCompletionAt?: string;
  place?: Place;
  contact?: Party;
  price?: Price;
  /** Ids of items of the same order that this item depends on. */
  reliesOn?: string[];
  custom?: Record<string, Json>;
}

/** The status of one item of an order. */
export interface ItemProgress {
  id: string;
  state?: State;
  stateReason?: string;
  expectedCompletionAt?: string;
  /** The vendor of the item, and the vendor's order number; set by roll-up. */
  vendor?: string;
  vendorNumber?: string;
}

/** The properties of an item that are its status; all others describe what is ordered. */
export const PROGRESS_FIELDS: readonly string[] = ['state', 'stateReason', 'expectedCompletionAt', 'vendor', 'vendorNumber'];

export interface GenericFields {
  title?: string;
  description?: string;
  state?: State;
  stateReason?: string;
  severity?: (typeof SEVERITIES)[number];
  impact?: (typeof LEVELS)[number];
  urgency?: (typeof LEVELS)[number];
  priority?: (typeof PRIORITIES)[number];
  category?: string;
  subcategory?: string;
  requester?: Party;
  assignee?: Party;
  assignmentGroup?: Party;
  service?: AffectedItem;
  ci?: AffectedItem;
  /** How it was reported: phone, email, portal, monitoring … */
  channel?: string;
  createdAt?: string;
  requestedResolutionAt?: string;
  expectedResolutionAt?: string;
  resolvedAt?: string;
  closedAt?: string;
  resolutionCode?: string;
  resolution?: string;
  /** Number of the partner's ticket, for people to quote. */
  partnerNumber?: string;
  /** The party that the order is for. */
  customer?: Party;
  /** The contact for the order. */
  contact?: Party;
  place?: Place;
  requestedStartAt?: string;
  requestedCompletionAt?: string;
  expectedCompletionAt?: string;
  completedAt?: string;
  /** What is ordered. One of the fields, so that it is compared, traced and written like any other value. */
  items?: OrderItem[];
  /** The status of the items. */
  progress?: ItemProgress[];
  custom?: Record<string, Json>;
}

export interface GenericComment {
  /** The comment's id at its source, or a hash of author, time and text where the source gives none. */
  id: string;
  text: string;
  author?: string;
  /** ISO 8601 UTC; absent where the source's time cannot be trusted. */
  at?: string;
  visibility: 'public' | 'internal';
  /** Ids of the items that it is about, as in the source; the text names them too: `Item 10, 20`. */
  items?: string[];
  /** Id under which the comment was sent before; this is its new text. */
  edits?: string;
}

/** A comment or a file that no longer exists in the source. */
export interface RemovedPart {
  kind: 'comment' | 'attachment';
  /** The id under which it was sent. */
  id: string;
  /** A file's name, or the text of a short comment. */
  says?: string;
}

export interface GenericAttachment {
  /** The attachment's id at its source, or a hash of its name, size and time where the source gives none. */
  id: string;
  name: string;
  mimeType: string;
  /** Bytes, where the source gives it. */
  size?: number;
  /** SHA-256 in hex, where known. */
  hash?: string;
  author?: string;
  at?: string;
  /** URL of the content, where the source gives one; otherwise the endpoint is asked for it. */
  url?: string;
}

export interface GenericRelation {
  type: 'parent' | 'child' | 'related' | 'duplicate';
  entityType?: string;
  id: string;
  number?: string;
}

/** The endpoint that sent the message, and the entity that it is about. */
export interface Source {
  /** Node id of the endpoint. */
  endpoint: string;
  entityType: string;
  id: string;
  number?: string;
  url?: string;
  /** The source's own counter or time of change, as text; compared with `EndpointClient.isOlder`. */
  version?: string;
  changedBy?: string;
  changedAt?: string;
  /** Our reference, where the entity carries it (ServiceNow correlation_id, TMF externalId …). */
  reference?: string;
}

export interface GenericMessage {
  entity: EntityKind;
  event: EventKind;
  source: Source;
  fields: GenericFields;
  /** Names of the `fields` that changed since the entity was last seen; absent = not compared, all count as changed. */
  changed?: string[];
  comments: GenericComment[];
  attachments: GenericAttachment[];
  /** What was there before and no longer is; absent = not compared, or nothing. */
  removed?: RemovedPart[];
  relations: GenericRelation[];
}

/** What a hint says about the entity's current state. */
export interface Expected {
  /** The entity's own version, comparable with `EndpointClient.isOlder`. */
  version?: string;
  /**
   * When the hint was created, by the partner's clock and shortly after the change; comparable like `version`, and only where
   * nothing newer was seen.
   */
  time?: string;
  /** Ids of comments and attachments. */
  parts?: string[];
  /** The entity's state according to the hint, by the record's own field. */
  state?: { field: string; value: string };
}
