/**
 * Nothing outside a system's folder names it: not by an import from the folder, nor by its id or its node types, nor by its name in a text. Whoever needs
 * to know something of a system asks the registry (src/endpoints/registry.ts), or, in the editor, the forms (src/endpoints/forms.ts); what is missing there
 * belongs into the description of the system. The sandbox, which stands in for partners, may name them; comments may, because they cite sources.
 *
 *   node scripts/lint-systems.mjs    exits 1 and lists the lines that do
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemIds } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENDPOINTS = 'src/endpoints';

/** @returns {string[]} `file:line: why` */
export function namings(folder = root) {
  const systems = foldersIn(join(folder, ENDPOINTS));
  const ids = systemIds(folder);
  const labels = ids.map((id) => labelOf(join(folder, ENDPOINTS, id, 'form.ts')));
  const names = [...new Set([...ids, ...labels])].filter(Boolean).map(escaped).join('|');
  const rules = [
    [new RegExp(`from '[^']*/(?:endpoints/)?(?:${systems.join('|')})/[^']+'`), 'imports from the folder of a system'],
    [new RegExp(`(['"\`])(?:[^'"\`]*\\b)?(?:${names})(?:\\b[^'"\`]*)?\\1`, 'i'), 'names a system'],
    [new RegExp(`switchboard-(?:${systems.join('|')})-`), 'names a node type of a system'],
  ];
  return filesToCheck(folder, systems).flatMap((file) => {
    const code = withoutComments(readFileSync(join(folder, file), 'utf8'));
    return code.split('\n').flatMap((line, at) => {
      const broken = rules.find(([pattern]) => pattern.test(line));
      return broken ? [`${file}:${at + 1}: ${broken[1]}: ${line.trim()}`] : [];
    });
  });
}

function foldersIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** The first word of a system's label: ServiceNow, TMF621. */
function labelOf(file) {
  return (existsSync(file) && /^ {2}label: '(\S+?)[ ']/m.exec(readFileSync(file, 'utf8'))?.[1]) || '';
}

function filesToCheck(folder, systems) {
  const own = systems.map((name) => `${ENDPOINTS}/${name}/`);
  const free = [...own, 'src/sandbox/', `${ENDPOINTS}/systems.ts`, `${ENDPOINTS}/forms.ts`];
  return ['src', 'nodes']
    .flatMap((top) => readdirSync(join(folder, top), { recursive: true }).map((file) => join(top, file)))
    .map((file) => relative('.', file).replaceAll('\\', '/'))
    .filter((file) => /\.(ts|html)$/.test(file) && !free.some((start) => file.startsWith(start)))
    .sort();
}

/** Comments keep their lines, so that line numbers stay. */
function withoutComments(code) {
  return code.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|\s)\/\/.*$/gm, '$1');
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = namings();
  for (const line of found) console.error(line);
  if (found.length > 0) {
    console.error('Describe it in the system’s folder (form.ts, system.ts) and ask the registry.');
    process.exit(1);
  }
}
