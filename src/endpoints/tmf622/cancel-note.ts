import type { GenericComment, Json } from '../../model/message.js';
import { type Attributes, entries, isAttributes, isoTime, textOf } from '../tmf/attributes.js';

/*
 * A note that asks a person at the provider to cancel, where its API has no way to do it. It is recognised by its words, whatever the
 * provider makes of its id and author.
 */

/** How each of these notes begins. In English, because it is written to the provider. */
const BEGIN = 'Cancellation requested by Switchboard: please cancel';

/** The note that asks to cancel an order. */
export function orderNote(reason: Json | undefined): string {
  const why = textOf(reason);
  return `${BEGIN} this order.${why === undefined ? '' : ` Reason: ${why}`}`;
}

/** The note that asks to cancel items of an order. */
export function itemsNote(items: readonly Attributes[]): string {
  return `${BEGIN} item ${items.map(named).join(', ')} of this order.`;
}

function named({ id, productOffering }: Attributes): string {
  const name = isAttributes(productOffering) ? textOf(productOffering.name) : undefined;
  return `${textOf(id)}${name === undefined ? '' : ` (${name})`}`;
}

/** The note as a comment. */
export function noteComment(text: string, now: number): GenericComment {
  const at = new Date(now).toISOString();
  return { id: `cancel-${at}`, text, at, visibility: 'public' };
}

export function isCancelNote(text: string): boolean {
  return text.includes(BEGIN);
}

/** Whether a note was written to the order already, and nobody has written anything after it: a second one would tell nothing. */
export function isUnanswered(order: Attributes, text: string): boolean {
  const notes = entries(order.note);
  const ours = notes.filter((note) => squeezed(textOf(note.text)).includes(squeezed(text)));
  const [asked = ''] = ours
    .map(({ date }) => isoTime(date) ?? '')
    .sort()
    .slice(-1);
  const isAnswer = (note: Attributes) => !isCancelNote(textOf(note.text) ?? '') && (isoTime(note.date) ?? '') > asked;
  return ours.length > 0 && !(asked !== '' && notes.some(isAnswer));
}

function squeezed(text = ''): string {
  return text.replace(/\s+/g, ' ').trim();
}
