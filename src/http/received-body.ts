import { pipeline, Readable } from 'node:stream';
import { SwitchboardError } from '../errors.js';
import { isTooDeep, MAX_NESTING } from '../nesting.js';
import { say } from '../text/say.js';
import { decoders } from './content-encoding.js';
import { wellFormed } from './plain-json.js';

/**
 * The JSON in the body of a request that a partner sent, however it is encoded: compressed (Content-Encoding, also where the
 * header is missing or a proxy has already unpacked the body), in any charset, with a byte order mark, of any content type, as a
 * form, as text in a JSON text or in base64, or one JSON text in each line. Undefined where the body is empty. Throws SWB_PAYLOAD if there is something else,
 * SWB_TOO_LARGE if the unpacked body exceeds the limit or is nested too deep.
 * @param headers in lower case
 * @param limit bytes
 */
export async function receivedBody(body: Buffer, headers: Record<string, string>, limit: number): Promise<unknown> {
  const bytes = await unpacked(body, headers['content-encoding'], limit);
  const type = headers['content-type'] ?? '';
  const text = trimmed(textIn(bytes, /charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1]));
  if (text === '') return undefined;
  const value = await parsed(text, bytes, type);
  if (!isTooDeep(value)) return wellFormed(value);
  throw new SwitchboardError('SWB_TOO_LARGE', say`The body is nested more than ${MAX_NESTING} levels deep.`, {
    hint: say`Send less with each event: the id of the record is enough.`,
  });
}

/** The error for a request or a body of more bytes than the limit. */
export function tooLarge(limit: number): SwitchboardError {
  return new SwitchboardError('SWB_TOO_LARGE', say`The request is larger than ${Math.round(limit / 1024)} KB.`, {
    hint: say`Increase the limit in the in node’s settings if this size is expected.`,
  });
}

/** Codings that one body may have: each takes memory of its own. */
const MAX_CODINGS = 3;
/** How much larger than it came a body may be when it is unpacked, if it then has more than `FREE_RATIO` bytes. JSON reaches twenty. */
const MAX_RATIO = 100;
const FREE_RATIO = 1 << 20;
const CODINGS = /^(x-gzip|gzip|deflate|br)$/i;

async function unpacked(body: Buffer, header = '', limit: number): Promise<Buffer> {
  const named = header.split(',').map((coding) => coding.trim());
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  // The last coding was applied last (RFC 9110 §8.4).
  const codings = named.some((coding) => CODINGS.test(coding)) ? named.reverse() : isGzip ? ['gzip'] : [];
  if (codings.length > MAX_CODINGS) throw unreadable(say`The body is packed more than ${MAX_CODINGS} times.`);
  const streams = codings.flatMap((coding) => decoders(coding));
  if (streams.length === 0) return body;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const source = streams.reduce<Readable>((from, stream) => pipeline(from, stream, () => undefined), Readable.from([body]));
    for await (const chunk of source as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit || size > Math.max(FREE_RATIO, body.length * MAX_RATIO)) break;
      chunks.push(chunk);
    }
  } catch {
    if (size <= limit) return body; // a proxy has unpacked it and left the header
  }
  if (size > limit) throw tooLarge(limit);
  if (size > Math.max(FREE_RATIO, body.length * MAX_RATIO))
    throw new SwitchboardError('SWB_TOO_LARGE', say`The body is more than ${MAX_RATIO} times larger when it is unpacked.`, {
      hint: say`Send it without compression if this is intended.`,
    });
  return Buffer.concat(chunks);
}

/** Text in the charset that its byte order mark or the header names, else UTF-8, else windows-1252, which any bytes are. */
function textIn(bytes: Buffer, charset: string | undefined): string {
  const [first, second] = bytes;
  const marked = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
  // JSON begins with an ASCII character, so a zero byte shows UTF-16 (RFC 4627 §3).
  const wide = first === 0 ? 'utf-16be' : second === 0 ? 'utf-16le' : undefined;
  for (const name of [marked ?? wide, charset, 'utf-8']) {
    try {
      if (name) return new TextDecoder(name, { fatal: true }).decode(bytes);
    } catch {
      // An unknown charset, or bytes that are not text in it.
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}

/** Text without white space and control characters around it: senders written in C end theirs with zero bytes. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text, start)) start++;
  while (start < end && isBlank(text, end - 1)) end--;
  return text.slice(start, end).trim();
}

function isBlank(text: string, at: number): boolean {
  return text.charCodeAt(at) <= 0x20;
}

async function parsed(text: string, bytes: Buffer, type: string): Promise<unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'string' ? (jsonIn(value) ?? value) : value;
  } catch (error) {
    const fields = await fieldsIn(text, bytes, type);
    const value = fields ? formValue(fields) : (jsonIn(text) ?? linesIn(text));
    if (value !== undefined) return value;
    throw unreadable(say`The body is not valid JSON: ${(error as Error).message}.`);
  }
}

type Field = [name: string, value: string];

/** The fields of a form; undefined where the body is none. */
async function fieldsIn(text: string, bytes: Buffer, type: string): Promise<Field[] | undefined> {
  if (/form-urlencoded/i.test(type) || (type === '' && /^[\w.-]+=/.test(text))) return [...new URLSearchParams(text)];
  if (!/^multipart\//i.test(type)) return undefined;
  try {
    // The parser of the process's own fetch; the body is in memory already, and its size is limited. Importing undici for it would
    // replace the transport of that fetch (undici-adapter.ts).
    const parts = [...(await new Response(new Uint8Array(bytes), { headers: { 'Content-Type': type } }).formData())];
    return await Promise.all(
      parts.map(async ([name, part]): Promise<Field> => [name, typeof part === 'string' ? part : await part.text()]),
    );
  } catch {
    return undefined;
  }
}

/**
 * A form as an object, with its JSON texts as JSON and a repeated field as a list; a form with nothing but one JSON text is that
 * JSON, whether it is the value or the name.
 */
function formValue(fields: Field[]): unknown {
  const [[name = '', value = ''] = []] = fields;
  const json = fields.length === 1 ? (jsonIn(value) ?? jsonIn(name)) : undefined;
  if (json) return json;
  const values = new Map<string, unknown[]>();
  for (const [field, text] of fields) {
    const all = values.get(field) ?? [];
    values.set(field, all);
    all.push(jsonIn(text) ?? text);
  }
  return Object.fromEntries([...values].map(([field, all]) => [field, all.length > 1 ? all : all[0]]));
}

/** The JSON texts of a body with one in each line (NDJSON, RFC 7464); undefined where it has any other. */
function linesIn(text: string): object[] | undefined {
  const lines = text
    .split(/[\r\n]/)
    .map(trimmed)
    .filter(Boolean);
  const values = lines.flatMap((line) => jsonIn(line) ?? []);
  return values.length === lines.length ? values : undefined;
}

/**
 * The object or list in a text: JSON, also if it was encoded more than once (JSON in a JSON text, or in base64). Undefined where it
 * is something else, or nested too deep.
 */
export function jsonIn(text: string): object | undefined {
  if (/^[\w+/-]+=*$/.test(text)) {
    const inner = Buffer.from(text, 'base64').toString('utf8');
    return /^\s*[[{"]/.test(inner) ? jsonIn(inner) : undefined;
  }
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'string') return jsonIn(value);
    return typeof value === 'object' && value !== null && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(what: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', what, { hint: say`Send one JSON object.` });
}
