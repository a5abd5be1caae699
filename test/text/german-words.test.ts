import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What is not written in German texts, and what is written instead: one word for each thing. */
const WORDS: [wrong: RegExp, right: string][] = [
  [/Konversation/, 'Vorgang'],
  [/\bPartei(en)?\b|\bBeteiligte/, 'Partner'],
];

function germanIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return germanIn(path);
    return /[\\/]de[\\/]|[\\/]de\.json$/.test(path) && /\.(json|md)$/.test(name) ? [path] : [];
  });
}

describe('German texts', () => {
  const files = ['nodes', 'src'].flatMap(germanIn);
  for (const [wrong, right] of WORDS)
    it(`say ${right}, not ${wrong.source}`, () =>
      assert.deepEqual(
        files.filter((file) => wrong.test(readFileSync(file, 'utf8'))),
        [],
      ));
});
