/** The generic model: what every system's tickets are translated to and from. Field by field in docs/model.md. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const ENTITIES = ['incident', 'problem', 'change', 'case', 'request', 'task', 'order', 'orderLine'] as const;
export type EntityKind = (typeof ENTITIES)[number];

export const EVENTS = ['created', 'updated', 'commented', 'attached', 'stateChanged', 'cancelled', 'deleted'] as const;
export type EventKind = (typeof EVENTS)[number];

/** Canonical states, named after TMF621's status values. `pending` waits for the customer, `held` for anybody else. */
export const STATES = ['acknowledged', 'inProgress', 'pending', 'held', 'resolved', 'closed', 'cancelled', 'rejected'] as const;
export type State = (typeof STATES)[number];
/** States after which nothing more is expected. */
export const FINAL_STATES: readonly State[] = ['closed', 'cancelled', 'rejected'];

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
export interface Affected {
  id?: string;
  name?: string;
  /** service | ci | product | asset */
  type?: string;
}

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
  service?: Affected;
  ci?: Affected;
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
  relations: GenericRelation[];
}
