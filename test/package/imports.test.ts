import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The files that each file imports, types included. */
function imports(): Map<string, string[]> {
  const files = ['src', 'nodes'].flatMap((top) =>
    (readdirSync(top, { recursive: true }) as string[]).map((file) => join(top, file)),
  );
  return new Map(
    files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const found = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)\.js'/g);
        return [file, [...found].map(([, path = '']) => join(dirname(file), `${path}.ts`)).filter(existsSync)] as const;
      }),
  );
}

describe('the modules', () => {
  it('have no circles of imports', () => {
    const all = imports();
    const circles = new Set<string>();
    const done = new Set<string>();
    const walk = (file: string, path: string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) circles.add([...path.slice(at), file].join(' → '));
      if (at >= 0 || done.has(file)) return;
      for (const next of all.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of all.keys()) walk(file, []);
    assert.deepEqual([...circles], []);
  });
});
