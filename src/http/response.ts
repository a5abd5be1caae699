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

/** The start of a streamed answer as text; '' or less of it where it breaks off. */
export async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > 65_536) break;
    }
  } catch {
    // The status is known, and says more than why its explanation is incomplete.
  }
  return Buffer.concat(chunks).toString('utf8');
}
