import { randomUUID } from 'node:crypto';
import { stamp, type Zone } from './habits.js';
import { Partner, Versions } from './partner.js';

export interface Note {
  id?: string;
  text: string;
  author?: string;
  date: string;
}
export interface File {
  id: string;
  name: string;
  mimeType?: string;
  attachmentType?: string;
  url?: string;
  content?: string;
}
export interface Ticket {
  id: string;
  href: string;
  name?: string;
  description?: string;
  status: string;
  externalId?: string;
  creationDate: string;
  lastUpdate: string;
  note: Note[];
  attachment: File[];
  [attribute: string]: unknown;
}

/** What was shown to the broker less than this before it was killed may be on no disk. Milliseconds. */
const UNKEPT = 1_000;

/** Where the API lies below the address. */
export const API = '/tmf-api/troubleTicket/v4';

/** A provider's trouble tickets: what people do with them, what is kept of each, and what is told of it. */
export abstract class OwnTickets extends Partner {
  readonly tickets = new Map<string, Versions<Ticket>>();
  readonly contents = new Map<string, Buffer>();
  /** Second tickets that it made by itself of one of ours. */
  readonly children = new Set<string>();
  /** Its own notes and files that somebody's list left out. */
  readonly destroyed: string[] = [];
  /** The same, with when answers had shown them before. */
  protected readonly lastShown: { words: string; times: number[] }[] = [];
  /** When the broker was killed, true time in milliseconds. */
  readonly kills: number[] = [];
  /** How it writes times; UTC where undefined. */
  zone?: Zone;
  private readonly updated = new Map<string, number>();
  protected readonly hubs = new Map<string, { callback: string; line: Promise<void> }>();
  private last = 500;

  get hubCount(): number {
    return this.hubs.size;
  }

  /** Somebody's list left it out before any answer had shown it, or to none but who was killed with it: nobody could know of it. */
  isUnshown(text: string): boolean {
    // Events are repeated until they are accepted.
    const isUnkept = (at: number) => this.hubs.size === 0 && this.kills.some((kill) => at < kill && at > kill - UNKEPT);
    return this.lastShown.some(({ words, times }) => words.includes(text) && times.every(isUnkept));
  }

  // What people do there.

  create(fields: Partial<Ticket>, quiet = false, byApi = false): Ticket {
    const id = `TT-${++this.last}`;
    const time = stamp(this.now, this.zone);
    const keep = byApi ? this.keeping.field : undefined;
    const kept = keep ? Object.entries(fields).map(([name, value]) => [name, keep(name, value, true)]) : Object.entries(fields);
    const given: Partial<Ticket> = Object.fromEntries(kept.filter(([, value]) => value !== undefined));
    const ticket: Ticket = {
      ...given,
      id,
      href: `${this.root}${API}/troubleTicket/${id}`,
      status: given.status ?? 'acknowledged',
      creationDate: time,
      lastUpdate: time,
      note: [],
      attachment: [],
    };
    for (const note of fields.note ?? []) this.pushNote(ticket, note, byApi);
    for (const file of fields.attachment ?? []) this.pushFile(ticket, file, byApi);
    this.updated.set(id, this.now);
    this.number(ticket);
    this.tickets.set(id, new Versions(ticket));
    if (!quiet) this.publish('TroubleTicketCreateEvent', ticket);
    return ticket;
  }

  change(id: string, fields: Partial<Ticket>): void {
    const kept = this.tickets.get(id)!;
    const moved = fields.status !== undefined && fields.status !== kept.value.status;
    this.assign(kept.value, fields, 'people');
    this.changed(kept, moved);
  }

  /** What a person does where two carry one reference: the copies become matters of their own. */
  disown(): void {
    const own = 'A matter of its own';
    for (const id of this.children) this.change(id, { externalId: undefined, name: own, description: own });
  }

  note(id: string, text: string): void {
    const kept = this.tickets.get(id)!;
    this.pushNote(kept.value, { text, author: 'noc' });
    this.changed(kept, false);
  }

  attach(id: string, name: string, content: Buffer): void {
    const kept = this.tickets.get(id)!;
    this.pushFile(kept.value, { name, mimeType: 'text/plain', attachmentType: 'file', content: content.toString('base64') });
    this.changed(kept, false);
  }

  files(id: string): { name: string; content: string }[] {
    const files = this.tickets.get(id)!.value.attachment;
    return files.map((file) => ({ name: file.name, content: String(this.contents.get(file.id)) }));
  }

  editNote(id: string, index: number, text: string): void {
    const kept = this.tickets.get(id)!;
    kept.value.note[index] = { ...kept.value.note[index]!, text };
    this.changed(kept, false);
  }

  deleteEntry(id: string, list: 'note' | 'attachment', index: number): void {
    const kept = this.tickets.get(id)!;
    kept.value[list].splice(index, 1);
    this.changed(kept, false);
  }

  deleteTicket(id: string): void {
    const ticket = this.tickets.get(id)!.value;
    this.tickets.delete(id);
    this.publish('TroubleTicketDeleteEvent', ticket);
  }

  protected pushNote(ticket: Ticket, note: Partial<Note>, byApi = false): void {
    const text = byApi && this.keeping.note ? this.keeping.note(note.text!) : note.text!;
    const date = note.date ?? stamp(this.now, this.zone);
    ticket.note.push({ author: 'noc', ...note, text, id: randomUUID(), date });
  }

  protected pushFile(ticket: Ticket, { content, ...file }: Partial<File>, byApi = false): void {
    const id = randomUUID();
    if (content !== undefined) this.contents.set(id, Buffer.from(content, 'base64'));
    const name = byApi && this.keeping.fileName ? this.keeping.fileName(file.name!) : file.name!;
    ticket.attachment.push({ ...file, name, id, url: `${ticket.href}/attachment/${id}` });
  }

  /** A status has the reason that came with it, and no older one. */
  protected assign(ticket: Ticket, fields: Partial<Ticket>, by: 'people' | 'broker'): void {
    const keep = by === 'broker' ? this.keeping.field : undefined;
    const status = ticket.status;
    for (const [field, given] of Object.entries(fields)) {
      const before = ticket[field];
      const value = keep ? keep(field, given, false) : given;
      if (value !== undefined || !keep) ticket[field] = value;
      this.history.push({ at: Date.now(), record: ticket.id, field, value: ticket[field], before, by });
    }
    if (ticket.status !== status && !('statusChangeReason' in fields)) delete ticket.statusChangeReason;
  }

  /** Ids of notes as this provider has them. */
  private number(ticket: Ticket): void {
    const { noteIds = 'own' } = this.keeping;
    for (const [index, note] of ticket.note.entries()) {
      if (noteIds === 'none') delete note.id;
      if (noteIds === 'place') note.id = String(index + 1);
    }
  }

  protected changed(kept: Versions<Ticket>, moved: boolean): void {
    const ticket = kept.value;
    const time = Math.max(this.now, this.updated.get(ticket.id)! + 1);
    this.updated.set(ticket.id, time);
    this.number(ticket);
    ticket.lastUpdate = stamp(time, this.zone);
    kept.keep();
    this.publish(moved ? 'TroubleTicketStatusChangeEvent' : 'TroubleTicketAttributeValueChangeEvent', ticket);
  }

  /** Events of a hub go out one after the other. */
  protected publish(eventType: string, ticket: Ticket): Promise<void> {
    const event = {
      eventId: randomUUID(),
      eventTime: stamp(this.now, this.zone),
      eventType,
      event: { troubleTicket: structuredClone(ticket) },
    };
    const path = `${eventType[0]!.toLowerCase()}${eventType.slice(1)}`;
    for (const hub of this.hubs.values()) hub.line = this.tell(`${hub.callback}/listener/${path}`, {}, event, hub.line);
    return Promise.all([...this.hubs.values()].map(({ line }) => line)).then(() => undefined);
  }
}
