import type { State } from '../../src/model/message.js';
import type { ShownState, ShownWarning, WaitView } from './views.js';

/** The data of the conversations view, shared by runtime and browser. */

export const CONVERSATION_FILTERS = ['all', 'open', 'closed', 'problems', 'needsDecision', 'warned'] as const;
export type ConversationFilter = (typeof CONVERSATION_FILTERS)[number];

export interface ConversationQuery {
  search: string;
  state: ConversationFilter;
  /** People's data is not masked, so that it is searched too. */
  clear?: boolean;
  /** `next` of the previous page. */
  before?: string;
  limit: number;
}

export interface Party {
  /** Name of the endpoint. */
  endpoint: string;
  entityType: string;
  number: string;
  /** Distinguishes several entities of one type at one endpoint; '' if there is only one. */
  leg: string;
}

export interface ConversationRow {
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  /** Time of the last message or delivery. */
  at: string;
  /** Number of messages and deliveries that failed, need a decision, or wait. */
  failed: number;
  needsDecision: number;
  waiting: number;
  /** Number of those with an unseen warning. */
  warned: number;
  parties: Party[];
}

export interface ConversationList {
  conversations: ConversationRow[];
  /** Present if there are more. */
  next?: string;
}

/** The lane of one party. */
export interface Lane {
  key: string;
  endpoint: string;
  entityType: string;
  leg: string;
  /** Absent if no entity is linked. */
  link?: LaneLink;
  /** Number of an entity that is no longer linked. */
  was?: string;
  /** Last known state of the entity. */
  state?: State;
  /** The entity was deleted in its system. */
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

/** The plan of one leg of an order. */
export interface LanePlan {
  items: { id: string; state?: State; reason?: string }[];
  after: { leg: string; states: State[] }[];
  state?: State;
  reason?: string;
  /** Why the leg was dropped before it was sent. */
  dropped?: string;
}

/** A comment or a file. */
export interface Note {
  kind: 'comment' | 'attachment';
  text: string;
  author?: string;
  internal: boolean;
}

export type TimelineEvent = 'created' | 'changed' | 'commented' | 'attached' | 'nothing' | 'deleted';

/** One arrow: a message received from a party, or a delivery to it. */
export interface TimelineEntry {
  id: string;
  direction: 'incoming' | 'outgoing';
  /** The message that a click opens. */
  message: string;
  lane: string;
  at: string;
  state: ShownState;
  event: TimelineEvent;
  /** Names of the changed fields: generic names for messages, the partner's for deliveries. */
  fields: string[];
  /** The new state of the entity, if it changed. */
  entityState?: State;
  notes: Note[];
  /** What went wrong, or why the message was ignored. */
  reason?: string;
  warning?: ShownWarning;
  /** Why it is not done. */
  wait?: WaitView;
  /** The id of the entry with which a merged update is written, if that is shown. */
  mergedInto?: string;
}

/** A manual edit of the conversation's links. */
export interface LinkEditEntry {
  id: number;
  at: string;
  by: string;
  kind: 'link' | 'unlink' | 'split' | 'merge';
  effects: LinkEditEffectView[];
  undone?: { at: string; by: string };
}

/** One effect of a link edit; its text is a label. */
export interface LinkEditEffectView {
  code: string;
  values: Record<string, string | number>;
}

/** An endpoint whose entities can be linked. */
export interface LinkTarget {
  id: string;
  name: string;
  entityTypes: string[];
}

/** A link edit as entered by the user. */
export interface LinkEditRequest {
  kind: LinkEditEntry['kind'];
  /** link, unlink, split: node id of the endpoint. */
  endpoint?: string;
  entityType?: string;
  /** link: a number or an id; unlink, split: the id. */
  entity?: string;
  /** merge: a number, an id or the reference of the other conversation. */
  other?: string;
}

/** The effects of a link edit, or why it is refused. */
export interface LinkEditPreview {
  effects: LinkEditEffectView[];
  /** The entity or conversation that was found. */
  found?: { number: string; title?: string; state?: State; url?: string };
  refused?: string;
  /** Reference of the conversation that the entity belongs to, which could be merged instead. */
  owner?: string;
}

/** The answer if nothing has changed. */
export interface Unchanged {
  mark: string;
  unchanged: true;
}

export interface ConversationDetail {
  /** Changes whenever the conversation or one of its records changes. */
  mark: string;
  unchanged?: false;
  id: string;
  reference: string;
  title?: string;
  state: 'open' | 'closed';
  lanes: Lane[];
  entries: TimelineEntry[];
  /** There are older entries that are not included. */
  earlier: boolean;
  /** Newest first. */
  linkEdits: LinkEditEntry[];
  targets: LinkTarget[];
}
