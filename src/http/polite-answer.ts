import type { IncomingMessage, ServerResponse } from 'node:http';
import { Timer } from '../timer.js';

/** How long, and for how many bytes, a body is thrown away after its request was answered. */
const LINGER = 2_000;
const LINGER_BYTES = 1 << 20;
/** Requests of which this is done at once; the connections of further ones are closed at once. */
const MAX_LINGERING = 500;

let lingering = 0;

/**
 * Answers a request whose body may not have been read, and then closes the connection. A connection that is closed while the sender
 * still writes is reset, and the sender may never see the answer; so the rest of the body is thrown away first, within limits.
 */
export function answerPolitely(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  text: string,
): void {
  const isRead = req.complete || req.destroyed;
  res.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text), ...(!isRead && { Connection: 'close' }) });
  if (isRead || lingering >= MAX_LINGERING) {
    res.end(text);
    return;
  }
  lingering++;
  // The answer is complete by its length; only the end of the connection has to wait.
  if (text) res.write(text);
  else res.flushHeaders();
  let left = LINGER_BYTES;
  const end = () => {
    timer.cancel();
    req.off('data', skip).off('end', end).off('close', end).off('error', end);
    lingering--;
    res.end();
  };
  const skip = (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) end();
  };
  const timer = new Timer(LINGER, end).unref();
  req.on('data', skip).on('end', end).on('close', end).on('error', end);
}
