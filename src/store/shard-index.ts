import { crc32 } from 'node:zlib';
import { TimeSlice } from '../time-slice.js';
import { DamagedFile, hex } from './checked-file.js';
import { type Bucket, bucketOf, isUnfinished, KINDS, type RecordEntry, type Work, workOf } from './record-entry.js';
import { type RecordKeys, searchWords, termsOf } from './record-keys.js';
import type { RecordKind } from './store.js';

/**
 * The index of a shard, in a file beside it, derived from its records. The first part is read when the store opens: where the
 * lines are, in which bucket each is, and the hashes of its keys. The terms for search, and the names of the records, with which
 * a lost shard is restored from the journal, are read when needed.
 */
export interface ShardIndex {
  /** The offset of each line, and of the end. */
  offsets: Uint32Array;
  /** The bucket of each line, in `buckets`. */
  bucketOf: Uint16Array;
  buckets: Bucket[];
  /** The lines of each kind, which are in the order of its lists. */
  sections: Partial<Record<RecordKind, Section>>;
  /** The earliest last change of a finished record, in minutes; absent if there is none. */
  oldest?: number;
  /** The records that waited when the shard was written. */
  work: [line: number, work: Work][];
  hashes: Uint32Array;
  /** The line of each hash. */
  lineOf: Uint16Array;
  /** The terms for search; and kind, id and version of each line. */
  terms: IndexText;
  names: IndexText;
}

/** A part of the file that is read when needed. */
export interface IndexText {
  at: number;
  bytes: number;
  crc: number;
}

export interface Section {
  first: number;
  /** The line after the last one. */
  end: number;
  /** Positions in the lists of the kind. */
  from: string;
  to: string;
}

type Header = Pick<ShardIndex, 'buckets' | 'sections' | 'oldest' | 'work'> & {
  lines: number;
  keys: number;
  /** Bytes and crc32. */
  terms: [number, number];
  names: [number, number];
};

/** crc32 of header and numbers, length of the header. */
const PREFIX = /^[0-9a-f]{8} [0-9a-f]{8} $/;
const PREFIX_LENGTH = 18;

/** A term in the file of terms: kind, value, lines. Words of titles have their own letter. */
export const TERM_LETTER: Record<RecordKind | 'word', string> = { message: 'm', delivery: 'd', conversation: 'c', word: 'w' };

/** Encodes the index of records in the order of their lines. */
export async function encodeIndex(
  entries: readonly RecordEntry[],
  keys: readonly RecordKeys[],
  offsets: Uint32Array,
  slice = new TimeSlice(),
): Promise<Buffer> {
  const buckets: Bucket[] = [];
  const bucketNames = new Map<string, number>();
  const bucketNumbers = new Uint16Array(entries.length);
  const sections: ShardIndex['sections'] = {};
  const work: ShardIndex['work'] = [];
  const terms = new Map<string, number[]>();
  let oldest: number | undefined;
  let count = 0;
  for (const { hashes } of keys) count += hashes.length;
  const hashes = new Uint32Array(count);
  const lineOf = new Uint16Array(count);
  let key = 0;
  for (const [line, entry] of entries.entries()) {
    const bucket = bucketOf(entry);
    const name = Object.values(bucket).join();
    let number = bucketNames.get(name);
    if (number === undefined) {
      number = buckets.push(bucket) - 1;
      bucketNames.set(name, number);
    }
    bucketNumbers[line] = number;
    const section = sections[entry.kind];
    if (section) Object.assign(section, { end: line + 1, to: entry.order });
    else sections[entry.kind] = { first: line, end: line + 1, from: entry.order, to: entry.order };
    const waiting = workOf(entry);
    if (waiting) work.push([line, waiting]);
    if (!isUnfinished(entry)) oldest = Math.min(oldest ?? entry.minute, entry.minute);
    const { hashes: own, searched } = keys[line]!;
    for (const hash of own) {
      hashes[key] = hash;
      lineOf[key++] = line;
    }
    const addTerm = (term: string) => {
      const lines = terms.get(term);
      if (lines) lines.push(line);
      else terms.set(term, [line]);
    };
    for (const value of termsOf(searched)) addTerm(TERM_LETTER[entry.kind] + value);
    for (const word of searchWords(searched.title)) addTerm(TERM_LETTER.word + word);
    await slice.yieldIfDue();
  }
  const lines: string[] = [''];
  for (const [term, having] of terms) {
    lines.push(`${term}\t${having.join()}`);
    await slice.yieldIfDue();
  }
  const names: string[] = [];
  for (const { kind, id, version } of entries) {
    names.push(`${JSON.stringify([kind, id, version])}\n`);
    await slice.yieldIfDue();
  }
  const termText = Buffer.from(`${lines.join('\n')}\n`);
  const nameText = Buffer.from(names.join(''));
  const header: Header = {
    lines: entries.length,
    keys: count,
    buckets,
    sections,
    oldest,
    work,
    terms: [termText.length, crc32(termText)],
    names: [nameText.length, crc32(nameText)],
  };
  const json = Buffer.from(JSON.stringify(header));
  const numbers = [offsets, hashes, lineOf, bucketNumbers].map((array) =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength),
  );
  const core = Buffer.concat([json, ...numbers]);
  return Buffer.concat([Buffer.from(`${hex(crc32(core))} ${hex(json.length)} `), core, termText, nameText]);
}

/** Decodes an index file; throws `DamagedFile` if it is not what was written. */
export function decodeIndex(content: Buffer, name: string): ShardIndex {
  const damaged = () => new DamagedFile(`the checksum of ${name} does not match`);
  const prefix = content.toString('latin1', 0, PREFIX_LENGTH);
  if (!PREFIX.test(prefix)) throw damaged();
  const start = PREFIX_LENGTH + Number.parseInt(prefix.slice(9), 16);
  let header: Header;
  try {
    header = JSON.parse(content.toString('utf8', PREFIX_LENGTH, start)) as Header;
  } catch {
    throw damaged();
  }
  const { lines, keys, buckets, sections, oldest, work } = header;
  let at = start;
  const numbers = <A extends Uint32Array | Uint16Array>(array: A): A => {
    content.copy(Buffer.from(array.buffer), 0, at, at + array.byteLength);
    at += array.byteLength;
    return array;
  };
  const offsets = numbers(new Uint32Array(lines + 1));
  const hashes = numbers(new Uint32Array(keys));
  const lineOf = numbers(new Uint16Array(keys));
  const bucketNumbers = numbers(new Uint16Array(lines));
  if (crc32(content.subarray(PREFIX_LENGTH, at)) !== Number.parseInt(prefix, 16)) throw damaged();
  const terms = { at, bytes: header.terms[0], crc: header.terms[1] };
  const names = { at: at + terms.bytes, bytes: header.names[0], crc: header.names[1] };
  return { offsets, bucketOf: bucketNumbers, buckets, sections, oldest, work, hashes, lineOf, terms, names };
}

/** The lines of the terms that begin with a prefix, each with its letter. */
export function* linesWithPrefix(terms: string, prefix: string): Generator<number> {
  const start = `\n${prefix}`;
  for (let at = terms.indexOf(start); at >= 0; ) {
    const end = terms.indexOf('\n', at + 1);
    for (const line of terms.slice(terms.indexOf('\t', at) + 1, end).split(',')) yield Number(line);
    at = terms.indexOf(start, end);
  }
}

/** Records in the order of the lines of a shard. They are mostly in order already, as long as the kinds are apart. */
export async function inLineOrder(records: readonly RecordEntry[], slice: TimeSlice): Promise<RecordEntry[]> {
  const sorted: RecordEntry[] = [];
  for (const kind of KINDS) {
    const ofKind = records.filter((entry) => entry.kind === kind);
    await slice.yieldIfDue();
    for (const entry of ofKind.sort((a, b) => (a.order < b.order ? -1 : 1))) sorted.push(entry);
    await slice.yieldIfDue();
  }
  return sorted;
}
