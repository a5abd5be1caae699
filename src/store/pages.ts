import type { ListQuery } from './store.js';

/** Asks a store for one page of a list. */
type List<R> = (page: Pick<ListQuery, 'limit' | 'before'>) => Promise<R[]>;

/** A list of a store, newest first, `limit` records at a time; `before`: only those whose ids are smaller. The last page may be empty. */
export async function* pagesOf<R extends { id: string }>(list: List<R>, limit: number, before?: string): AsyncGenerator<R[]> {
  for (let from = before; ; ) {
    const page = await list({ limit, before: from });
    yield page;
    if (page.length < limit) return;
    from = page.at(-1)?.id;
  }
}

/** The same, one record after the other. */
export async function* recordsOf<R extends { id: string }>(list: List<R>, limit: number, before?: string): AsyncGenerator<R> {
  for await (const page of pagesOf(list, limit, before)) yield* page;
}

/** All of it at once: only for what is known to be few, such as what belongs to one conversation. */
export async function allOf<R extends { id: string }>(list: List<R>, limit: number): Promise<R[]> {
  const found: R[] = [];
  for await (const page of pagesOf(list, limit)) found.push(...page);
  return found;
}
