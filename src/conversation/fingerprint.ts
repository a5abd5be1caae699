import { hash } from 'node:crypto';
import type { GenericAttachment, GenericComment, ItemProgress, Json } from '../model/message.js';

/** Short hash for comparing, never for security. */
export function digest(text: string): string {
  return hash('sha1', text, 'base64url').slice(0, 16);
}

/** What is kept of a value to see later whether it changed: short values as they are, long ones as a digest, so that state stays small. */
export function fingerprint(value: Json | undefined): Json {
  if (value === undefined || value === null || value === '') return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 64 ? text : `#${digest(text)}`;
}

/** True when a value leaves the same imprint as the one kept. Case is ignored: partners answer `Pending` for `pending`. */
export function sameFingerprint(kept: Json | undefined, value: Json | undefined): boolean {
  const now = fingerprint(value);
  return kept === now || (typeof kept === 'string' && typeof now === 'string' && kept.toLowerCase() === now.toLowerCase());
}

/** Recognises a comment of ours when it comes back, whatever id the partner gave it and however it treats white space. */
export function commentMark(endpoint: string, comment: Pick<GenericComment, 'text'>): string {
  return `${endpoint}|comment|${digest(comment.text.replace(/\s+/g, ' ').trim())}`;
}

/** Recognises an attachment of ours when it comes back. By name alone: many systems do not tell the size. */
export function attachmentMark(endpoint: string, attachment: Pick<GenericAttachment, 'name'>): string {
  return `${endpoint}|attachment|${digest(attachment.name)}`;
}

/** Under this name a link's shadow keeps where the items stand, apart from what else is said of them (vendors, numbers, reasons), which the other side need not read back. */
const ITEM_STATES = 'progress.state';

/** What is kept of a canonical value, in a link's shadow, once somebody has written it. */
export function lastKnownEntries(name: string, value: Json): Record<string, Json> {
  return { [name]: fingerprint(value), ...(name === 'progress' && { [ITEM_STATES]: itemStatesFingerprint(value) }) };
}

/** True when a link's shadow says that the other side has this value already. */
export function isLastKnown(shadow: Record<string, Json>, name: string, value: Json | undefined): boolean {
  if (name === 'progress' && value !== undefined) return shadow[ITEM_STATES] === itemStatesFingerprint(value);
  return name in shadow && sameFingerprint(shadow[name], value);
}

function itemStatesFingerprint(progress: Json): Json {
  const items = (Array.isArray(progress) ? progress : []) as unknown as ItemProgress[];
  return fingerprint(items.flatMap((item) => itemStateKey(item) ?? []).sort());
}

/** Where one item stands, in a word; undefined when nothing is said of it. */
export function itemStateKey({ id, state, expectedCompletionAt = '' }: ItemProgress): string | undefined {
  return state && [id, state, expectedCompletionAt].join('|');
}
