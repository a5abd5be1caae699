import type { Trace } from './mapping.js';

function top(path: string): string {
  const end = path.search(/[.[]/);
  return end < 0 ? path : path.slice(0, end);
}

/** The sources of each top-level target, from a trace by path; top-level names on both sides. */
export function sourcesOf(trace: Trace): Record<string, string[]> {
  const sources: Record<string, string[]> = {};
  for (const [target, { source }] of Object.entries(trace)) {
    const names = sources[top(target)] ?? [];
    sources[top(target)] = names;
    for (const path of source) {
      const name = top(path);
      if (!names.includes(name)) names.push(name);
    }
  }
  return sources;
}

/** With the partner's fields that are carried in `custom`. */
export function withCarried(sources: Record<string, string[]>, carried: readonly string[]): Record<string, string[]> {
  return carried.length === 0 ? sources : { ...sources, custom: [...new Set([...(sources.custom ?? []), ...carried])] };
}
