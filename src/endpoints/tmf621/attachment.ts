import { type Attributes, entries } from '../tmf/attributes.js';

/**
 * A ticket without the bytes of the attachments given by value (base64, TMF621 `content`): they are fetched when they are sent on, and must
 * neither fill the journal nor the views. Says the size in their place.
 */
export function withoutContent(ticket: Attributes): Attributes {
  const attachments = entries(ticket.attachment);
  if (!attachments.some((a) => typeof a.content === 'string')) return ticket;
  return {
    ...ticket,
    attachment: attachments.map(({ content, ...rest }) =>
      typeof content === 'string' ? { ...rest, size: rest.size ?? { amount: bytesOf(content), units: 'bytes' } } : rest,
    ),
  };
}

function bytesOf(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}
