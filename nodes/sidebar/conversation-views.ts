import type { State } from '../../src/model/message.js';
import type { WaitsFor } from '../../src/store/store.js';
import type { Shown } from './views.js';

/** What the runtime tells the conversations view; both sides compile against it. */

export const CONVERSATION_FILTERS = ['all', 'open', 'closed', 'problems'] as const;
export type ConversationFilter = (typeof CONVERSATION_FILTERS)[number];

export interface ConversationQuery {
  search: string;
  state: ConversationFilter;
  /** `next` of the page before. */
  before?: string;
  limit: number;
}

export interface Party {
  /** Name of the endpoint. */
  endpoint: string;
  entityType: string;
  number: string;
  /** Tells several entities of one type at one endpoint apart; '' where there is one. */
  leg: string;
}

export interface ConversationRow {
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  /** When something last came or went. */
  at: string;
  /** Messages and deliveries that failed, and that wait. */
  failed: number;
  waiting: number;
  parties: Party[];
}

export interface ConversationList {
  conversations: ConversationRow[];
  /** Given when there are more. */
  next?: string;
}

/** One party's line in the drawing. */
export interface Lane {
  key: string;
  endpoint: string;
  entityType: string;
  leg: string;
  /** Absent while nothing is linked there. */
  link?: LaneLink;
  /** Number of an entity that is linked no more. */
  was?: string;
  /** How the entity stands as far as it is known. */
  state?: State;
  plan?: LanePlan;
}

export interface LaneLink {
  /** Id of the endpoint's node. */
  endpoint: string;
  entityType: string;
  id: string;
  number: string;
  url?: string;
  origin: 'theirs' | 'ours';
}

/** What was planned for a leg of an order. */
export interface LanePlan {
  items: { id: string; state?: State; reason?: string }[];
  after: { leg: string; states: State[] }[];
  state?: State;
  reason?: string;
  /** Why it was given up before it was sent. */
  dropped?: string;
}

/** Something a party said: a comment, or a file. */
export interface Note {
  kind: 'comment' | 'attachment';
  text: string;
  author?: string;
  internal: boolean;
}

export type TimelineEvent = 'created' | 'changed' | 'commented' | 'attached' | 'nothing' | 'deleted';

/** One arrow: something that came from a party, or went to it. */
export interface TimelineEntry {
  id: string;
  direction: 'incoming' | 'outgoing';
  /** The message a click opens. */
  message: string;
  lane: string;
  at: string;
  state: Shown;
  event: TimelineEvent;
  /** Names of what changed: generic ones of what came, the partner's of what went. */
  fields: string[];
  /** The state in which it leaves the entity, where it changed it. */
  entityState?: State;
  notes: Note[];
  /** What went wrong, or why nothing was to be done. */
  reason?: string;
  /** What holds it back. */
  waitsFor?: WaitsFor;
}

export interface ConversationDetail {
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  lanes: Lane[];
  entries: TimelineEntry[];
  /** There are older entries that are not shown. */
  earlier: boolean;
}
