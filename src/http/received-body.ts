import { pipeline, Readable } from 'node:stream';
import { FORM_FIELDS, RECEIVED_JSON } from '../budgets.js';
import { SwitchboardError } from '../errors.js';
import { JsonAllowance, type JsonExcess } from '../json-shape.js';
import { say } from '../text/say.js';
import { decoders } from './content-encoding.js';
import { wellFormed } from './plain-json.js';

/**
 * The JSON in the body of a request that a partner sent, however it is encoded: compressed (Content-Encoding, also where the
 * header is missing or a proxy has already unpacked the body), in any charset, with a byte order mark, of any content type, as a
 * form, as text in a JSON text or in base64, or one JSON text in each line. Undefined where the body is empty. Throws SWB_PAYLOAD if there is something else,
 * SWB_TOO_LARGE if the unpacked body exceeds the limit, or consists of more than RECEIVED_JSON and FORM_FIELDS allow.
 * @param headers in lower case
 * @param limit bytes
 */
export async function receivedBody(body: Buffer, headers: Record<string, string>, limit: number): Promise<unknown> {
  const bytes = await unpacked(body, headers['content-encoding'], limit);
  const type = headers['content-type'] ?? '';
  const text = trimmed(textIn(bytes, /charset\s*=\s*"?([^\s";]+)/i.exec(type)?.[1]));
  if (text === '') return undefined;
  return wellFormed(await parsed(text, bytes, type));
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
  // Forms and prose are no JSON from their first character.
  const excess = isJsonLike(text) ? new JsonAllowance(RECEIVED_JSON).excess(text) : undefined;
  if (excess) throw tooMuch(EXCESS[excess]());
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
  if (/form-urlencoded/i.test(type) || (type === '' && /^[\w.-]+=/.test(text))) {
    if (occursMoreThan(FORM_FIELDS - 1, text, '&')) throw tooManyFields();
    return [...new URLSearchParams(text)];
  }
  if (!/^multipart\//i.test(type)) return undefined;
  const boundary = /boundary="?([^\s";]+)/i.exec(type)?.[1];
  // Before each part, and after the last one.
  if (boundary && occursMoreThan(FORM_FIELDS + 1, text, `--${boundary}`)) throw tooManyFields();
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
  const allowance = new JsonAllowance(RECEIVED_JSON);
  const json = fields.length === 1 ? (jsonIn(value, allowance) ?? jsonIn(name, allowance)) : undefined;
  if (json) return json;
  const values = new Map<string, unknown[]>();
  for (const [field, text] of fields) {
    const all = values.get(field) ?? [];
    values.set(field, all);
    all.push(jsonIn(text, allowance) ?? text);
  }
  return Object.fromEntries([...values].map(([field, all]) => [field, all.length > 1 ? all : all[0]]));
}

/** The JSON texts of a body with one in each line (NDJSON, RFC 7464); undefined where it has any other. */
function linesIn(text: string): object[] | undefined {
  const allowance = new JsonAllowance(RECEIVED_JSON);
  const values: object[] = [];
  for (const line of text.split(/[\r\n]/)) {
    const content = trimmed(line);
    if (content === '') continue;
    const value = jsonIn(content, allowance);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/**
 * The object or list in a text: JSON, also if it was encoded more than once (JSON in a JSON text, or in base64). Undefined where it
 * is something else, or nested too deep. Throws SWB_TOO_LARGE if it has more values or names than it may have.
 * @param allowance shared by all texts of a request
 */
export function jsonIn(text: string, allowance = new JsonAllowance(RECEIVED_JSON)): object | undefined {
  if (/^[\w+/-]+=*$/.test(text)) {
    const inner = Buffer.from(text, 'base64').toString('utf8');
    return isJsonLike(inner) ? jsonIn(inner, allowance) : undefined;
  }
  if (!isJsonLike(text)) return undefined;
  const excess = allowance.excess(text);
  // Text may have many brackets; so many commas or colons are data, which must not be taken for text and be ignored.
  if (excess === 'depth') return undefined;
  if (excess) throw tooMuch(EXCESS[excess]());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value === 'string') return jsonIn(value, allowance);
  return typeof value === 'object' && value !== null ? value : undefined;
}

/** Whether a text begins as an object, a list or a text in JSON does. */
function isJsonLike(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

function occursMoreThan(times: number, text: string, part: string): boolean {
  let at = -1;
  for (let count = 0; count <= times; count++) {
    at = text.indexOf(part, at + 1);
    if (at < 0) return false;
  }
  return true;
}

const EXCESS: Record<JsonExcess, () => string> = {
  depth: () => say`The body is nested more than ${RECEIVED_JSON.depth} levels deep.`,
  values: () => say`The body has more than ${RECEIVED_JSON.values} values.`,
  names: () => say`The body has an object with more than ${RECEIVED_JSON.names} names.`,
};

function tooManyFields(): SwitchboardError {
  return tooMuch(say`The form has more than ${FORM_FIELDS} fields.`);
}

function tooMuch(what: string): SwitchboardError {
  return new SwitchboardError('SWB_TOO_LARGE', what, {
    hint: say`Send less with each event: the id of the record is enough.`,
  });
}

function unreadable(what: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', what, { hint: say`Send one JSON object.` });
}
