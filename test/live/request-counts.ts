import type { LoggedRequest } from '../../src/sandbox/exchange.js';

/** How many requests a partner got, by method and resource: `GET incident/:id`. */
export type RequestCounts = Map<string, number>;

/** The path without the API's own part and without ids; tells the purpose of a request. */
function resourceOf({ path }: LoggedRequest): string {
  const names = path.replace(/^.*\/(table|now|v\d)\//, '').split('/');
  return names.map((name) => (/\d{4}|^[0-9a-f-]{12,}$/.test(name) ? ':id' : name)).join('/');
}

/** Counts the requests of several partners. */
export function countRequests(desks: Record<string, { requests: LoggedRequest[] }>): RequestCounts {
  const counts: RequestCounts = new Map();
  for (const [desk, { requests }] of Object.entries(desks))
    for (const request of requests) {
      const kind = `${desk} ${request.method} ${resourceOf(request)}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  return counts;
}

/** The counts as a table for people, with the total. A batch is one request, and has only reads. */
export function requestTable(what: string, counts: RequestCounts): string {
  const lines = [...counts].sort().map(([kind, count]) => `${String(count).padStart(5)}  ${kind}`);
  return [what, ...lines, `${String(total(counts)).padStart(5)}  in total, ${total(counts, / GET |batch$/)} of them reads`].join(
    '\n',
  );
}

/** How many requests there were, or only those of some kinds. */
export function total(counts: RequestCounts, kinds = /./): number {
  return [...counts].reduce((sum, [kind, count]) => (kinds.test(kind) ? sum + count : sum), 0);
}
