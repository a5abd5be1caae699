import type { Node, NodeAPI } from 'node-red';
import { shownText } from '../../src/delivery/shown-text.js';
import { oneLine } from '../../src/text/printable.js';

/**
 * The only place where nodes write to the log (a test holds it): a line never contains characters of a partner that act on a terminal
 * or begin another line, and people's data only where the stores do not mask it. `msg`: what a catch node gets beside an error.
 */
export function log(node: Node, level: 'info' | 'warn' | 'error', text: string | Error, msg?: object): void {
  const line = text instanceof Error ? shownError(text) : shownLine(text);
  if (level === 'info') node.log(line);
  else if (level === 'warn') node.warn(line);
  else node.error(line, msg as never);
}

/** Writes a line that is not of a node. */
export function logOfRuntime(RED: NodeAPI, level: 'warn' | 'error', text: string): void {
  RED.log[level](shownLine(text));
}

/** A text as it may be in logs and statuses: one line, with people's data masked. */
export function shownLine(text: string): string {
  return oneLine(shownText(text));
}

/** The error as logs and catch nodes may show it. It stays the same one: its class and code decide what happens. */
export function shownError(error: Error): Error {
  const message = shownLine(error.message);
  if (message === error.message) return error;
  const stack = shownText((error.stack ?? '').replace(error.message, () => message));
  return Object.defineProperties(error, { message: { value: message }, stack: { value: stack } });
}
