import { mime } from '../bundled/mime.js';
import { PartnerError } from '../errors.js';
import type { FileContent } from '../http/file-content.js';
import type { GenericAttachment } from '../model/message.js';
import { say } from '../text/say.js';

const PAGE = /^(text\/html|application\/xhtml\+xml)\b/i;

/**
 * Throws PartnerError where a download answers with a web page, such as one to sign in, although the file is none by its name or
 * announced type. Ends the download then. `where`: the endpoint.
 */
export function requireNoPage(content: FileContent, { name, mimeType }: GenericAttachment, where?: string): void {
  const isAnnounced = PAGE.test(mimeType.trim()) || PAGE.test(mime.getType(name.trim()) ?? '');
  if (isAnnounced || !PAGE.test(content.mediaType ?? '')) return;
  content.destroy();
  throw new PartnerError(
    'SWB_PARTNER_ANSWER',
    say`The download of ${name} is a web page, such as one to sign in, and not the file.`,
    {
      where,
      hint: say`Check in the partner’s system whether the endpoint’s user may download it, then replay or skip.`,
      outcome: 'notDone',
      retry: true,
    },
  );
}
