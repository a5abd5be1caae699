import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** A page with new texts between its markers `<!-- name -->` and `<!-- /name -->`. */
export function withParts(file: string, parts: Record<string, string>): string {
  const page = readFileSync(file, 'utf8');
  return Object.entries(parts).reduce((text, [name, part]) => {
    const marked = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
    assert.match(text, marked, `${file} has the markers ${name}`);
    return text.replace(marked, (_, start: string, end: string) => `${start}${part}\n${end}`);
  }, page);
}
