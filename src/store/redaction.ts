import type { TimeSlice } from '../time-slice.js';
import type { Erased } from './erased.js';
import { decodeLine, encodeLine, type Line, type LineBodies, type LineChange, nextLine } from './journal-line.js';

const SPACE = 32;

/**
 * A copy of a journal's segment without what was erased; undefined if it has nothing of it. All offsets stay the same, because
 * bodies are found by them: what is taken out is replaced by spaces. `marks`: a damaged part that has one of them is blanked.
 */
export async function redactSegment(
  segment: Buffer,
  erased: Erased,
  marks: readonly string[],
  slice: TimeSlice,
): Promise<Buffer | undefined> {
  let copy: Buffer | undefined;
  const replace = (at: number, bytes: Buffer) => {
    copy ??= Buffer.from(segment);
    bytes.copy(copy, at);
  };
  for (let at = 0; at < segment.length; ) {
    const line = decodeLine(segment, at);
    const end = line?.end ?? nextLine(segment, at, segment.length) ?? segment.length;
    const part = segment.subarray(at, end);
    if (line) {
      const redacted = redactLine(part, line, at, erased);
      if (redacted) replace(at, redacted);
    } else if (hasMark(part, marks)) {
      // The line feed before the next line stays.
      replace(at, Buffer.alloc(part.length - 1, SPACE));
    }
    at = end;
    await slice.yieldIfDue();
  }
  return copy;
}

/** Whether bytes have one of these texts, in upper or lower case. */
export function hasMark(bytes: Buffer, marks: readonly string[]): boolean {
  const text = bytes.toString().toLowerCase();
  return marks.some((mark) => text.includes(mark.toLowerCase()));
}

/** The same line, of the same length, without what was erased. */
function redactLine(bytes: Buffer, { meta, bodies: start }: Line, at: number, erased: Erased): Buffer | undefined {
  if (!meta.changes) return undefined;
  const bodies = Buffer.from(bytes.subarray(start - at, -1));
  let offset = 0;
  let isChanged = false;
  const changes = meta.changes.map((change) => {
    const own: LineBodies = ('bodies' in change && change.bodies) || [];
    const length = own.reduce((sum, [, size]) => sum + size, 0);
    const redacted = redactChange(change, length, erased);
    if (redacted) {
      bodies.fill(SPACE, offset, offset + length);
      isChanged = true;
    }
    offset += length;
    return redacted ?? change;
  });
  if (!isChanged) return undefined;
  const json = JSON.stringify({ ...meta, changes });
  const padded = json + ' '.repeat(metaLength(bytes) - Buffer.byteLength(json));
  return encodeLine(padded, [bodies]).line;
}

/** The length of a line's JSON. */
const metaLength = (line: Buffer): number => Number.parseInt(line.toString('latin1', 9, 17), 16);

/** What is left of a change; undefined if it stays as it is. Always shorter than the change. */
function redactChange(change: LineChange, bodies: number, erased: Erased): LineChange | undefined {
  const blank: { bodies?: LineBodies } = bodies > 0 ? { bodies: [['', bodies]] } : {};
  switch (change.kind) {
    case 'audit':
      if (!change.entry.names || !erased.has('audit', change.entry.id)) return undefined;
      return { kind: 'audit', entry: { ...change.entry, names: undefined } };
    case 'setting':
      if (change.value === undefined || !erased.has('setting', change.key, change.version)) return undefined;
      return { ...change, value: undefined };
    case 'moved':
      return erased.has(change.of, change.id) ? { kind: 'removed', of: change.of, id: change.id, ...blank } : undefined;
    case 'removed':
      return undefined;
    default: {
      const { id, version } = change.record as { id: string; version?: number };
      return erased.has(change.kind, id, version) ? { kind: 'removed', of: change.kind, id, ...blank } : undefined;
    }
  }
}
