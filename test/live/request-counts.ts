import type { LoggedRequest } from '../../src/sandbox/exchange.js';

/** A table, a resource or a part of an API, without ids; tells the purpose of a request. */
function resourceOf({ path }: LoggedRequest): string {
  const parts = path.split('/').filter(Boolean);
  const api = parts.findIndex(
    (part) => part === 'table' || part === 'productOrdering' || part === 'productOrderingManagement' || part === 'troubleTicket',
  );
  const names = (api < 0 ? parts : parts.slice(api + 1)).filter((part) => !/^v\d$/.test(part));
  return names.map((part) => (/^[0-9a-f]{32}$|^\d+$|^[A-Z]*\d{2,}$|-.*-/.test(part) ? ':id' : part)).join('/');
}

/** Counts requests by partner, method and resource: `customer GET incident/:id` → 3. */
export function requestCounts(desks: Record<string, { requests: LoggedRequest[] }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [desk, { requests }] of Object.entries(desks))
    for (const request of requests) {
      const kind = `${desk} ${request.method} ${resourceOf(request)}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  return counts;
}

/** The counts as a table for people, with the total. */
export function requestTable(counts: Map<string, number>): string {
  const lines = [...counts].sort().map(([kind, count]) => `${String(count).padStart(5)}  ${kind}`);
  return [...lines, `${String(total(counts)).padStart(5)}  in total, ${total(counts, ' GET ')} of them reads`].join('\n');
}

/** How many requests there were, or only those whose kind contains a text. */
export function total(counts: Map<string, number>, part = ''): number {
  return [...counts].reduce((sum, [kind, count]) => (kind.includes(part) ? sum + count : sum), 0);
}
