import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { GenericComment, Json } from '../../model/message.js';
import type { SpooledAttachment } from '../endpoint.js';
import type { Dialect, Ticket } from './dialect.js';

/** Notes of ours have ids that say so, so that we know them again. */
export function noteId(comment: GenericComment): string {
  return `swb-${comment.id}`;
}

/** A note of a comment. ServiceNow's dialect tells comments from work notes by the note's type and takes nothing else. */
export function renderNote(comment: GenericComment, dialect: Dialect): Ticket {
  if (dialect.reference === 'description')
    return { '@type': comment.visibility === 'internal' ? 'work_notes' : 'comments', text: comment.text };
  return {
    ...(dialect.typed && { '@type': 'Note' }),
    id: noteId(comment),
    text: comment.text,
    author: comment.author ?? 'Switchboard',
    ...(comment.at && { date: comment.at }),
  };
}

/** Attributes of an attachment by value, its content apart. */
export function renderAttachment(attachment: SpooledAttachment, dialect: Dialect): Ticket {
  return {
    ...(dialect.typed && { '@type': 'Attachment' }),
    id: `swb-${attachment.id}`,
    name: attachment.name,
    attachmentType: 'file',
    mimeType: attachment.mimeType,
    size: { amount: attachment.size, units: 'bytes' },
  };
}

/** An attachment that is there already, as a reference: with a merge patch the whole list is sent, and its content need not travel again. */
export function attachmentReference(attachment: Ticket, dialect: Dialect): Ticket {
  const { content: _content, ...rest } = attachment;
  if (!dialect.typed) return rest;
  const keep = ['id', 'href', 'name', 'description', 'url', 'mimeType', 'attachmentType', 'size'];
  const reference: Ticket = { '@type': rest.href !== undefined ? 'AttachmentRef' : (rest['@type'] ?? 'Attachment') };
  for (const name of keep) if (rest[name] !== undefined) reference[name] = rest[name] as Json;
  return reference;
}

/** The fields of a ticket that may be written: what a version does not take is left out, null never deletes by accident. */
export function writable(fields: Ticket, not: ReadonlySet<string>): Ticket {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !not.has(name) && value !== undefined && value !== null),
  );
}

/** The body of a hub registration (EventSubscriptionInput in v4, Hub_FVO in v5). */
export function hubBody(callback: string, query: string | undefined, dialect: Dialect): Ticket {
  return { ...(dialect.typed && { '@type': 'Hub' }), callback, ...(query && { query }) };
}

/** Stands for the content in the JSON around it. */
const HOLE = '\u0000content\u0000';

/** What a body becomes whose content is streamed: `make` gets an attachment's attributes with a hole for the content and gives the body. */
export function streamedBody(attachment: Ticket, path: string, make: (attachment: Ticket) => Json): Readable {
  const [before = '', after = ''] = JSON.stringify(make({ ...attachment, content: HOLE })).split(JSON.stringify(HOLE));
  return Readable.from(pieces(before, path, after), { objectMode: false });
}

/** JSON up to the content, the file in base64, and the rest: the content is never in memory whole. */
async function* pieces(before: string, path: string, after: string): AsyncGenerator<Buffer> {
  yield Buffer.from(`${before}"`);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = rest.length ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    const whole = bytes.length - (bytes.length % 3);
    yield Buffer.from(bytes.subarray(0, whole).toString('base64'));
    rest = bytes.subarray(whole);
  }
  yield Buffer.from(`${rest.toString('base64')}"${after}`);
}
