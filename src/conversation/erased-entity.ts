import { createHmac, randomBytes } from 'node:crypto';
import { SwitchboardError } from '../errors.js';
import type { Json, Source } from '../model/message.js';
import type { ErasedContent, Link } from '../store/store.js';
import { say } from '../text/say.js';
import { fingerprint } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';
import { keptWords, wordsOfParts } from './part-changes.js';

/** What a read shows of an entity. */
export type Shown = Pick<InboundMessage, 'record' | 'deleted'> & Pick<InboundMessage['message'], 'comments' | 'attachments'>;

/** What is kept of an entity that is erased: nothing of its content, but whether a later read shows anything new. */
export function erasedContent(link: Link): ErasedContent {
  const key = randomBytes(16).toString('hex');
  const fields = Object.keys(link.raw).sort();
  const words = keptWords(link);
  return {
    key,
    fields,
    parts: link.seen.map((id) => hashOf(key, id)),
    worded: [...words.keys()].map((part) => hashOf(key, part)),
    hash: contentHash(key, fields, link.raw, words),
  };
}

/** Whether a read shows anything that was not known when the entity was erased; undefined: too little was known to tell. */
export function isChangedSince({ key, fields, parts, worded, hash }: ErasedContent, shown: Shown): boolean | undefined {
  if (shown.deleted) return true;
  const known = new Set(parts);
  if ([...shown.comments, ...shown.attachments].some(({ id }) => !known.has(hashOf(key, id)))) return true;
  if (fields.length === 0) return undefined;
  const kept = new Set(worded);
  const words = [...wordsOfParts(shown)].filter(([part]) => kept.has(hashOf(key, part)));
  return contentHash(key, fields, shown.record, new Map(words)) !== hash;
}

/** Whether another message already failed for what this read shows: users are asked once about each change. */
export function isReported(content: ErasedContent, shown: Shown, message: string): boolean {
  const { reported } = content;
  return reported !== undefined && reported.message !== message && reported.hash === shownHash(content, shown);
}

/** The content with a message that failed for what this read shows. */
export function withReported(content: ErasedContent, shown: Shown, message: string): ErasedContent {
  return { ...content, reported: { message, hash: shownHash(content, shown) } };
}

/** One hash of all that a read shows. */
function shownHash({ key, fields }: ErasedContent, { deleted, record, comments, attachments }: Shown): string {
  const parts = [...comments, ...attachments].map(({ id }) => id).sort();
  // Where no fields were known, each of them may be the one that changed.
  const names = fields.length > 0 ? fields : Object.keys(record).sort();
  const words = wordsOfParts({ comments, attachments });
  return hashOf(key, JSON.stringify([deleted ?? false, parts, contentHash(key, names, record, words)]));
}

/** One hash of everything: nobody can find out single values by trying. */
function contentHash(key: string, fields: readonly string[], record: Record<string, Json>, words: Map<string, Json>): string {
  const values = fields.map((name) => plain(fingerprint(record[name])));
  const texts = [...words].map(([part, text]) => [part, plain(text)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return hashOf(key, JSON.stringify([values, texts]));
}

const hashOf = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
/** As `sameFingerprint` compares them. */
const plain = (value: Json): Json => (typeof value === 'string' ? value.toLowerCase() : value);

/**
 * What was known of an erased ticket, and of its counterparts, is gone: its update cannot be told from what they have already. It
 * is neither taken for a new ticket nor dropped, but put before a user. `changed`: whether it was changed since; undefined: unknown.
 */
export function erasedError(
  { number, id }: Pick<Source, 'number' | 'id'>,
  at: string,
  where: string | undefined,
  changed: boolean | undefined,
): SwitchboardError {
  const [name, day] = [number ?? id, at.slice(0, 10)];
  return new SwitchboardError(
    'SWB_ERASED',
    changed
      ? say`The data of ${name} was erased on ${day}, and it was changed since.`
      : say`The data of ${name} was erased on ${day}; whether it was changed since cannot be told.`,
    {
      where,
      hint: say`Nothing was sent, and no new ticket is opened for it. Skip the message; if the matter goes on, open a new ticket. Skipped, the message can be erased as well.`,
    },
  );
}
