import { LIST } from '../budgets.js';
import { PartnerError } from '../errors.js';
import type { HttpRequest } from '../http/http.js';
import { say } from '../text/say.js';

type Named = Pick<HttpRequest, 'what'>;

/**
 * What has been read of one list that comes page by page. Every request for such a page carries one (`ListExpectations.page`), so
 * that no list is endless, whatever a partner answers.
 */
export class Paging {
  private readonly begun = performance.now();
  private pages = 0;
  private records = 0;
  private bytes = 0;

  constructor(private readonly limits: typeof LIST = LIST) {}

  /** Before another page is requested. Throws PartnerError, SWB_TOO_LARGE, where the list has had enough requests or time. */
  next(name: string, request: Named): void {
    const { pages, time } = this.limits;
    if (++this.pages > pages) throw tooLong(name, request, say`the list has more than ${pages} pages`);
    if (performance.now() - this.begun > time)
      throw tooLong(name, request, say`the list takes longer than ${Math.round(time / 60_000)} minutes`);
  }

  /** A page of so many records and bytes was read. Throws as `next`. */
  got(page: { records: number; size: number }, name: string, request: Named): void {
    this.records += page.records;
    this.bytes += page.size;
    const { records, bytes } = this.limits;
    if (this.records > records) throw tooLong(name, request, say`the list has more than ${records} records`);
    if (this.bytes > bytes) throw tooLong(name, request, say`the list is larger than ${Math.round(bytes / 1024 ** 2)} MB`);
  }
}

/** The error for a list that is too long to be read. `how`: in words. */
export function tooLong(name: string, { what }: Named, how: string): PartnerError {
  return new PartnerError('SWB_TOO_LARGE', say`${what}: ${how}.`, {
    where: name,
    hint: say`Switchboard does not read it in part. Continue with a new record, or archive old entries.`,
    outcome: 'notDone',
    retry: false,
    concernsRecord: true,
  });
}
