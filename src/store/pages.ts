import { orderOf } from './record-entry.js';
import type { ListQuery, Page } from './store.js';

/** Reads one page of a list from a store. */
type List<R> = (page: Pick<ListQuery, 'limit' | 'before'>) => Promise<Page<R>>;

/** The position of a record in lists of its kind: for `before`, the records after it. */
export function cursorOf(record: { id: string }): string {
  return orderOf('reference' in record && 'links' in record ? 'conversation' : 'message', record);
}

/**
 * A list of a store in pages of `limit` records, newest first; `before`: only records after this position. The last page may be
 * empty.
 */
export async function* pagesOf<R extends { id: string }>(list: List<R>, limit: number, before?: string): AsyncGenerator<R[]> {
  for (let from = before; ; ) {
    const page = await list({ limit, before: from });
    yield page;
    if (page.length < limit && page.next === undefined) return;
    from = page.next ?? cursorOf(page.at(-1)!);
  }
}

/** The same, one record at a time. */
export async function* recordsOf<R extends { id: string }>(list: List<R>, limit: number, before?: string): AsyncGenerator<R> {
  for await (const page of pagesOf(list, limit, before)) yield* page;
}

/** The whole list at once: only for lists known to be short, such as those of one conversation. */
export async function allOf<R extends { id: string }>(list: List<R>, limit: number): Promise<R[]> {
  const found: R[] = [];
  for await (const page of pagesOf(list, limit)) found.push(...page);
  return found;
}
