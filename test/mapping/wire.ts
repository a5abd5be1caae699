import { Readable } from 'node:stream';
import type { Profile, Version } from '../../src/endpoints/tmf/dialect.js';
import { createTmf621Client, type Tmf621Client } from '../../src/endpoints/tmf621/client.js';
import type { HttpClient, HttpRequest } from '../../src/http/http.js';
import type { Json } from '../../src/model/message.js';

export interface Written {
  method: string;
  path: string;
  contentType: string;
  body: Record<string, Json>;
}

/** A real TMF621 client whose requests are written down instead of sent; each is answered with a ticket that has what was asked for. */
export function recordingClient(
  version: Version,
  profile: Profile = 'standard',
  arrayMode: 'replace' | 'append' | 'jsonPatch' = 'replace',
) {
  const written: Written[] = [];
  const ticket: Record<string, Json> = {
    id: 'TT-1',
    note: [],
    attachment: [
      { '@type': 'Attachment', id: 'a1', name: 'old.txt', mimeType: 'text/plain', attachmentType: 'file', content: 'b2xk' },
    ],
  };
  const http = {
    name: 'recorder',
    baseUrl: 'http://127.0.0.1:9',
    async request(request: HttpRequest) {
      if (request.method !== 'GET') {
        const text = request.body instanceof Readable ? await textOf(request.body) : request.body;
        const body = typeof text === 'string' ? JSON.parse(text) : text;
        written.push({
          method: request.method,
          path: request.path,
          contentType: request.headers?.['Content-Type'] ?? 'application/json',
          body: structuredClone(body),
        });
        if (!Array.isArray(body)) Object.assign(ticket, body, { id: 'TT-1' });
      }
      return { status: 200, headers: {}, body: structuredClone(ticket) };
    },
    close() {},
  } as unknown as HttpClient;
  const client: Tmf621Client = createTmf621Client({
    id: 'p',
    name: 'provider',
    http,
    version,
    profile,
    arrayMode,
    clock: Date.now,
  });
  return { client, written };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
