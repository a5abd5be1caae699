import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Style sheets that are on one page of the editor together, and the classes each defines by itself. */
function definitions(): Map<string, Set<string>> {
  const files = (readdirSync('nodes', { recursive: true }) as string[]).filter((file) => file.endsWith('.css'));
  const places = new Map<string, Set<string>>();
  for (const file of files) {
    if (file.endsWith('page.css')) continue; // a page of its own
    const text = readFileSync(join('nodes', file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    // A rule that begins with one class alone says what that class is.
    for (const [, name] of text.matchAll(/(?:^|[},]\s*)\.(switchboard-[\w-]+)\s*(?=[{,])/g)) {
      const found = places.get(name!) ?? new Set();
      places.set(name!, found.add(file));
    }
  }
  return places;
}

/** Ids that are given in the code of each node, and in which nodes. */
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

describe('what the views and dialogs put on the one page of the editor', () => {
  it('has ids of its own: a dialog stands beside the views of the sidebar', () => {
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
  it('of different views do not give one class two meanings: all are on the page together', () => {
    const view = (file: string) => file.split('/').slice(0, -1).join('/');
    const clashes = [...definitions()].filter(([, files]) => new Set([...files].map(view)).size > 1);
    assert.deepEqual(
      clashes.map(([name, files]) => `${name}: ${[...files].join(', ')}`),
      [],
    );
  });
});
