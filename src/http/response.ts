import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';

export function headersOf(response: AxiosResponse): Record<string, string | undefined> {
  return response.headers as unknown as Record<string, string | undefined>;
}

export function isSuccess({ status }: AxiosResponse): boolean {
  return status >= 200 && status < 300;
}

/** A web page for people. */
export function isPage(response: AxiosResponse): boolean {
  return /^text\/html\b/i.test(headersOf(response)['content-type'] ?? '');
}

export function isStream(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && typeof (body as Readable).pipe === 'function';
}

/** Discards an answer that is not needed. */
export function discard(response: AxiosResponse): void {
  if (isStream(response.data)) response.data.destroy();
}

/** Header fields whose first value counts, as in node:http; the values of others are joined (RFC 9110 §5.3). */
const SINGLE = new Set([
  'age',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
]);
/** Makes one text of the values of each header. */
export function joinDuplicates(headers: IncomingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (Array.isArray(value)) headers[name] = SINGLE.has(name) ? value[0] : value.join(', ');
}
