import type { State } from '../../src/model/message.js';
import type { WaitCondition } from '../../src/store/store.js';
import type { Shown, ShownWarning } from './views.js';

/** What the runtime tells the conversations view; both sides compile against it. */

export const CONVERSATION_FILTERS = ['all', 'open', 'closed', 'problems', 'needsDecision', 'warned'] as const;
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
  /** Messages and deliveries that failed, that need a person's decision, and that wait. */
  failed: number;
  needsDecision: number;
  waiting: number;
  /** Those with a warning that nobody has looked at yet. */
  warned: number;
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
  /** It was deleted at its system. */
  deleted?: true;
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
  warning?: ShownWarning;
  /** What holds it back. */
  waitsFor?: WaitCondition;
}

/** Something that was done to the links of the conversation by hand, newest first. */
export interface Done {
  id: number;
  at: string;
  by: string;
  kind: 'link' | 'unlink' | 'split' | 'merge';
  effects: Effect[];
  undone?: { at: string; by: string };
}

/** One thing that an operation changes; the words are labels. */
export interface Effect {
  code: string;
  values: Record<string, string | number>;
}

/** An endpoint at which an entity may be linked. */
export interface LinkTarget {
  id: string;
  name: string;
  entityTypes: string[];
}

/** What a person asks for. */
export interface SurgeryRequest {
  kind: Done['kind'];
  /** link, unlink, split: node id of the endpoint. */
  endpoint?: string;
  entityType?: string;
  /** link: a number or an id; unlink, split: the id. */
  entity?: string;
  /** merge: a number, an id or the reference of the other conversation. */
  other?: string;
}

/** What it would change, or why it cannot be done. */
export interface SurgeryPreview {
  effects: Effect[];
  /** The entity that was looked up, or the conversation that was found. */
  found?: { number: string; title?: string; state?: State; url?: string };
  refused?: string;
  /** Reference of the conversation that has the entity: it could be merged instead. */
  owner?: string;
}

/** Nothing has changed since. */
export interface Unchanged {
  mark: string;
  unchanged: true;
}

export interface ConversationDetail {
  /** Another one as soon as something of it has changed. */
  mark: string;
  unchanged?: false;
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  lanes: Lane[];
  entries: TimelineEntry[];
  /** There are older entries that are not shown. */
  earlier: boolean;
  done: Done[];
  targets: LinkTarget[];
}
