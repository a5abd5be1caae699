import { type FileHandle, open } from 'node:fs/promises';

const CHUNK = 65_536;
const LINE_FEED = 10;

/** A line of a file, without its line feed. */
export interface FileLine {
  text: string;
  offset: number;
}

/** The last whole lines of a file, oldest first, and where the last one ends: what follows it was cut off by a crash. */
export async function tailLines(path: string, count: number): Promise<{ lines: FileLine[]; end: number }> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return { lines: [], end: 0 };
  try {
    return await readTail(file, count);
  } finally {
    await file.close();
  }
}

async function readTail(file: FileHandle, count: number): Promise<{ lines: FileLine[]; end: number }> {
  const { size } = await file.stat();
  let from = size;
  let tail = Buffer.alloc(0);
  // One more: the line before the first one ends where it begins.
  while (from > 0 && feedsIn(tail) <= count) {
    const start = Math.max(0, from - CHUNK);
    const chunk = Buffer.alloc(from - start);
    await file.read(chunk, 0, chunk.length, start);
    tail = Buffer.concat([chunk, tail]);
    from = start;
  }
  const end = tail.lastIndexOf(LINE_FEED) + 1;
  const lines: FileLine[] = [];
  for (let at = end; at > 0 && lines.length < count; ) {
    const begin = at < 2 ? 0 : tail.lastIndexOf(LINE_FEED, at - 2) + 1;
    lines.push({ text: tail.toString('utf8', begin, at - 1), offset: from + begin });
    at = begin;
  }
  return { lines: lines.reverse(), end: from + end };
}

function feedsIn(buffer: Buffer): number {
  let count = 0;
  for (let at = buffer.indexOf(LINE_FEED); at >= 0; at = buffer.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}
