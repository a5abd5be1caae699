import { createHash } from 'node:crypto';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { FileContent } from '../http/file-content.js';
import { say } from '../text/say.js';
import type { SpooledAttachment } from './endpoint.js';
import { requireNoPage } from './no-page.js';

/**
 * Does a partner's file have the same content as ours, byte for byte? Only that tells apart two files with the same name and
 * size. Reads no more than the length of ours. Undefined: the partner does not allow the download. Throws PartnerError where a
 * retry may help.
 */
export async function isSameContent(file: SpooledAttachment, download: () => Promise<FileContent>): Promise<boolean | undefined> {
  const { name, size, hash } = file;
  try {
    const sum = createHash('sha256');
    let bytes = 0;
    const content = await download();
    requireNoPage(content, file);
    for await (const chunk of content) {
      bytes += (chunk as Buffer).length;
      if (bytes > size) return false;
      sum.update(chunk as Buffer);
    }
    return bytes === size && sum.digest('hex') === hash;
  } catch (error) {
    const isRefused = error instanceof SwitchboardError && !(error instanceof PartnerError && error.retry);
    if (isRefused) return undefined;
    if (error instanceof SwitchboardError) throw error;
    const what = say`The file ${name} could not be compared with ours: its download was interrupted.`;
    throw new PartnerError('SWB_PARTNER_ANSWER', what, { outcome: 'notDone', retry: true, cause: error });
  }
}
