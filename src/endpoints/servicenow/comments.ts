import type { GenericComment } from '../../model/message.js';
import { type Api, afterWrite } from '../api.js';
import type { WrittenPart } from '../endpoint.js';
import { partnerTime } from '../partner-time.js';
import { containsText, showsText } from '../text-match.js';
import { plainText } from './html.js';
import { columnText, type Row, serviceNowTimeToIso } from './parse.js';
import { newestOf, oneOf, RAW, ROW, showsJournals, sysId } from './query.js';
import { commentBody } from './render.js';
import { createdSince, type RecentRows } from './recent-rows.js';

export interface CommentsOptions {
  api: Api;
  table: string;
  entityType: string;
  clock: () => number;
  /** Whose entries are ours; undefined = any. */
  integrationUser?: string;
}

/** Between a write and its answer, as the instance dates both to the second; milliseconds. */
const SAME_MOMENT = 2_000;

/** Writes comments to records of one table, and knows them again in their journals. */
export class Comments {
  constructor(private readonly options: CommentsOptions) {}

  /**
   * That it is there is shown by the journal alone: columns that the user may not write are left out silently. `seen`: ids of entries that were
   * there before. Throws PartnerError, unshown.
   */
  async write(id: string, comment: GenericComment, seen: readonly string[] = []): Promise<WrittenPart> {
    const { api, table, entityType, clock } = this.options;
    const request = {
      method: 'PATCH',
      path: `/api/now/v2/table/${table}/${sysId(id)}`,
      query: { ...RAW, sysparm_fields: 'sys_id' },
      body: commentBody(comment),
      what: `comment on ${entityType}`,
    } as const;
    const since = partnerTime(api.http, clock);
    await api.write(request, { id });
    return afterWrite(async () => {
      const { rows, isEmpty } = await this.written(id, comment, since, seen);
      const ours = this.ours(rows);
      // It was answered as done: what is new and ours, and holds the words somewhere, is it.
      const entry =
        entryOf(ours, comment, seen, showsText) ??
        entryOf(rows, comment, seen, showsText) ??
        entryOf(ours, comment, seen, containsText);
      if (entry) return { id: columnText(entry.sys_id) };
      // Who may not read journals is given none: then only the record tells that we have changed it just now.
      const isHidden = isEmpty && !(await showsJournals(api));
      if (isHidden && (await this.lastChange(id)).oursSince <= SAME_MOMENT) return {};
      throw api.unshown(request, 'it was answered as done, and the journal does not show it');
    });
  }

  /** Was it written before? `since`: ISO time of our first attempt by the instance's clock. `seen`: ids of entries that are others. */
  async find(id: string, comment: GenericComment, since: string, seen: readonly string[] = []): Promise<WrittenPart | undefined> {
    const { rows, isEmpty } = await this.written(id, comment, since, seen);
    if (isEmpty) await this.demandUnwritten(id, since);
    const ours = this.ours(rows);
    // Of our own user, also few words behind something that the instance puts in front.
    const isProven = this.options.integrationUser !== undefined;
    const entry = entryOf(ours, comment, seen, showsText) ?? (isProven ? entryOf(ours, comment, seen, containsText) : undefined);
    return entry && { id: columnText(entry.sys_id) };
  }

  /** The newest entries, back to one of ours with these words, or to before it was written. */
  private written(id: string, comment: GenericComment, since: string, seen: readonly string[]): Promise<RecentRows> {
    const { api } = this.options;
    const isEnough = (page: Row[]) => entryOf(this.ours(page), comment, seen, showsText) !== undefined;
    return createdSince(api, newestOf(api, id), since, isEnough);
  }

  private ours(journal: Row[]): Row[] {
    const { integrationUser } = this.options;
    return journal.filter((row) => !integrationUser || columnText(row.sys_created_by) === integrationUser);
  }

  /**
   * An empty journal says that nothing was written only to who may read journals, or where the record has not been changed since. Throws
   * PartnerError, unshown.
   */
  private async demandUnwritten(id: string, since: string): Promise<void> {
    const { api, entityType } = this.options;
    if (await showsJournals(api)) return;
    const { at } = await this.lastChange(id);
    if (Number.isNaN(at) || at < Date.parse(since) - SAME_MOMENT) return;
    throw api.unshown(
      { what: `look for a comment on ${entityType}` },
      'the journal is not shown to the integration user, and the record was changed since',
    );
  }

  /** When a record was changed, epoch milliseconds (NaN: it does not say), and how long ago if that was us, by the instance's own clock. */
  private async lastChange(id: string): Promise<{ at: number; oursSince: number }> {
    const { api, table, entityType, integrationUser } = this.options;
    const query = {
      ...RAW,
      sysparm_query: `sys_id=${sysId(id)}`,
      sysparm_fields: 'sys_id,sys_updated_on,sys_updated_by',
      sysparm_limit: 1,
    };
    const request = { method: 'GET', path: `/api/now/v2/table/${table}`, query, what: `read ${entityType}` } as const;
    const { records, headers } = await api.list(request, { ...oneOf('sys_id', [id]), needs: ROW });
    const [row] = records;
    const at = Date.parse(serviceNowTimeToIso(columnText(row?.sys_updated_on)) ?? '');
    const given = Date.parse(headers.date ?? '') - at;
    const since = Number.isNaN(given) ? Number.POSITIVE_INFINITY : given;
    const isOurs = !integrationUser || columnText(row?.sys_updated_by) === integrationUser;
    return { at, oursSince: isOurs ? since : Number.POSITIVE_INFINITY };
  }
}

/** The journal entry of a comment of ours, the newest of those that are not known to be others. */
function entryOf(journal: Row[], comment: GenericComment, seen: readonly string[], shows: typeof showsText): Row | undefined {
  const [element, text = ''] = Object.entries(commentBody(comment))[0] ?? [];
  return journal.find(
    (row) =>
      columnText(row.element) === element &&
      !seen.includes(columnText(row.sys_id)) &&
      shows(plainText(columnText(row.value)), plainText(text)),
  );
}
