import { hash as hashOf } from 'node:crypto';
import type { SpooledAttachment } from '../endpoint.js';
import { type Attributes, entries } from '../tmf/attributes.js';
import { bytesOf } from '../tmf/same-entry.js';

/**
 * A ticket without the bytes of attachments given by value (base64, TMF621 `content`): they are fetched when they are forwarded,
 * and must fill neither the journal nor the views. The size replaces them.
 */
export function withoutContent(ticket: Attributes): Attributes {
  const attachments = entries(ticket.attachment);
  if (!attachments.some((a) => typeof a.content === 'string')) return ticket;
  return {
    ...ticket,
    attachment: attachments.map(({ content, ...rest }) =>
      typeof content === 'string'
        ? { ...rest, size: rest.size ?? { amount: Buffer.byteLength(content, 'base64'), units: 'bytes' } }
        : rest,
    ),
  };
}

/**
 * Whether an entry may be this file: by its content where that is shown, else by its size, else by its name. Providers rename
 * files, so a name alone does not distinguish files of the same size, and two files may have the same name.
 */
export function isLikeFile(entry: Attributes, file: SpooledAttachment): boolean {
  return sameByMetadata(entry, file) ?? (bytesOf(entry) !== undefined || entry.name === file.name);
}

/** Compares content or size; undefined where neither decides whether the entry is this file. */
export function sameByMetadata(entry: Attributes, { size, hash }: SpooledAttachment): boolean | undefined {
  if (typeof entry.content === 'string') return digestOf(entry.content) === hash;
  const bytes = bytesOf(entry);
  return bytes === undefined || bytes === size ? undefined : false;
}

function digestOf(base64: string): string {
  return hashOf('sha256', Buffer.from(base64, 'base64'), 'hex');
}
