import type { GenericAttachment, Json } from '../../model/message.js';
import type { ParsedEntity, RawEntity } from '../endpoint.js';
import { type Attributes, addressOf, entries, isoTime, textOf } from '../tmf/attributes.js';
import { entryIds } from '../tmf/entry-ids.js';
import { commentsOf } from '../tmf/note.js';
import { relationOf } from '../tmf/relation.js';
import { bytesOf, withoutCounterpart } from '../tmf/same-entry.js';
import { type Dialect, referenceOf, withoutMark } from './dialect.js';
import { isTicketDeletion, readEvent } from './events.js';

/** What an in node emits for a trouble ticket. */
export interface TroubleTicketEntity extends RawEntity {
  ticket: Attributes;
  /** The event that reported it. */
  event?: Json;
}

export interface ParseContext {
  endpoint: string;
  entityType: string;
  baseUrl: string;
  dialect: Dialect;
}

/** Splits a ticket into its parts. Pure. */
export function parse(raw: RawEntity, context: ParseContext): ParsedEntity {
  const { ticket = {}, event } = raw as Partial<TroubleTicketEntity>;
  const { dialect } = context;
  const version = isoTime(ticket.lastUpdate) ?? isoTime(ticket.statusChangeDate) ?? isoTime(ticket.creationDate);
  const reference = referenceOf(ticket, dialect);
  const record: Attributes = { ...ticket };
  if (dialect.reference === 'description' && typeof record.description === 'string')
    record.description = withoutMark(record.description);
  const id = textOf(ticket.id) ?? '';
  const url = addressOf(ticket.href, context.baseUrl);
  return {
    source: {
      endpoint: context.endpoint,
      entityType: context.entityType,
      id,
      number: textOf(ticket.number) ?? id,
      ...(url && { url }),
      ...(version && { version, changedAt: version }),
      ...(reference && { reference }),
    },
    record,
    comments: commentsOf([...entries(ticket.note), ...notesOnlyInEvent(ticket, event)], dialect),
    attachments: [...entryIds(entries(ticket.attachment))].map(([entry, id]) => attachmentOf(entry, id)),
    relations: entries(ticket.troubleTicketRelationship).flatMap(relationOf),
    ...(event && isTicketDeletion(event) && { deleted: true }),
  };
}

/** The file of an entry. */
export function attachmentOf(attachment: Attributes, id: string): GenericAttachment {
  const bytes = bytesOf(attachment);
  const name = textOf(attachment.name) ?? textOf(attachment.description) ?? textOf(attachment.id) ?? 'attachment';
  const url = textOf(attachment.url) ?? textOf(attachment.href);
  return {
    id,
    name,
    mimeType: textOf(attachment.mimeType) ?? 'application/octet-stream',
    ...(typeof bytes === 'number' && { size: bytes }),
    ...(url && { url }),
  };
}

/** The lists of notes in an entity that was read or received in an event. Pure. */
export function notesIn(raw: RawEntity): Attributes[][] {
  const { ticket = {}, event } = raw as Partial<TroubleTicketEntity>;
  return [entries(ticket.note), notesOnlyInEvent({ note: [] }, event)];
}

/** Notes in an event that the ticket does not show: what was received is passed on even if the provider has lost it since. */
function notesOnlyInEvent(ticket: Attributes, event: Json | undefined): Attributes[] {
  if (event === undefined || ticket.note === undefined) return [];
  try {
    return withoutCounterpart(
      readEvent(event).notes.filter((note) => typeof note.text === 'string'),
      entries(ticket.note),
    );
  } catch {
    return []; // an event that cannot be read adds nothing to the ticket
  }
}
