import { Readable } from 'node:stream';
import type { ArrayMode, Profile, Version } from '../../src/endpoints/tmf/dialect.js';
import { createTmf621Client } from '../../src/endpoints/tmf621/client.js';
import { createTmf622Client } from '../../src/endpoints/tmf622/client.js';
import type { HttpClient, HttpRequest } from '../../src/http/http.js';
import type { Json } from '../../src/model/message.js';

export interface SentRequest {
  method: string;
  path: string;
  contentType: string;
  body: Record<string, Json>;
}

/** A real TMF621 client whose requests are recorded instead of sent; each is answered with a ticket as requested. */
export function recordingClient(version: Version, profile: Profile = 'standard', arrayMode: ArrayMode = 'replace') {
  const { http, written } = recorder({
    id: 'TT-1',
    status: 'inProgress',
    note: [],
    attachment: [
      { '@type': 'Attachment', id: 'a1', name: 'old.txt', mimeType: 'text/plain', attachmentType: 'file', content: 'b2xk' },
    ],
  });
  const client = createTmf621Client({ id: 'p', name: 'provider', http, version, profile, arrayMode, clock: Date.now });
  return { client, written };
}

/** The same for TMF622; the order already has an item. */
export function recordingOrderClient(
  version: Version,
  { profile = 'standard', arrayMode = 'replace' }: { profile?: Profile; arrayMode?: ArrayMode } = {},
) {
  const typed = version === 'v5' && profile === 'standard';
  const item = { ...(typed && { '@type': 'ProductOrderItem' }), id: 'old', action: 'add', state: 'inProgress' };
  const { http, written } = recorder({ id: 'PO-1', state: 'inProgress', note: [], productOrderItem: [item] });
  const client = createTmf622Client({
    id: 'p',
    name: 'provider',
    http,
    version,
    profile,
    arrayMode,
    // Read literally, v4 demands the items with every change.
    wholeItems: version === 'v4',
    clock: Date.now,
  });
  return { client, written };
}

function recorder(resource: Record<string, Json>): { http: HttpClient; written: SentRequest[] } {
  const { id } = resource;
  const written: SentRequest[] = [];
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
        if (!Array.isArray(body)) Object.assign(resource, body, { id });
      }
      return { status: 200, headers: {}, body: structuredClone(resource) };
    },
    mask: (text: string) => text,
    close() {},
  } as unknown as HttpClient;
  return { http, written };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
