import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Style sheets that are loaded on the editor page, with the classes each defines. */
function definitions(): Map<string, Set<string>> {
  const files = (readdirSync('nodes', { recursive: true }) as string[]).filter((file) => file.endsWith('.css'));
  const places = new Map<string, Set<string>>();
  for (const file of files) {
    if (file.endsWith('page.css')) continue; // a separate page
    const text = readFileSync(join('nodes', file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    // A rule that starts with a single class defines that class.
    for (const [, name] of text.matchAll(/(?:^|[},]\s*)\.(switchboard-[\w-]+)\s*(?=[{,])/g)) {
      const found = places.get(name!) ?? new Set();
      places.set(name!, found.add(file));
    }
  }
  return places;
}

/** Element ids set in the code, with the nodes that set them. */
function ids(): Map<string, Set<string>> {
  const files = (readdirSync('nodes', { recursive: true }) as string[]).filter((file) => /\.(html|ts)$/.test(file));
  const places = new Map<string, Set<string>>();
  for (const file of files) {
    const text = readFileSync(join('nodes', file), 'utf8');
    for (const [, id] of text.matchAll(/\bid(?:=|: |', )["'](switchboard-[\w-]+)["']/g)) {
      const found = places.get(id!) ?? new Set();
      places.set(id!, found.add(file.split('/')[0]!));
    }
  }
  return places;
}

describe('views and dialogs on the editor page', () => {
  it('use unique ids, because dialogs and sidebar views are open at the same time', () => {
    const found = ids();
    assert.ok(found.has('switchboard-mapping-tabs'));
    const clashes = [...found].filter(([, nodes]) => nodes.size > 1);
    assert.deepEqual(
      clashes.map(([id, nodes]) => `${id}: ${[...nodes].join(', ')}`),
      [],
    );
  });
});

describe('the style sheets', () => {
  it('of different views do not define the same class, because all are loaded together', () => {
    const view = (file: string) => file.split('/').slice(0, -1).join('/');
    const clashes = [...definitions()].filter(([, files]) => new Set([...files].map(view)).size > 1);
    assert.deepEqual(
      clashes.map(([name, files]) => `${name}: ${[...files].join(', ')}`),
      [],
    );
  });
});
