import type { ConversationRecord, Link } from '../store/store.js';
import { linkOf } from './correlate.js';

/** The entity that the conversation began with; undefined once it is no longer linked. */
export function firstLink({ links }: ConversationRecord): Link | undefined {
  const theirs = links.filter(({ origin }) => origin === 'theirs');
  // After a merge, other entities of the same endpoint have legs of their own.
  return theirs.find(({ leg }) => leg === '') ?? theirs[0];
}

/** What would create an entity at an endpoint that has none in the conversation. */
export interface Creation {
  endpoint: string;
  /** The entity that the message is about. */
  from: { endpoint: string; entityType: string; entityId: string };
  /** Not empty: the flow has planned an entity for this leg. */
  leg: string;
  /** The out node also adds its party to conversations that began elsewhere. */
  joinsOthers?: boolean;
}

/**
 * Whether a message may make another party part of its conversation. The party where the conversation began decides who takes
 * part. Updates from the others stay between the parties: customers that share a provider must not get each other's tickets.
 */
export function mayAddParty(conversation: ConversationRecord, { endpoint, from, leg, joinsOthers }: Creation): boolean {
  if (leg !== '' || joinsOthers || conversation.formerParties?.includes(endpoint)) return true;
  const link = linkOf(conversation, from.endpoint, from.entityType, from.entityId);
  return link !== undefined && link === firstLink(conversation);
}
