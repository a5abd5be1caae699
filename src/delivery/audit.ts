import { randomUUID } from 'node:crypto';
import type { AuditTarget, NumberedEntry, AuditEntry as StoredEntry, TrailLine, TrailRange } from '../store/audit-entry.js';
import type { Change, Store } from '../store/store.js';
import type { AuditEntry } from './audit-view.js';
import type { Person } from './person.js';

/** Reading, as a view that is open does again and again, is noted once in this many milliseconds. */
const READING = 3_600_000;
/** Readings that are remembered. */
const MAX_READINGS = 10_000;
/** Entries read at once for the list, in which the parts of a bulk action do not appear. */
const MAX_LISTED = 20_000;
/** Where versions before the audit trail kept the last thousand entries: settings below this one, the number of the next. */
const OLD = 'audit';
const OLD_ENTRIES = 1_000;

/** Actions that change nothing, of which there are many. */
const READINGS: readonly string[] = ['read', 'preview', 'lookUp'] satisfies AuditAction[];

/** What users do. */
export type AuditAction =
  | 'replay'
  | 'sendAgain'
  | 'edit'
  | 'skip'
  | 'undo'
  | 'seen'
  | 'suspend'
  | 'resume'
  | 'forget'
  | 'renewSecret'
  | 'link'
  | 'unlink'
  | 'split'
  | 'merge'
  | 'read'
  | 'export'
  | 'preview'
  | 'test'
  | 'lookUp'
  | 'lookFor'
  | 'erase';

/** What is to be noted. */
export interface Note {
  by: Person;
  action: AuditAction;
  target: AuditTarget & { name?: string };
  outcome?: StoredEntry['outcome'];
  reason?: string;
  /** What was looked for. */
  search?: string;
  facts?: StoredEntry['facts'];
}

/** What users did, in the store's audit trail: one commit holds an action and its entry. */
export class AuditLog {
  /** When a reading was noted, by who reads what, and whether masked. */
  private readonly readings = new Map<string, number>();

  constructor(
    private readonly store: Store,
    private readonly clock: () => number,
  ) {}

  /** The change that adds an entry; it belongs in the commit of the action. */
  note({ by, action, target: { name, ...target }, outcome = 'done', reason, search, facts }: Note): Change {
    const names = { ...(name && { name }), ...(reason && { reason }), ...(search && { search }) };
    const entry: StoredEntry = {
      id: randomUUID(),
      at: new Date(this.clock()).toISOString(),
      by: by.name,
      source: by.source ?? 'view',
      action,
      outcome,
      target,
      ...(Object.keys(names).length > 0 && { names }),
      ...((facts || by.many) && { facts: { ...facts, ...(by.many && { partOfBulk: 1 }) } }),
    };
    return { kind: 'audit', entry };
  }

  /** Adds an entry by itself. */
  async add(note: Note): Promise<void> {
    await this.store.commit([this.note(note)]);
  }

  /** Notes that somebody is about to read something, unless that was noted a short time ago. */
  async reading(note: Note): Promise<void> {
    const { by, action, target, facts } = note;
    const key = JSON.stringify([by.name, by.source, action, target.kind, target.id, facts?.people]);
    const now = this.clock();
    const noted = this.readings.get(key);
    if (noted !== undefined && now - noted < READING && now >= noted) return;
    this.readings.delete(key);
    this.readings.set(key, now);
    if (this.readings.size > MAX_READINGS) this.readings.delete(this.readings.keys().next().value as string);
    try {
      await this.add(note);
    } catch (error) {
      this.readings.delete(key);
      throw error;
    }
  }

  /** Newest first. A bulk action is one entry. `all`: also who has read what. */
  async list(limit: number, all = false): Promise<AuditEntry[]> {
    const isShown = ({ facts, action }: NumberedEntry) => !facts?.partOfBulk && (all || !READINGS.includes(action));
    for (let read = limit * 2; ; read *= 4) {
      const entries = await this.store.audited(Math.min(read, MAX_LISTED));
      const shown = entries.filter(isShown).slice(0, limit);
      if (shown.length === limit || entries.length < read || read >= MAX_LISTED) return shown.map(shownEntry);
    }
  }

  /** The trail as lines of JSON, oldest first, see `exportedLine`. */
  async *lines(range: TrailRange, store?: string): AsyncGenerator<string> {
    for await (const line of this.store.trail(range)) yield exportedLine(line, store);
  }

  /** Takes over the entries of a version before the audit trail. */
  async adoptOld(): Promise<void> {
    const next = Number((await this.store.setting(OLD)) ?? 0);
    const first = Math.max(0, next - OLD_ENTRIES);
    const changes: Change[] = [];
    const numbers = Array.from({ length: next - first }, (_, i) => first + i);
    for (const number of numbers) {
      const key = `${OLD}/${number % OLD_ENTRIES}`;
      const old = (await this.store.setting(key)) as unknown as OldEntry | undefined;
      if (!old) continue;
      const { at, by, action, target, reason } = old;
      const note = this.note({ by: { name: by }, action, target, reason }) as Extract<Change, { kind: 'audit' }>;
      changes.push({ ...note, entry: { ...note.entry, at } }, { kind: 'setting', key, value: undefined });
    }
    if (next > 0) await this.store.commit([...changes, { kind: 'setting', key: OLD, value: undefined }]);
  }
}

interface OldEntry {
  at: string;
  by: string;
  action: AuditAction;
  target: AuditTarget & { name: string };
  reason?: string;
}

function shownEntry({ at, by, action, outcome, source, target, names, facts }: NumberedEntry): AuditEntry {
  const { name, reason, search } = names ?? {};
  return {
    at,
    by,
    action,
    outcome,
    source,
    target: { ...target, ...(name && { name }) },
    ...(reason && { reason }),
    ...(search && { search }),
    ...(facts?.people === true && { people: true }),
    ...(typeof facts?.endpoint === 'string' && { endpoint: facts.endpoint }),
  };
}

/**
 * A line of the trail for export: the line as it is stored, followed by what it names (unless that was erased) as `named`, and the
 * name of its store as `store`, if it is given. Without these two it is the text of which the next line of the store has the SHA-256
 * in `previous`.
 */
export function exportedLine({ text, names }: TrailLine, store?: string): string {
  const added = JSON.stringify({ named: names, store }).slice(1);
  return added === '}' ? `${text}\n` : `${text.slice(0, -1)},${added}\n`;
}
