import type { Node } from 'node-red';
import { oneLine } from '../../src/text/printable.js';

/**
 * The only place where nodes write to the log (a test holds it): a line never contains characters of a partner that act on a terminal
 * or begin another line. `msg`: what a catch node gets beside an error.
 */
export function log(node: Node, level: 'info' | 'warn' | 'error', text: string | Error, msg?: object): void {
  const line = text instanceof Error ? printableError(text) : oneLine(text);
  if (level === 'info') node.log(line);
  else if (level === 'warn') node.warn(line);
  else node.error(line, msg as never);
}

/** The error with a message that is one line, for `done` and catch nodes: only message, code and cause reach these. */
export function printableError(error: Error): Error {
  const message = oneLine(error.message);
  if (message === error.message) return error;
  const { name, cause, code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message, { cause }), { name, code });
}
