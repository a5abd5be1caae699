import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Json } from '../../model/message.js';
import type { SpooledAttachment } from '../endpoint.js';
import type { Attributes } from '../tmf/attributes.js';
import type { Dialect } from './dialect.js';

/** Attributes of an attachment by value, without its content. */
export function renderAttachment(attachment: SpooledAttachment, dialect: Dialect): Attributes {
  return {
    ...(dialect.typed && { '@type': 'Attachment' }),
    id: `swb-${attachment.id}`,
    name: attachment.name,
    attachmentType: 'file',
    mimeType: attachment.mimeType,
    size: { amount: attachment.size, units: 'bytes' },
  };
}

/** Placeholder for the content in the surrounding JSON. */
const PLACEHOLDER = '\u0000content\u0000';

/**
 * A request body with streamed content: `make` gets the attachment's attributes with a placeholder for the content and returns
 * the body.
 */
export function streamedBody(attachment: Attributes, path: string, make: (attachment: Attributes) => Json): Readable {
  const [before = '', after = ''] = JSON.stringify(make({ ...attachment, content: PLACEHOLDER })).split(
    JSON.stringify(PLACEHOLDER),
  );
  return Readable.from(pieces(before, path, after), { objectMode: false });
}

/** JSON up to the content, the file in base64, and the rest, so that the content is never in memory as a whole. */
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
