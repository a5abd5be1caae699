import { Readable } from 'node:stream';
import { SwitchboardError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import { createHttpClient } from '../../http/http-client.js';
import type { GenericAttachment } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Attributes } from '../tmf/attributes.js';
import { entryIds } from '../tmf/entry-ids.js';
import { bytesOf } from '../tmf/same-entry.js';
import { attachmentOf } from './parse.js';

/**
 * Streams an attachment: from its URL, with our credentials only at the provider's own host; or, where the provider gives content
 * by value, from the ticket itself.
 */
export async function download(
  http: HttpClient,
  attachment: GenericAttachment,
  attachments: () => Promise<Attributes[]>,
): Promise<Readable> {
  const what = say`download ${attachment.name}`;
  const headers = { Accept: '*/*' };
  if (attachment.url && URL.canParse(attachment.url, `${http.baseUrl}/`)) {
    const url = new URL(attachment.url, `${http.baseUrl}/`);
    if (!/^https?:$/.test(url.protocol))
      throw new SwitchboardError(
        'SWB_PAYLOAD',
        say`${attachment.name} has a ${url.protocol} URL; only http and https are supported.`,
        {
          where: http.name,
          field: 'attachment.url',
        },
      );
    const own = url.origin === new URL(http.baseUrl).origin;
    const client = own
      ? http
      : createHttpClient({
          name: http.name,
          baseUrl: url.origin,
          auth: { kind: 'none' },
          timeout: http.timeout,
          rateLimit: 0,
          concurrency: 1,
          proxies: http.proxies,
        });
    const { body } = await client.request({ method: 'GET', path: url.href, headers, as: 'stream', what });
    if (!own) body.once('close', () => client.close());
    return body;
  }
  const found = entryOf(await attachments(), attachment);
  if (typeof found?.content === 'string') return Readable.from([Buffer.from(found.content, 'base64')]);
  throw new SwitchboardError('SWB_PAYLOAD', say`The ticket has neither the content nor the URL of ${attachment.name}.`, {
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
