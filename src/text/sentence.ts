import { withoutEnd } from './hostile.js';

/** The parts as sentences, without repeats. */
export function sentence(parts: (string | undefined)[]): string {
  const phrases = [...new Set(parts.filter((p): p is string => Boolean(p)).map((p) => withoutEnd(p.trim(), /[.\s]/)))];
  return phrases.map((part) => (/[?!]$/.test(part) ? part : `${part}.`)).join(' ');
}
