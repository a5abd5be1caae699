import type { Json } from '../../model/message.js';
import type { Ticket } from './dialect.js';

/** The objects of a list attribute. */
export function entries(value: Json | undefined): Ticket[] {
  return Array.isArray(value) ? value.filter((v): v is Ticket => typeof v === 'object' && v !== null && !Array.isArray(v)) : [];
}

/**
 * A ticket without the bytes of the attachments given by value (base64, TMF621 `content`): they are fetched when they are sent on, and must
 * neither fill the journal nor the views. Says the size in their place.
 */
export function withoutContent(ticket: Ticket): Ticket {
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
