import { randomUUID } from 'node:crypto';
import { Behaviours } from './behaviours.js';
import type { LoggedRequest } from './exchange.js';
import { Faults } from './faults.js';
import type { TokenEndpoint } from './oauth.js';
import { EventSender, type Hub } from './tmf-hub.js';
import { entries, type TmfRecord, typed, type Version } from './tmf-record.js';

export type Ticket = TmfRecord;

/** A provider's TMF621 desk, in memory. */
export class TmfDesk {
  readonly requests: LoggedRequest[] = [];
  readonly faults = new Faults();
  readonly behaviours = new Behaviours();
  readonly events: EventSender;
  /** How a PATCH treats lists: merge patch replaces them (RFC 7396), some providers append. */
  listMode: 'replace' | 'append' = 'replace';
  private readonly list = new Map<string, Ticket>();
  private readonly files = new Map<string, Buffer>();
  private readonly byReference = new Map<string, Ticket[]>();
  /** Added to all ticket numbers. */
  numberOffset = 0;
  private next = 100_000;

  constructor(
    readonly version: Version,
    readonly client: { id: string; secret: string },
    readonly tokens: TokenEndpoint,
    private readonly baseUrl: () => string,
    private readonly changed: (ticket: Ticket) => void = () => undefined,
  ) {
    this.events = new EventSender(version);
  }

  reset(): void {
    for (const part of [this.list, this.files, this.byReference, this.events]) part.clear();
    this.requests.length = 0;
    this.faults.clear();
    this.behaviours.reset();
  }

  tickets(): Ticket[] {
    return [...this.list.values()];
  }

  ticket(id: string): Ticket | undefined {
    return this.list.get(id);
  }

  hubs(): Hub[] {
    return this.events.hubs();
  }

  withReference(reference: string): Ticket[] {
    return this.byReference.get(reference) ?? [];
  }

  attachmentBytes(id: string, name: string): Buffer | undefined {
    const found = entries(this.list.get(id)?.attachment).find((a) => a.name === name);
    return found && this.files.get(`${id}/${String(found.id)}`);
  }

  file(id: string, attachmentId: string): Buffer | undefined {
    return this.files.get(`${id}/${attachmentId}`);
  }

  create(given: Ticket): Ticket {
    const now = new Date().toISOString();
    const id = `TT-${this.numberOffset + ++this.next}`;
    const ticket: Ticket = {
      ...given,
      id,
      href: `${this.baseUrl()}/troubleTicket/${id}`,
      status: given.status ?? 'acknowledged',
      creationDate: now,
      lastUpdate: now,
      statusChangeDate: now,
      ...(this.version === 'v5' && { '@type': given['@type'] ?? 'TroubleTicket' }),
    };
    this.list.set(id, ticket);
    this.behaviours.recordCreated(id);
    this.completeRecord(ticket, { note: [], attachment: [] });
    for (const reference of references(ticket))
      this.byReference.set(reference, [...(this.byReference.get(reference) ?? []), ticket]);
    this.publish('TroubleTicketCreateEvent', ticket);
    return ticket;
  }

  /** Applies a patch; `null` removes an attribute. */
  patch(id: string, change: Ticket): Ticket {
    const ticket = this.existing(id);
    this.behaviours.beforeChange(id, ticket);
    const before = { status: ticket.status, note: ticket.note ?? [], attachment: ticket.attachment ?? [] };
    for (const [name, value] of Object.entries(change)) {
      if (value === null) delete ticket[name];
      else if (this.listMode === 'append' && Array.isArray(value)) ticket[name] = [...entries(ticket[name]), ...value];
      else ticket[name] = value;
    }
    const status = ticket.status !== before.status;
    const now = new Date();
    // Two changes within a millisecond would look like one.
    ticket.lastUpdate = new Date(Math.max(now.getTime(), Date.parse(String(ticket.lastUpdate)) + 1)).toISOString();
    if (status) this.recordStatusChange(ticket);
    this.completeRecord(ticket, before);
    this.publish(status ? 'TroubleTicketStatusChangeEvent' : 'TroubleTicketAttributeValueChangeEvent', ticket);
    if (status && ticket.status === 'resolved') this.publish('TroubleTicketResolvedEvent', ticket);
    if (status && ticket.status === 'pending') this.publish('TroubleTicketInformationRequiredEvent', ticket);
    return ticket;
  }

  setStatus(id: string, status: string, reason?: string): Ticket {
    return this.patch(id, { status, ...(reason !== undefined && { statusChangeReason: reason }) });
  }

  addNote(id: string, text: string, author = 'noc'): Ticket {
    const note = { id: randomUUID(), text, author, date: new Date().toISOString() };
    return this.addTo(id, 'note', typed(this.version, 'Note', note));
  }

  attach(id: string, name: string, mimeType: string, bytes: Buffer): Ticket {
    const attachment = { id: randomUUID(), name, attachmentType: 'file', mimeType, content: bytes.toString('base64') };
    return this.addTo(id, 'attachment', typed(this.version, 'Attachment', attachment));
  }

  remove(id: string): boolean {
    const ticket = this.list.get(id);
    if (!ticket) return false;
    this.list.delete(id);
    this.publish('TroubleTicketDeleteEvent', ticket);
    return true;
  }

  private addTo(id: string, name: 'note' | 'attachment', entry: Ticket): Ticket {
    const list = this.listMode === 'append' ? [entry] : [...entries(this.existing(id)[name]), entry];
    return this.patch(id, { [name]: list });
  }

  private existing(id: string): Ticket {
    const ticket = this.list.get(id);
    if (!ticket) throw new Error(`There is no ticket ${id}.`);
    return ticket;
  }

  private recordStatusChange(ticket: Ticket): void {
    ticket.statusChangeDate = ticket.lastUpdate;
    const [name, entry] =
      this.version === 'v4'
        ? ['statusChange', { changeDate: ticket.lastUpdate, changeReason: ticket.statusChangeReason, status: ticket.status }]
        : [
            'statusChangeHistory',
            {
              '@type': 'StatusChange',
              statusChangeDate: ticket.lastUpdate,
              statusChangeReason: ticket.statusChangeReason,
              status: ticket.status,
            },
          ];
    ticket[name as string] = [...entries(ticket[name as string]), entry];
  }

  /**
   * Assigns ids to notes and attachments; content is stored and served by URL; an entry sent again with its id keeps its content.
   */
  private completeRecord(ticket: Ticket, before: { note: unknown; attachment: unknown }): void {
    if (ticket.note) ticket.note = entries(ticket.note).map((note) => ({ id: randomUUID(), date: ticket.lastUpdate, ...note }));
    if (!ticket.attachment) return;
    const known = new Map(entries(before.attachment).map((a) => [a.id, a]));
    ticket.attachment = entries(ticket.attachment).map((given) => {
      const { content, ...attachment } = given;
      const kept = known.get(attachment.id);
      if (kept && content === undefined) return kept;
      const id = String(attachment.id ?? randomUUID());
      if (typeof content !== 'string') return { ...attachment, id };
      const bytes = Buffer.from(content, 'base64');
      this.files.set(`${String(ticket.id)}/${id}`, bytes);
      const url = `${this.baseUrl()}/troubleTicket/${String(ticket.id)}/attachment/${encodeURIComponent(id)}`;
      return { ...attachment, id, url, href: url, size: { amount: bytes.length, units: 'bytes' } };
    });
  }

  private publish(eventType: string, ticket: Ticket): void {
    this.changed(ticket);
    // v4 events contain the whole ticket, v5 events only the changes.
    const { id, href, status, lastUpdate } = ticket;
    const content = this.version === 'v4' ? ticket : { '@type': 'TroubleTicket', id, href, status, lastUpdate };
    this.events.send(eventType, { troubleTicket: content });
  }
}

function references(ticket: Ticket): string[] {
  const list = [ticket.externalId, ...entries(ticket.externalIdentifier).map((e) => e.id)];
  return list.filter((r): r is string => typeof r === 'string');
}
