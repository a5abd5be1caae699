import { hash } from 'node:crypto';
import { SwitchboardError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import type { Hint } from '../endpoint.js';
import { withoutContent } from './attachment.js';
import type { Ticket } from './dialect.js';

export interface TroubleTicketEvent {
  /** As the standard names it: TroubleTicketStatusChangeEvent. */
  eventType: string;
  ticketId: string;
  eventId?: string;
  deleted: boolean;
  hint: Hint;
}

/** The events of TMF621 v4 and v5, by their names without «TroubleTicket», «Event» or «Notification», in the spellings met in the field. */
const KINDS: Record<string, string> = {
  create: 'Create',
  creation: 'Create',
  attributevaluechange: 'AttributeValueChange',
  attributechange: 'AttributeValueChange',
  change: 'AttributeValueChange',
  statuschange: 'StatusChange',
  statechange: 'StatusChange',
  delete: 'Delete',
  remove: 'Delete',
  resolved: 'Resolved',
  informationrequired: 'InformationRequired',
};

/**
 * Reads a hub event, whole, partial or a mere reference: a hint that something happened to a ticket. The type stands in eventType, else in
 * @type, else at the end of the path (TMF630; facts of known peers). Throws SWB_PAYLOAD when it is none, or names no ticket.
 */
export function readEvent(body: unknown, path = ''): TroubleTicketEvent {
  if (!isObject(body))
    throw new SwitchboardError('SWB_PAYLOAD', 'The event’s body is no object.', {
      hint: 'Post a TMF621 event: {eventId, eventType, event: {troubleTicket}}.',
    });
  const names = [body.eventType, body['@type'], path.split('/').filter(Boolean).at(-1)].filter(
    (n): n is string => typeof n === 'string',
  );
  const kind = names.map(kindOf).find((k) => k !== undefined);
  if (!kind) {
    throw new SwitchboardError('SWB_PAYLOAD', `«${names[0] ?? ''}» is no event of a trouble ticket.`, {
      field: 'eventType',
      hint: 'Subscribe with eventType=TroubleTicketStatusChangeEvent and the like.',
    });
  }
  const event = isObject(body.event) ? body.event : body;
  const name = ['troubleTicket', 'resource'].find((n) => isObject(event[n]));
  const ticket = (name ? event[name] : event) as Ticket;
  const id = ticket.id ?? idOf(ticket.href) ?? body.id;
  if (typeof id !== 'string' && typeof id !== 'number') {
    throw new SwitchboardError('SWB_PAYLOAD', 'The event names no ticket.', {
      field: 'event.troubleTicket.id',
      hint: 'It must say which ticket it is about.',
    });
  }
  const eventType = `TroubleTicket${kind}Event`;
  const eventId = typeof body.eventId === 'string' && body.eventId !== '' ? body.eventId : undefined;
  const key = eventId ? `evt|${eventId}` : `evt|${hash('sha256', JSON.stringify(body), 'hex').slice(0, 32)}`;
  const light = name ? { ...event, [name]: withoutContent(ticket) } : withoutContent(ticket);
  const kept = event === body ? light : { ...body, event: light };
  const hint: Hint = { entityType: 'troubleTicket', id: String(id), number: String(id), key, payload: kept as Json };
  return { eventType, ticketId: String(id), ...(eventId && { eventId }), deleted: kind === 'Delete', hint };
}

function kindOf(name: string): string | undefined {
  const found = /^troubleticket(.*?)(event|notification)?$/i.exec(name);
  return found ? KINDS[(found[1] ?? '').toLowerCase()] : undefined;
}

function idOf(href: unknown): string | undefined {
  return typeof href === 'string' ? href.split('?')[0]?.split('/').filter(Boolean).at(-1) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
