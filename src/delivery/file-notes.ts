import { linkOf } from '../conversation/correlate.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { GenericAttachment, GenericComment } from '../model/message.js';
import type { ConversationRecord } from '../store/store.js';
import { safeFileName } from './file-name.js';
import { DEFAULT_FILE_POLICY } from './file-policy.js';
import type { Leg } from './leg.js';

/** Begins the id of a comment that stands for a file. */
const NOTE = 'file|';

/** A party and its record, as another party may name them. */
export interface FileSource {
  name: string;
  number: string;
}

/** Who has the files of a leg. `name`: of the endpoint that they come from. */
export function fileSource({ from }: Leg, conversation: ConversationRecord, name: string): FileSource {
  const { endpoint, entityType, entityId } = from;
  return { name, number: linkOf(conversation, endpoint, entityType, entityId)?.number ?? entityId };
}

/**
 * A leg to a system whose records have no files, with a comment in place of each; the same leg where they have. No link is passed on:
 * most need a sign-in of the sender's own system, and others would let anybody in who has them. `source`: who has the files. Pure.
 */
export function withFileNotes(leg: Leg, client: Pick<EndpointClient, 'takesFiles'>, source: FileSource): Leg {
  if (client.takesFiles !== false || leg.attachments.length === 0) return leg;
  const notes = leg.attachments.map((attachment) => fileNote(attachment, source));
  return { ...leg, comments: [...leg.comments, ...notes], attachments: [] };
}

/** Whether a comment stands for a file. */
export function isFileNote({ id }: GenericComment): boolean {
  return id.startsWith(NOTE);
}

function fileNote({ id, name, size }: GenericAttachment, source: FileSource): GenericComment {
  const file = `${safeFileName(name, DEFAULT_FILE_POLICY.longestName)}${size === undefined ? '' : ` (${sizeText(size)})`}`;
  const text = `File ${file} at ${source.name}, ${source.number}: it cannot be passed on to this system. Please ask for it there.`;
  return { id: `${NOTE}${id}`, text, visibility: 'public' };
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [unit, factor] = bytes < 1_000_000 ? ['KB', 1_000] : ['MB', 1_000_000];
  return `${Math.round((bytes / Number(factor)) * 10) / 10} ${unit}`;
}
