import { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { FileContent } from '../../http/file-content.js';
import type { HttpClient } from '../../http/http.js';
import type { GenericAttachment } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Attributes } from '../tmf/attributes.js';
import { entryIds } from '../tmf/entry-ids.js';
import { bytesOf } from '../tmf/same-entry.js';
import { attachmentOf } from './parse.js';

/** Streams an attachment: from its URL or, where the provider gives content by value, from the ticket itself. */
export async function download(
  http: HttpClient,
  attachment: GenericAttachment,
  attachments: () => Promise<Attributes[]>,
): Promise<FileContent> {
  const { name, url } = attachment;
  const fetched = () => http.file(url!, say`download ${name}`);
  if (url && URL.canParse(url, `${http.baseUrl}/`)) return fetched();
  const found = entryOf(await attachments(), attachment);
  if (typeof found?.content === 'string') return Readable.from([Buffer.from(found.content, 'base64')]);
  // Is refused in words.
  if (url) return fetched();
  throw new SwitchboardError('SWB_PAYLOAD', say`The ticket has neither the content nor the URL of ${name}.`, {
    where: http.name,
    field: 'attachment',
    hint: say`Ask the provider for the file, then replay or skip.`,
  });
}

/**
 * The entry of a file: by its id or, where the provider changes ids at each read, by name and size. Several files may have the
 * same name, and an id may be reused for another file.
 */
function entryOf(list: readonly Attributes[], { id, name, size }: GenericAttachment): Attributes | undefined {
  const namesakes = [...entryIds(list)].filter(([entry, part]) => attachmentOf(entry, part).name === name);
  const sized = ([entry]: [Attributes, string]) => size === undefined || bytesOf(entry) === size;
  return (namesakes.find(([, part]) => part === id) ?? namesakes.find(sized) ?? namesakes[0])?.[0];
}
