import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { printable } from '../text/printable.js';

/*
 * The only place where commands write to the terminal (a test holds it): nothing in their output acts on it, whatever a flow file, a
 * fixture or a partner contains.
 */

/** Writes lines to the standard output; `done` is called once they are written. */
export function print(text: string, done?: () => void): void {
  process.stdout.write(`${printable(text)}\n`, done);
}

/** Writes lines, each with its end, as they come. */
export async function printLines(lines: AsyncIterable<string>): Promise<void> {
  const shown = async function* () {
    for await (const line of lines) yield printable(line);
  };
  await pipeline(Readable.from(shown()), process.stdout, { end: false });
}

/** Writes the reason of a failure to the error output. */
export function printError(error: unknown): void {
  process.stderr.write(`${printable(error instanceof Error ? error.message : String(error))}\n`);
}
