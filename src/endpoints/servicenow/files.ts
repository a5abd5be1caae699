import { createReadStream } from 'node:fs';
import type { FileContent } from '../../http/file-content.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { SpooledAttachment, WrittenPart } from '../endpoint.js';
import { isSameContent } from '../same-content.js';
import { newestFilesOf, sysId } from './query.js';
import { createdSince } from './recent-rows.js';
import { columnText, type Row } from './row.js';

export interface FilesOptions {
  api: Api;
  table: string;
  /** Whose files are ours; undefined = any. */
  integrationUser?: string;
  download: (id: string, name: string) => Promise<FileContent>;
}

/** Attaches files to records of one table, and finds them there. */
export class Files {
  constructor(private readonly options: FilesOptions) {}

  async write(id: string, file: SpooledAttachment): Promise<WrittenPart> {
    const { api, table } = this.options;
    const what = say`attach ${file.name}`;
    const made = await api.create(
      {
        method: 'POST',
        path: '/api/now/attachment/file',
        query: { table_name: table, table_sys_id: sysId(id), file_name: file.name },
        headers: { 'Content-Type': file.mimeType || 'application/octet-stream', 'Content-Length': String(file.size) },
        body: createReadStream(file.path),
        what,
      },
      (row) => {
        const isAlike = columnText(row.file_name) === file.name || columnText(row.size_bytes) === String(file.size);
        return columnText(row.table_sys_id) === id && isAlike ? undefined : say`is a different attachment`;
      },
      (made) => api.read({ method: 'GET', path: `/api/now/attachment/${sysId(made)}`, what: say`${what}, read back` }, made),
      ['table_sys_id', 'file_name'],
    );
    return { id: columnText(made.sys_id) };
  }

  /**
   * Was the file attached before? `since`: ISO time of our first attempt by the instance's clock. `seen`: ids of files that are
   * not it.
   */
  async find(id: string, file: SpooledAttachment, since: string, seen: readonly string[] = []): Promise<WrittenPart | undefined> {
    const { api, table, integrationUser, download } = this.options;
    const { rows } = await createdSince(api, newestFilesOf(api, table, sysId(id)), since);
    for (const row of rows) {
      const fileId = columnText(row.sys_id);
      if (seen.includes(fileId) || (integrationUser && columnText(row.sys_created_by) !== integrationUser)) continue;
      const name = columnText(row.file_name);
      const isSame = sameByMetadata(row, file) ?? (await isSameContent(file, () => download(fileId, name))) ?? name === file.name;
      if (isSame) return { id: fileId };
    }
    return undefined;
  }
}

/**
 * Compares size and content (ServiceNow gives the SHA-256), whatever the file's name; undefined where ServiceNow gives no hash.
 */
function sameByMetadata(row: Row, { size, hash }: SpooledAttachment): boolean | undefined {
  if (columnText(row.size_bytes) !== String(size)) return false;
  const has = columnText(row.hash).toLowerCase();
  return /^[0-9a-f]{64}$/.test(has) ? has === hash.toLowerCase() : undefined;
}
