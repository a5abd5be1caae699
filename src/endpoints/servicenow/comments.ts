import type { GenericComment } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Api, afterWrite } from '../api.js';
import type { WrittenPart } from '../endpoint.js';
import { partnerTime } from '../partner-time.js';
import { containsText, showsAfterPrefix, showsText } from '../text-match.js';
import { plainText } from './html.js';
import { serviceNowTimeToIso } from './parse.js';
import { newestOf, oneOf, RAW, ROW, showsJournals, sysId } from './query.js';
import { createdSince, type RecentRows } from './recent-rows.js';
import { commentBody } from './render.js';
import { columnText, type Row } from './row.js';

export interface CommentsOptions {
  api: Api;
  table: string;
  entityType: string;
  clock: () => number;
  /** Whose entries are ours; undefined = any. */
  integrationUser?: string;
}

/** The longest time between a write and its answer, which the instance both dates to the second; milliseconds. */
const MAX_ANSWER_TIME = 2_000;

/** Writes comments to records of one table, and finds them in their journals. */
export class Comments {
  constructor(private readonly options: CommentsOptions) {}

  /**
   * Only the journal proves that the comment was written, because columns that the user may not write are silently ignored.
   * `seen`: ids of entries that existed before. Throws PartnerError, unshown.
   */
  async write(id: string, comment: GenericComment, seen: readonly string[] = []): Promise<WrittenPart> {
    const { api, table, entityType, clock } = this.options;
    const request = {
      method: 'PATCH',
      path: `/api/now/v2/table/${table}/${sysId(id)}`,
      query: { ...RAW, sysparm_fields: 'sys_id' },
      body: commentBody(comment),
      what: say`comment on ${entityType}`,
    } as const;
    const since = partnerTime(api.http, clock);
    await api.write(request, { id });
    return afterWrite(async () => {
      const { rows, isEmpty } = await this.candidates(id, comment, since, seen);
      const ours = this.ours(rows);
      // The write succeeded: a new entry of ours that contains the text anywhere is the comment.
      const entry =
        entryOf(ours, comment, seen, showsText) ??
        entryOf(rows, comment, seen, showsText) ??
        entryOf(ours, comment, seen, containsText);
      if (entry) return { id: columnText(entry.sys_id) };
      // A user who may not read journals gets an empty list. Then only the record shows that we have just changed it.
      const isHidden = isEmpty && !(await showsJournals(api));
      if (isHidden && (await this.lastChange(id)).oursSince <= MAX_ANSWER_TIME) return {};
      throw api.unshown(request, say`the response reported success, but the journal does not show the comment`);
    });
  }

  /**
   * Was the comment written before? `since`: ISO time of our first attempt by the instance's clock. `seen`: ids of entries
   * that are not it.
   */
  async find(id: string, comment: GenericComment, since: string, seen: readonly string[] = []): Promise<WrittenPart | undefined> {
    const { rows, isEmpty } = await this.candidates(id, comment, since, seen);
    if (isEmpty) await this.requireUnwritten(id, since);
    const ours = this.ours(rows);
    // An entry of our own user may also contain a short text behind a prefix of the instance.
    const isProven = this.options.integrationUser !== undefined;
    const entry =
      entryOf(ours, comment, seen, showsText) ?? (isProven ? entryOf(ours, comment, seen, showsAfterPrefix) : undefined);
    return entry && { id: columnText(entry.sys_id) };
  }

  /** The newest entries, back to our entry with this text, or to before the first attempt. */
  private candidates(id: string, comment: GenericComment, since: string, seen: readonly string[]): Promise<RecentRows> {
    const { api } = this.options;
    const isEnough = (page: Row[]) => entryOf(this.ours(page), comment, seen, showsText) !== undefined;
    return createdSince(api, newestOf(api, id), since, isEnough);
  }

  private ours(journal: Row[]): Row[] {
    const { integrationUser } = this.options;
    return journal.filter((row) => !integrationUser || columnText(row.sys_created_by) === integrationUser);
  }

  /**
   * An empty journal proves that nothing was written only if the user may read journals, or if the record has not been changed
   * since. Throws PartnerError, unshown.
   */
  private async requireUnwritten(id: string, since: string): Promise<void> {
    const { api, entityType } = this.options;
    if (await showsJournals(api)) return;
    const { at } = await this.lastChange(id);
    if (Number.isNaN(at) || at < Date.parse(since) - MAX_ANSWER_TIME) return;
    throw api.unshown(
      { what: say`look for a comment on ${entityType}` },
      say`the journal is not shown to the integration user, and the record was changed since`,
    );
  }

  /**
   * When the record was last changed, epoch milliseconds (NaN: unknown), and how long ago if by us, by the instance's own clock.
   */
  private async lastChange(id: string): Promise<{ at: number; oursSince: number }> {
    const { api, table, entityType, integrationUser } = this.options;
    const query = {
      ...RAW,
      sysparm_query: `sys_id=${sysId(id)}`,
      sysparm_fields: 'sys_id,sys_updated_on,sys_updated_by',
      sysparm_limit: 1,
    };
    const request = { method: 'GET', path: `/api/now/v2/table/${table}`, query, what: say`read ${entityType}` } as const;
    const { records, headers } = await api.list(request, { ...oneOf('sys_id', [id]), required: ROW });
    const [row] = records;
    const at = Date.parse(serviceNowTimeToIso(columnText(row?.sys_updated_on)) ?? '');
    const given = Date.parse(headers.date ?? '') - at;
    const since = Number.isNaN(given) ? Number.POSITIVE_INFINITY : given;
    const isOurs = !integrationUser || columnText(row?.sys_updated_by) === integrationUser;
    return { at, oursSince: isOurs ? since : Number.POSITIVE_INFINITY };
  }
}

/** The journal entry of our comment: the newest one that matches and was not seen before. */
function entryOf(journal: Row[], comment: GenericComment, seen: readonly string[], shows: typeof showsText): Row | undefined {
  const [element, text = ''] = Object.entries(commentBody(comment))[0] ?? [];
  return journal.find(
    (row) =>
      columnText(row.element) === element &&
      !seen.includes(columnText(row.sys_id)) &&
      shows(plainText(columnText(row.value)), plainText(text), comment.author),
  );
}
