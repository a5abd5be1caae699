import { createHash, randomBytes } from 'node:crypto';
import type { AuditEntry } from './audit-entry.js';

/*
 * A month of the audit trail is a file of lines, and beside it one with what the lines name. A line has the SHA-256 of the line
 * before, and a salted one of its names: no line can be changed, added or taken out unnoticed, and names can be removed without
 * changing any line. Without the salt, which goes with them, nobody can find out what they were by trying.
 */

/** What the first line of a trail has as the hash of the line before. */
export const NOTHING = '0'.repeat(64);

/** The place at which a trail ends. */
export interface TrailEnd {
  /** Of the last entry; 0 for an empty trail. */
  number: number;
  hash: string;
}

/** A stored line. */
export interface StoredEntry extends Omit<AuditEntry, 'names'> {
  number: number;
  previous: string;
  names?: string;
}

/** What an entry names, as stored. */
export interface StoredNames {
  id: string;
  salt: string;
  names: Record<string, string>;
}

/** Both lines of an entry, with their line feeds, and where the trail ends after it. */
export function encodeEntry({ names, ...entry }: AuditEntry, before: TrailEnd): { line: string; names: string; end: TrailEnd } {
  const number = before.number + 1;
  const stored = names && { id: entry.id, salt: randomBytes(16).toString('hex'), names };
  const line: StoredEntry = { number, ...entry, ...(stored && { names: hashOfNames(stored) }), previous: before.hash };
  const text = JSON.stringify(line);
  return {
    line: `${text}\n`,
    names: stored ? `${JSON.stringify(stored)}\n` : '',
    end: { number, hash: hashOfLine(text) },
  };
}

export const hashOfLine = (text: string): string => createHash('sha256').update(text).digest('hex');

export const hashOfNames = ({ salt, names }: StoredNames): string =>
  createHash('sha256')
    .update(`${salt} ${JSON.stringify(names)}`)
    .digest('hex');

/** What an entry says of entries whose names it cuts off: their numbers, as `3,7-9`. */
export type CutFacts = { cut: string };

/** Numbers as ranges: `3,7-9`. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The ranges of such a text. */
export function rangesIn(text: string): [first: number, last: number][] {
  return text.split(',').map((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return [first!, last!];
  });
}

const MONTH_FILE = /^(\d{4}-\d{2})\.jsonl$/;
export const monthFile = (month: string): string => `${month}.jsonl`;
export const namesFile = (month: string): string => `${month}.names.jsonl`;

/** The months that have a file, oldest first. */
export function monthsIn(files: readonly string[]): string[] {
  return files.flatMap((name) => MONTH_FILE.exec(name)?.[1] ?? []).sort();
}

export const monthOf = (at: string): string => at.slice(0, 7);

/** The month that lies `count` months before. */
export function monthBefore(at: number, count: number): string {
  const date = new Date(at);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - count, 1)).toISOString().slice(0, 7);
}
