import { crc32 } from 'node:zlib';
import type { AuditEntry } from './audit-entry.js';
import { hex } from './checked-file.js';
import type { RecordKind } from './store.js';

/**
 * One line of the journal: `crc32 metaLength bodiesLength meta bodies LF`, the first three as eight hex digits each. The meta
 * part is JSON and lists the changes; the bodies follow it unparsed, so that replay can skip them and readers can fetch one by
 * offset. JSON has no raw line feed, so after damage the next line starts after the next line feed.
 */
const PREFIX = /^[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} $/;
const PREFIX_LENGTH = 27;
const LINE_FEED = 10;

/** Name, length and crc32 of each body, in their order in the line; version 0.1.0 wrote no checksums. */
export type LineBodies = [name: string, length: number, crc?: number][];

export type LineChange =
  | { kind: RecordKind; record: { id: string }; bodies?: LineBodies }
  /** No `value`: the setting is removed. No `version`: written by version 0.1.0. */
  | { kind: 'setting'; key: string; value?: unknown; version?: number }
  /** Bodies copied forward, so that their old segment can be removed. */
  | { kind: 'moved'; of: 'message' | 'delivery'; id: string; bodies: LineBodies }
  /** `bodies`: of a record that was erased here; they are blank. */
  | { kind: 'removed'; of: RecordKind; id: string; bodies?: LineBodies }
  | { kind: 'audit'; entry: AuditEntry };

/** The first line of each segment. */
export interface SegmentHeader {
  segment: number;
  /** The first sequence number that can be in it. */
  first: number;
  at: number;
  /** Where the previous segment ended: anything after that was never acknowledged. */
  previous?: { segment: number; length: number };
}

export interface LineMeta {
  seq: number;
  /** Everything up to this sequence number was on disk when this line was written. */
  synced: number;
  changes?: LineChange[];
  header?: SegmentHeader;
}

export interface Line {
  meta: LineMeta;
  /** Offset in the segment at which the bodies start. */
  bodies: number;
  /** Offset of the next line. */
  end: number;
}

/** Encodes one line; `bodies` is the offset in it at which the bodies start. */
export function encodeLine(meta: string, bodies: readonly Buffer[]): { line: Buffer; bodies: number } {
  const metaLength = Buffer.byteLength(meta);
  let bodiesLength = 0;
  for (const body of bodies) bodiesLength += body.length;
  const line = Buffer.allocUnsafe(PREFIX_LENGTH + metaLength + bodiesLength + 1);
  line.write(`00000000 ${hex(metaLength)} ${hex(bodiesLength)} `, 0, 'latin1');
  line.write(meta, PREFIX_LENGTH, 'utf8');
  let at = PREFIX_LENGTH + metaLength;
  for (const body of bodies) at += body.copy(line, at);
  line[at] = LINE_FEED;
  line.write(hex(crc32(line.subarray(9))), 0, 'latin1');
  return { line, bodies: PREFIX_LENGTH + metaLength };
}

/** Decodes the line at an offset; undefined if there is no complete and undamaged line before `end`. */
export function decodeLine(buffer: Buffer, offset: number, end = buffer.length): Line | undefined {
  if (offset + PREFIX_LENGTH >= end) return undefined;
  const prefix = buffer.toString('latin1', offset, offset + PREFIX_LENGTH);
  if (!PREFIX.test(prefix)) return undefined;
  const metaLength = Number.parseInt(prefix.slice(9, 17), 16);
  const bodiesLength = Number.parseInt(prefix.slice(18, 26), 16);
  const bodies = offset + PREFIX_LENGTH + metaLength;
  const next = bodies + bodiesLength + 1;
  if (next > end || buffer[next - 1] !== LINE_FEED) return undefined;
  if (crc32(buffer.subarray(offset + 9, next)) !== Number.parseInt(prefix.slice(0, 8), 16)) return undefined;
  const meta = JSON.parse(buffer.toString('utf8', offset + PREFIX_LENGTH, bodies)) as LineMeta;
  return { meta, bodies, end: next };
}

/** The offset of the first intact line after a damaged one. */
export function nextLine(buffer: Buffer, after: number, end: number): number | undefined {
  for (let at = buffer.indexOf(LINE_FEED, after); at >= 0 && at + 1 < end; at = buffer.indexOf(LINE_FEED, at + 1)) {
    if (decodeLine(buffer, at + 1, end)) return at + 1;
  }
  return undefined;
}
