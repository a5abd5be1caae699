/** The generic model: what every system's tickets are translated to and from. Field by field in docs/model.md. */

/** The kinds of systems we speak with, each a folder in src/endpoints/. */
export type System = 'servicenow' | 'tmf621' | 'tmf622';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Who asks for something to be done, and who does it. */
export type Side = 'customer' | 'provider';

export const ENTITIES = ['incident', 'problem', 'change', 'case', 'request', 'task', 'order', 'orderLine'] as const;
export type EntityKind = (typeof ENTITIES)[number];

export const EVENTS = ['created', 'updated', 'commented', 'attached', 'stateChanged', 'cancelled', 'deleted'] as const;
export type EventKind = (typeof EVENTS)[number];

/** States of tickets, named after TMF621's status values. `pending` waits for the customer, `held` for anybody else. */
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
/** States after which nothing more is expected. */
export const FINAL_STATES: readonly State[] = ['closed', 'cancelled', 'rejected', 'completed', 'partial', 'failed'];
/** The customer wants it cancelled, or it is. */
export const CANCELLING_STATES: readonly State[] = ['cancelled', 'assessingCancellation', 'pendingCancellation'];

/** Fields told item by item, by messages of their own: never written over one another. */
export const ITEM_FIELDS: ReadonlySet<string> = new Set(['items', 'progress']);

export const ITEM_ACTIONS = ['add', 'modify', 'delete', 'noChange'] as const;

export const SEVERITIES = ['critical', 'major', 'minor'] as const;
export const LEVELS = ['high', 'medium', 'low'] as const; // impact, urgency
export const PRIORITIES = ['critical', 'high', 'moderate', 'low', 'planning'] as const;

/** A person or organisation as far as the source names it. */
export interface Party {
  id?: string;
  name?: string;
  email?: string;
  phone?: string;
}

/** A service, product or configuration item the matter is about. */
export interface AffectedItem {
  id?: string;
  name?: string;
  /** service | ci | product | asset */
  type?: string;
}

/** Something that has an id, a name, or both where it comes from. */
export interface NamedRef {
  id?: string;
  name?: string;
}

export interface Place extends NamedRef {
  street?: string;
  postcode?: string;
  city?: string;
  /** ISO 3166, two letters, where the source says so. */
  country?: string;
}

export interface Price {
  /** Amounts in `currency`. */
  oneTime?: number;
  recurring?: number;
  /** How often the recurring one is due: month, year … */
  period?: string;
  /** ISO 4217. */
  currency?: string;
}

/** What is ordered with one item of an order. How it stands is kept apart (ItemProgress), because the other side says that. */
export interface OrderItem {
  /** Chosen by the customer; what a vendor calls the item is known of its link alone. */
  id: string;
  action?: (typeof ITEM_ACTIONS)[number];
  quantity?: number;
  /** What kind of thing it is, for sharing an order out among vendors. */
  category?: string;
  offering?: NamedRef;
  specification?: NamedRef;
  /** The product that is changed or taken away, where there is one already. */
  product?: NamedRef;
  /** By name. */
  characteristics?: Record<string, Json>;
  requestedStartAt?: string;
  requestedCompletionAt?: string;
  place?: Place;
  contact?: Party;
  price?: Price;
  /** Ids of items of the same order that it builds on. */
  reliesOn?: string[];
  custom?: Record<string, Json>;
}

/** How one item of an order stands. */
export interface ItemProgress {
  id: string;
  state?: State;
  stateReason?: string;
  expectedCompletionAt?: string;
  /** The party that has it, and its order's number there; set by roll-up. */
  vendor?: string;
  vendorNumber?: string;
}

/** Which properties of an item tell how it stands; all others tell what is ordered. */
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
  /** How the matter came in: phone, email, portal, monitoring … */
  channel?: string;
  createdAt?: string;
  requestedResolutionAt?: string;
  expectedResolutionAt?: string;
  resolvedAt?: string;
  closedAt?: string;
  resolutionCode?: string;
  resolution?: string;
  /** The number of the counterpart's ticket, for people to quote. */
  partnerNumber?: string;
  /** Who the order is for. */
  customer?: Party;
  /** Whom to ask about the order. */
  contact?: Party;
  place?: Place;
  requestedStartAt?: string;
  requestedCompletionAt?: string;
  expectedCompletionAt?: string;
  completedAt?: string;
  /** What is ordered. Among the fields, so that it is compared, traced and written like every other value. */
  items?: OrderItem[];
  /** How the items stand. */
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
  /** Ids of the items it is about, as the source calls them; the text names them too: `Item 10, 20`. */
  items?: string[];
  /** The comment was told before, under this id, and says this now. */
  edits?: string;
}

/** A comment or a file that the source does not have any more. */
export interface RemovedPart {
  kind: 'comment' | 'attachment';
  /** As it was told. */
  id: string;
  /** A file's name, or what a short comment said. */
  says?: string;
}

export interface GenericAttachment {
  /** The attachment's id at its source, or a hash of its name, size and time where the source gives none. */
  id: string;
  name: string;
  mimeType: string;
  /** Bytes, when the source says. */
  size?: number;
  /** sha256 in hex, when known. */
  hash?: string;
  author?: string;
  at?: string;
  /** Where its bytes are to be fetched, where the source says; else the source is asked for them. */
  url?: string;
}

export interface GenericRelation {
  type: 'parent' | 'child' | 'related' | 'duplicate';
  entityType?: string;
  id: string;
  number?: string;
}

/** Who said it, and about which of their entities. */
export interface Source {
  /** Node id of the endpoint. */
  endpoint: string;
  entityType: string;
  id: string;
  number?: string;
  url?: string;
  /** The source's own counter or time of change; compared with `compareVersions` in its parser, kept as text. */
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
  /** Names of the `fields` that changed since the entity was last seen; absent = not compared yet, take all. */
  changed?: string[];
  comments: GenericComment[];
  attachments: GenericAttachment[];
  /** What was there before and is not any more; absent = not compared, or nothing. */
  removed?: RemovedPart[];
  relations: GenericRelation[];
}

/** What a hint tells of the entity as it is now. */
export interface Expected {
  /** The entity's own version, comparable with `EndpointClient.isOlder`. */
  version?: string;
  /** When it was told, by the partner's clock and a little later than the change: comparable likewise, and only where nothing newer was seen. */
  time?: string;
  /** Ids of comments and attachments. */
  parts?: string[];
  /** What it says of how the entity stands, by the record's own field. */
  state?: { field: string; value: string };
}
