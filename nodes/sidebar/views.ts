import type { Attempt, Bodies, ErrorRecord, MessageOrigin } from '../../src/store/store.js';

/** What the runtime tells the messages view; both sides compile against it. */

/** A message or delivery as a person sees it: one word for what the store keeps as state and outcome. */
export type Shown = 'inFlow' | 'waiting' | 'inDoubt' | 'delivered' | 'ignored' | 'unrouted' | 'failed' | 'skipped';
export type Action = 'replay' | 'skip';
export type Filter = 'all' | 'problems' | 'waiting' | 'unrouted';
export const FILTERS: Filter[] = ['all', 'problems', 'waiting', 'unrouted'];

export interface Query {
  search: string;
  state: Filter;
  /** `next` of the page before. */
  before?: string;
  limit: number;
}

export interface DeliveryRow {
  id: string;
  endpoint: string;
  entityType: string;
  number?: string;
  state: Shown;
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

export interface DeliveryView extends DeliveryRow {
  part: string;
  tries: number;
  createdAt: string;
  /** When it is tried next. */
  nextTry?: string;
  error?: ErrorRecord;
  attempts: Attempt[];
  bodies: Bodies;
  actions: Action[];
}

export interface MessageView extends MessageRow {
  entityId: string;
  /** Name of the node that took it. */
  node: string;
  emissions: number;
  error?: ErrorRecord;
  bodies: Bodies;
  actions: Action[];
  conversation?: ConversationView;
  sent: DeliveryView[];
}

export interface Counts {
  problems: number;
  waiting: number;
  unrouted: number;
  conversations: number;
}
