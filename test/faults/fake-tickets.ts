import { randomUUID } from 'node:crypto';
import { FakePartner, Versions } from './fake-partner.js';
import { formatTime, type Zone } from './partner-formats.js';

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

/** Data that the broker read within this time before it was killed may not be on disk. Milliseconds. */
const UNSAVED = 1_000;

/** Path of the API. */
export const API = '/tmf-api/troubleTicket/v4';

/** A provider's trouble tickets: user actions, storage and events. */
export abstract class FakeTickets extends FakePartner {
  readonly tickets = new Map<string, Versions<Ticket>>();
  readonly contents = new Map<string, Buffer>();
  /** Child tickets that the provider created itself. */
  readonly children = new Set<string>();
  /** The provider's notes and files that a written list left out. */
  readonly destroyed: string[] = [];
  /** The same, with the times when answers had shown them. */
  protected readonly lastShown: { words: string; times: number[] }[] = [];
  /** Times at which the broker was killed, in real time milliseconds. */
  readonly kills: number[] = [];
  /** Time zone of its times; undefined = UTC. */
  zone?: Zone;
  private readonly updated = new Map<string, number>();
  protected readonly hubs = new Map<string, { callback: string; queue: Promise<void> }>();
  private last = 500;

  get hubCount(): number {
    return this.hubs.size;
  }

  /**
   * Whether a written list left it out before any answer had shown it to a broker that survived: the broker could not know about
   * it.
   */
  wasNeverShown(text: string): boolean {
    // With a hub, events are repeated until they are accepted.
    const isUnkept = (at: number) => this.hubs.size === 0 && this.kills.some((kill) => at < kill && at > kill - UNSAVED);
    return this.lastShown.some(({ words, times }) => words.includes(text) && times.every(isUnkept));
  }

  // Actions of users.

  create(fields: Partial<Ticket>, silent = false, byApi = false): Ticket {
    const id = `TT-${++this.last}`;
    const time = formatTime(this.now, this.zone);
    const keep = byApi ? this.transformation.field : undefined;
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
    this.assignNoteIds(ticket);
    this.tickets.set(id, new Versions(ticket));
    if (!silent) this.publish('TroubleTicketCreateEvent', ticket);
    return ticket;
  }

  change(id: string, fields: Partial<Ticket>): void {
    const kept = this.tickets.get(id)!;
    const moved = fields.status !== undefined && fields.status !== kept.value.status;
    this.assign(kept.value, fields, 'people');
    this.changed(kept, moved);
  }

  /** Resolves duplicate references as a user would: makes the copies independent tickets. */
  separateCopies(): void {
    const own = 'Independent ticket';
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
    const text = byApi && this.transformation.note ? this.transformation.note(note.text!) : note.text!;
    const date = note.date ?? formatTime(this.now, this.zone);
    ticket.note.push({ author: 'noc', ...note, text, id: randomUUID(), date });
  }

  protected pushFile(ticket: Ticket, { content, ...file }: Partial<File>, byApi = false): void {
    const id = randomUUID();
    if (content !== undefined) this.contents.set(id, Buffer.from(content, 'base64'));
    const name = byApi && this.transformation.fileName ? this.transformation.fileName(file.name!) : file.name!;
    ticket.attachment.push({ ...file, name, id, url: `${ticket.href}/attachment/${id}` });
  }

  /** A new status removes the reason of the previous one. */
  protected assign(ticket: Ticket, fields: Partial<Ticket>, by: 'people' | 'broker'): void {
    const keep = by === 'broker' ? this.transformation.field : undefined;
    const status = ticket.status;
    for (const [field, given] of Object.entries(fields)) {
      const before = ticket[field];
      const value = keep ? keep(field, given, false) : given;
      if (value !== undefined || !keep) ticket[field] = value;
      this.history.push({ at: Date.now(), record: ticket.id, field, value: ticket[field], before, by });
    }
    if (ticket.status !== status && !('statusChangeReason' in fields)) delete ticket.statusChangeReason;
  }

  /** Assigns the ids of notes. */
  private assignNoteIds(ticket: Ticket): void {
    const { noteIds = 'own' } = this.transformation;
    for (const [index, note] of ticket.note.entries()) {
      if (noteIds === 'none') delete note.id;
      if (noteIds === 'place') note.id = String(index + 1);
    }
  }

  protected changed(kept: Versions<Ticket>, moved: boolean): void {
    const ticket = kept.value;
    const time = Math.max(this.now, this.updated.get(ticket.id)! + 1);
    this.updated.set(ticket.id, time);
    this.assignNoteIds(ticket);
    ticket.lastUpdate = formatTime(time, this.zone);
    kept.keep();
    this.publish(moved ? 'TroubleTicketStatusChangeEvent' : 'TroubleTicketAttributeValueChangeEvent', ticket);
  }

  /** Sends the events of a hub one after the other. */
  protected publish(eventType: string, ticket: Ticket): Promise<void> {
    const event = {
      eventId: randomUUID(),
      eventTime: formatTime(this.now, this.zone),
      eventType,
      event: { troubleTicket: structuredClone(ticket) },
    };
    const path = `${eventType[0]!.toLowerCase()}${eventType.slice(1)}`;
    for (const hub of this.hubs.values()) hub.queue = this.notify(`${hub.callback}/listener/${path}`, {}, event, hub.queue);
    return Promise.all([...this.hubs.values()].map(({ queue }) => queue)).then(() => undefined);
  }
}
