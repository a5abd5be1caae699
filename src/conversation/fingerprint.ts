import { hash } from 'node:crypto';
import type { GenericAttachment, GenericComment, ItemProgress, Json } from '../model/message.js';

/** Short hash for comparing, never for security. */
export function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 16);
}

/** Kept of a value to detect changes later: short values in full, long ones as a digest, so that the state stays small. */
export function fingerprint(value: Json | undefined): Json {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 64 ? text : `#${digest(text)}`;
}

/** True if a value has the same fingerprint as the one kept. Case is ignored: partners answer `Pending` for `pending`. */
export function sameFingerprint(kept: Json | undefined, value: Json | undefined): boolean {
  const now = fingerprint(value);
  return kept === now || (typeof kept === 'string' && typeof now === 'string' && kept.toLowerCase() === now.toLowerCase());
}

/** Identifies our own comment when the partner sends it back, whatever its id and white space there. */
export function commentMark(endpoint: string, comment: Pick<GenericComment, 'text'>): string {
  return `${endpoint}|comment|${digest(comment.text.replace(/\s+/g, ' ').trim())}`;
}

/** Identifies our own attachment when the partner sends it back. By name only: many systems do not report the size. */
export function attachmentMark(endpoint: string, attachment: Pick<GenericAttachment, 'name'>): string {
  return `${endpoint}|attachment|${digest(attachment.name)}`;
}

/** Name under which a link keeps the item states without vendors, numbers and reasons, which the partner may not send back. */
const ITEM_STATES = 'progress.state';

/** The entries to keep in a link's `lastKnown` (last known values) for a canonical value. */
export function lastKnownEntries(name: string, value: Json): Record<string, Json> {
  return { [name]: fingerprint(value), ...(name === 'progress' && { [ITEM_STATES]: itemStatesFingerprint(value) }) };
}

/** True if the partner already has this value, by the link's last known values. */
export function isLastKnown(lastKnown: Record<string, Json>, name: string, value: Json | undefined): boolean {
  if (name === 'progress' && value !== undefined) return lastKnown[ITEM_STATES] === itemStatesFingerprint(value);
  return name in lastKnown && sameFingerprint(lastKnown[name], value);
}

function itemStatesFingerprint(progress: Json): Json {
  const items = (Array.isArray(progress) ? progress : []) as unknown as ItemProgress[];
  return fingerprint(items.flatMap((item) => itemStateKey(item) ?? []).sort());
}

/** The state of one item as a comparable key; undefined if no state is reported, not even in the partner's own words. */
export function itemStateKey({ id, state, stateReason, expectedCompletionAt = '' }: ItemProgress): string | undefined {
  const known = state ?? stateReason;
  return known && [id, known, expectedCompletionAt].join('|');
}
