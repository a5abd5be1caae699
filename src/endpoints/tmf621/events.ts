import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Hint } from '../endpoint.js';
import { type Attributes, entries } from '../tmf/attributes.js';
import { namesOfResources } from '../tmf/event-resource.js';
import { COMMON_KINDS, type EventTable, isDeletion, readTmfEvent } from '../tmf/events.js';
import { withoutContent } from './attachment.js';

export interface TroubleTicketEvent {
  /** As the standard names it, e.g. TroubleTicketStatusChangeEvent. */
  eventType: string;
  ticketId: string;
  eventId?: string;
  deleted: boolean;
  /** The ticket in the event, as far as it is there, without the contents of files. */
  ticket: Attributes;
  /** The notes of the ticket in the event. */
  notes: Attributes[];
  hint: Hint;
}

/** The events of TMF621 v4 and v5. */
const EVENTS: EventTable = {
  type: 'TroubleTicket',
  keys: ['troubleTicket'],
  ids: ['troubleTicketId', 'ticketId', 'resourceId', 'entityId'],
  parts: ['note', 'attachment'],
  marks: ['status', 'severity', 'ticketType'],
  kinds: {
    ...COMMON_KINDS,
    statuschange: 'StatusChange',
    statechange: 'StatusChange',
    resolved: 'Resolved',
  },
};

/** The attributes of an event that hold what it is about. */
export const EVENT_RESOURCES = namesOfResources([EVENTS]);

/**
 * Reads a hub event, whole, partial or only a reference: a hint that something happened to a ticket. Throws SWB_PAYLOAD for
 * another event, or one without a ticket.
 */
export function readEvent(body: unknown, path = ''): TroubleTicketEvent {
  const example = say`Post a TMF621 event: {eventId, eventType: TroubleTicketStatusChangeEvent, event: {troubleTicket}}.`;
  const { eventType, id, eventId, deleted, key, expects, resource, withResource } = readTmfEvent(body, path, [EVENTS], example);
  if (id === undefined) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The event does not say which ticket it is about.`, {
      field: 'event.troubleTicket.id',
      hint: say`Send the id of the ticket in the event.`,
    });
  }
  const ticket = withoutContent(resource);
  const hint: Hint = {
    entityType: 'troubleTicket',
    id,
    number: id,
    ...(expects && { expects }),
    key,
    payload: withResource(ticket),
  };
  return { eventType, ticketId: id, ...(eventId && { eventId }), deleted, ticket, notes: entries(resource.note), hint };
}

/** Whether an event reports that the ticket was deleted. */
export function isTicketDeletion(event: Json): boolean {
  return isDeletion(event, [EVENTS]);
}
