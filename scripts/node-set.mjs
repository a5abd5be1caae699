/**
 * Writes `node-red.nodes` and `node-red.plugins` of package.json from the folders in nodes/, so that adding a node means adding a folder.
 * A folder with `<name>.config.ts` is a node; one with `<name>.editor.ts` but no settings is an editor plugin; anything else is neither.
 *
 *   node scripts/node-set.mjs            writes package.json when it differs
 *   node scripts/node-set.mjs --check    exits 1 when it differs
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'nodes');

/** @returns {{ nodes: string[], plugins: string[] }} names of the folders, sorted */
export function nodeFolders() {
  const has = (name, ending) => existsSync(join(folder, name, `${name}${ending}`));
  const names = readdirSync(folder).sort();
  return {
    nodes: names.filter((name) => has(name, '.config.ts')),
    plugins: names.filter((name) => !has(name, '.config.ts') && has(name, '.editor.ts')),
  };
}

/** The type a node folder registers; types are global in Node-RED, so all carry our prefix. */
export function nodeType(name) {
  return name.startsWith('switchboard-') ? name : `switchboard-${name}`;
}

function wanted() {
  const set = (names) => Object.fromEntries(names.map((name) => [name, `dist/nodes/${name}/${name}.js`]));
  const { nodes, plugins } = nodeFolders();
  return { nodes: set(nodes), plugins: set(plugins) };
}

/** @returns {boolean} whether package.json already named exactly these */
export function syncNodeSet({ check = false } = {}) {
  const file = join(root, 'package.json');
  const pack = JSON.parse(readFileSync(file, 'utf8'));
  const { nodes, plugins } = wanted();
  const same = JSON.stringify([pack['node-red'].nodes, pack['node-red'].plugins]) === JSON.stringify([nodes, plugins]);
  if (!same && !check) {
    Object.assign(pack['node-red'], { nodes, plugins });
    writeFileSync(file, `${JSON.stringify(pack, null, 2)}\n`);
  }
  return same;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const same = syncNodeSet({ check });
  if (!same && check) {
    console.error('package.json does not name the node folders as they are; run: node scripts/node-set.mjs');
    process.exit(1);
  }
}
