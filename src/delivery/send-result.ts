import type { EndpointClient, RawEntity, WriteResult } from '../endpoints/endpoint.js';
import type { ErrorCode } from '../errors.js';
import type { Change, ConversationRecord, DeliveryRecord } from '../store/store.js';
import { say } from '../text/say.js';
import { FOUND_COMMENT } from './outbox.js';

/** Begins the text of an update, before the names of its fields. */
export const UPDATED = 'updated ';

export const NOTHING_TO_WRITE = 'nothing left to write';

/** An attempt that failed; a question to a user quotes its error. */
export const FAILED = 'failed';

/** What a successful try did. */
export interface SendResult {
  /** Text for the attempts list. */
  what: string;
  link?: { id: string; number?: string };
  /** The partner's answer, stored as the `response` body. */
  response?: unknown;
  /** Updates the conversation accordingly. */
  change?: (latest: ConversationRecord) => ConversationRecord;
  /** Changes that follow, by the conversation before and after it. */
  follow?: (before: ConversationRecord, after: ConversationRecord) => Change[];
  /** The answer as a raw entity, for the out node's output. */
  answer?: RawEntity;
  /** The created entity was found, and was created by an earlier store. */
  adopted?: boolean;
  /** Problems that a user should see although the write succeeded. */
  warnings?: SendWarning[];
}

export interface SendWarning {
  code: ErrorCode;
  message: string;
}

/** The warnings about fields which the partner accepted but did not keep, and about a change that the write may have replaced. */
export function warningsOf(client: EndpointClient, written: WriteResult): SendWarning[] {
  const { unknown } = written.overwritten ?? {};
  return [...droppedWarnings(client, written), ...(unknown ? [{ code: 'SWB_BOTH_CHANGED' as const, message: unknown }] : [])];
}

function droppedWarnings(client: EndpointClient, written: WriteResult): SendWarning[] {
  if (written.dropped.length === 0) return [];
  const list = written.dropped
    .map((d) => say`${d.field} (sent ${JSON.stringify(d.sent)}, has ${JSON.stringify(d.has ?? null)})`)
    .join(', ');
  const message = say`${client.name} accepted the write but did not keep: ${list}. Check the field names, the choice values and the integration user's rights.`;
  return [{ code: 'SWB_PARTNER_DROPPED', message }];
}

/** The fields that an update wrote, by its last attempt: all of `changed` until it is delivered, none where none were left. */
export function writtenFields({ state, attempts }: DeliveryRecord, changed: string[]): string[] {
  const what = attempts.at(-1)?.what;
  if (state !== 'delivered' || what === undefined) return changed;
  if (what.startsWith(UPDATED)) return what.slice(UPDATED.length).split(', ');
  return what === NOTHING_TO_WRITE ? [] : changed;
}

/** What an attempt did, for people: what is read again, here and in comment-recovery.ts, is stored in English. */
export function attemptText(what: string): string {
  if (what.startsWith(UPDATED)) return say`updated ${what.slice(UPDATED.length)}`;
  if (what === NOTHING_TO_WRITE) return say`nothing left to write`;
  if (what === FOUND_COMMENT) return say`found the comment written by an earlier try`;
  return what === FAILED ? say`failed` : what;
}
