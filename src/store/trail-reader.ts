import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { NumberedEntry, TrailLine, TrailRange } from './audit-entry.js';
import { tailLines } from './tail-lines.js';
import { monthFile, monthOf, monthsIn, namesFile, type StoredEntry, type StoredNames } from './trail-line.js';

/** Bytes of a file that count; absent: all. */
type LengthOf = (file: string) => number | undefined;

/** The months of a trail, oldest first; none if there is no folder. */
export async function monthsOf(folder: string): Promise<string[]> {
  return monthsIn(await readdir(folder).catch(() => []));
}

/** The newest entries, newest first. */
export async function newestEntries(folder: string, limit: number): Promise<NumberedEntry[]> {
  const found: NumberedEntry[] = [];
  for (const month of (await monthsOf(folder)).reverse()) {
    if (found.length >= limit) break;
    const { lines } = await tailLines(`${folder}/${monthFile(month)}`, limit - found.length);
    const named = new Map<string, Record<string, string>>();
    for (const { text } of (await tailLines(`${folder}/${namesFile(month)}`, lines.length)).lines) {
      const { id, names } = JSON.parse(text) as StoredNames;
      named.set(id, names);
    }
    for (const { text } of lines.reverse()) {
      const { names: _, previous: __, ...entry } = JSON.parse(text) as StoredEntry;
      const names = named.get(entry.id);
      found.push({ ...entry, ...(names && { names }) });
    }
  }
  return found;
}

/** The lines of a trail in a range of time, oldest first, read as they are asked for. */
export async function* trailLines(folder: string, { from, until }: TrailRange, lengthOf: LengthOf): AsyncGenerator<TrailLine> {
  for (const month of await monthsOf(folder)) {
    // Only a clock that was set back puts an entry into a later month.
    if (from !== undefined && month < monthOf(from)) continue;
    yield* linesOfMonth(folder, month, { from, until }, lengthOf);
  }
}

async function* linesOfMonth(
  folder: string,
  month: string,
  { from, until }: TrailRange,
  lengthOf: LengthOf,
): AsyncGenerator<TrailLine> {
  // Names are in the order of their lines.
  const names = textLines(`${folder}/${namesFile(month)}`, lengthOf(namesFile(month)));
  const nextNames = async () => {
    const { value, done } = await names.next();
    return done ? undefined : (JSON.parse(value) as StoredNames);
  };
  try {
    let named = await nextNames();
    for await (const text of textLines(`${folder}/${monthFile(month)}`, lengthOf(monthFile(month)))) {
      const { id, at, number } = JSON.parse(text) as StoredEntry;
      const own = named?.id === id ? named.names : undefined;
      if (own) named = await nextNames();
      if ((from === undefined || at >= from) && (until === undefined || at < until))
        yield { number, text, ...(own && { names: own }) };
    }
  } finally {
    await names.return(undefined);
  }
}

/** The lines of a file; none if it does not exist. */
export async function* textLines(path: string, length?: number): AsyncGenerator<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  const end = Math.min(length ?? size, size);
  if (end === 0) return;
  const input = createReadStream(path, { end: end - 1 });
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } finally {
    input.destroy();
  }
}
