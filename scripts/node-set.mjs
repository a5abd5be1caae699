/**
 * Writes `node-red.nodes` and `node-red.plugins` in package.json from the folders in nodes/ and the systems in src/endpoints/, so
 * that a new node or system only needs a folder. Also writes the system lists, see systems.mjs. A folder with `<name>.config.ts`
 * is a node; one with only `<name>.editor.ts` is an editor plugin; all others are neither.
 *
 *   node scripts/node-set.mjs            updates the files
 *   node scripts/node-set.mjs --check    exits with 1 if a file is not up to date
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncSystems, systemNodes } from './systems.mjs';

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

/** The type that a node folder registers. Types are global in Node-RED, so all have our prefix. */
export function nodeType(name) {
  return name.startsWith('switchboard-') ? name : `switchboard-${name}`;
}

async function expectedSets() {
  const set = (names) => Object.fromEntries(names.map((name) => [name, `dist/nodes/${name}/${name}.js`]));
  const { nodes, plugins } = nodeFolders();
  const { nodes: ofSystems } = await systemNodes();
  return { nodes: set([...nodes, ...ofSystems.map(({ name }) => name)].sort()), plugins: set(plugins) };
}

/** @returns {Promise<boolean>} whether everything was up to date */
export async function syncNodeSet({ check = false } = {}) {
  const systemsUpToDate = syncSystems({ check });
  const file = join(root, 'package.json');
  const pack = JSON.parse(readFileSync(file, 'utf8'));
  const { nodes, plugins } = await expectedSets();
  const same = JSON.stringify([pack['node-red'].nodes, pack['node-red'].plugins]) === JSON.stringify([nodes, plugins]);
  if (!same && !check) {
    Object.assign(pack['node-red'], { nodes, plugins });
    writeFileSync(file, `${JSON.stringify(pack, null, 2)}\n`);
  }
  return same && systemsUpToDate;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const same = await syncNodeSet({ check }).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  if (!same && check) {
    console.error('The lists in package.json or src/endpoints/ do not match the folders. Run: node scripts/node-set.mjs');
    process.exit(1);
  }
}
