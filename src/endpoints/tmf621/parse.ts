import type { GenericAttachment, GenericComment, GenericRelation, Json } from '../../model/message.js';
import type { Parsed, RawEntity } from '../endpoint.js';
import { type Dialect, referenceOf, type Ticket, withoutMark } from './dialect.js';
import { digest } from './digest.js';

/** What an in node emits for a trouble ticket. */
export interface TroubleTicketEntity extends RawEntity {
  ticket: Ticket;
  /** The event that told of it. */
  event?: Json;
}

export interface ParseContext {
  endpoint: string;
  entityType: string;
  baseUrl: string;
  dialect: Dialect;
}

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
const objects = (value: Json | undefined): Ticket[] =>
  Array.isArray(value) ? value.filter((v): v is Ticket => typeof v === 'object' && v !== null && !Array.isArray(v)) : [];

/** ISO 8601 UTC; times without a zone are taken as UTC (ServiceNow gives `2022-05-16 23:38:55`). */
export function isoTime(value: Json | undefined): string | undefined {
  const given = text(value);
  if (!given) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(given) ? given : `${given.replace(' ', 'T')}Z`;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** Takes a ticket apart. Pure. */
export function parse(raw: RawEntity, context: ParseContext): Parsed {
  const { ticket = {}, event } = raw as Partial<TroubleTicketEntity>;
  const { dialect } = context;
  const version = isoTime(ticket.lastUpdate) ?? isoTime(ticket.statusChangeDate) ?? isoTime(ticket.creationDate);
  const reference = referenceOf(ticket, dialect);
  const url = hrefOf(ticket, context.baseUrl);
  const record: Ticket = { ...ticket };
  if (dialect.reference === 'description' && typeof record.description === 'string')
    record.description = withoutMark(record.description);
  const id = text(ticket.id) ?? '';
  return {
    source: {
      endpoint: context.endpoint,
      entityType: context.entityType,
      id,
      number: text(ticket.number) ?? id,
      ...(url && { url }),
      ...(version && { version, changedAt: version }),
      ...(reference && { reference }),
    },
    record,
    comments: objects(ticket.note).map((note) => commentOf(note, dialect)),
    attachments: objects(ticket.attachment).map(attachmentOf),
    relations: objects(ticket.troubleTicketRelationship).flatMap(relationOf),
    ...(event && deletes(event) && { deleted: true }),
  };
}

function hrefOf(ticket: Ticket, baseUrl: string): string | undefined {
  const href = text(ticket.href);
  return href && URL.canParse(href, `${baseUrl}/`) ? new URL(href, `${baseUrl}/`).href : undefined;
}

/** Notes need not have an id (TMF621 v4), and ServiceNow's never have one: then author, time and words tell them apart. */
function commentOf(note: Ticket, dialect: Dialect): GenericComment {
  const words = text(note.text) ?? '';
  const servicenow = dialect.reference === 'description';
  const at = servicenow ? undefined : isoTime(note.date); // ServiceNow's note.date is in another zone than the rest of the body
  return {
    id: text(note.id) ?? digest([note.author, note.date, words]),
    text: words,
    ...(text(note.author) && { author: text(note.author) }),
    ...(at && { at }),
    visibility: note['@type'] === 'work_notes' ? 'internal' : 'public',
  };
}

function attachmentOf(attachment: Ticket): GenericAttachment {
  const size = attachment.size as { amount?: number; units?: string } | number | undefined;
  const bytes =
    typeof size === 'number' ? size : size?.units === undefined || /^b(ytes?)?$/i.test(size.units) ? size?.amount : undefined;
  const name = text(attachment.name) ?? text(attachment.description) ?? text(attachment.id) ?? 'attachment';
  const url = text(attachment.url) ?? text(attachment.href);
  return {
    id: text(attachment.id) ?? digest([name, url, bytes]),
    name,
    mimeType: text(attachment.mimeType) ?? 'application/octet-stream',
    ...(typeof bytes === 'number' && { size: bytes }),
    ...(url && { url }),
  };
}

const RELATIONS: [RegExp, GenericRelation['type']][] = [
  [/parent/i, 'parent'],
  [/child|sub/i, 'child'],
  [/duplicate/i, 'duplicate'],
];

function relationOf(relation: Ticket): GenericRelation[] {
  const id = text(relation.id);
  const type = RELATIONS.find(([pattern]) => pattern.test(text(relation.relationshipType) ?? ''))?.[1] ?? 'related';
  return id ? [{ type, id }] : [];
}

function deletes(event: Json): boolean {
  const type =
    typeof event === 'object' && event !== null && !Array.isArray(event) ? text(event.eventType ?? event['@type']) : undefined;
  return /(delete|remove)(event|notification)?$/i.test(type ?? '');
}
