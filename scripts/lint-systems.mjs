/**
 * No code outside a system's folder may refer to the system: by an import from the folder, by its id, by its node types, or by
 * its name in a text. Such code uses the registry (src/endpoints/registry.ts) or, in the editor, the forms
 * (src/endpoints/forms.ts); information that is missing there belongs in the system's description. The sandbox, which simulates
 * partners, is exempt, and so are comments, because they cite sources.
 *
 *   node scripts/lint-systems.mjs    lists the violations and exits with 1 if there are any
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemIds } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENDPOINTS = 'src/endpoints';

/** @returns {string[]} `file:line: why` */
export function violations(folder = root) {
  const systems = foldersIn(join(folder, ENDPOINTS));
  const ids = systemIds(folder);
  const labels = ids.map((id) => labelOf(join(folder, ENDPOINTS, id, 'form.ts')));
  const names = [...new Set([...ids, ...labels])].filter(Boolean).map(escapeRegExp).join('|');
  const rules = [
    [new RegExp(`from '[^']*/(?:endpoints/)?(?:${systems.join('|')})/[^']+'`), 'imports from the folder of a system'],
    [new RegExp(`(['"\`])(?:[^'"\`]*\\b)?(?:${names})(?:\\b[^'"\`]*)?\\1`, 'i'), 'names a system'],
    [new RegExp(`switchboard-(?:${systems.join('|')})-`), 'names a node type of a system'],
  ];
  return filesToCheck(folder, systems).flatMap((file) => {
    const code = withoutComments(readFileSync(join(folder, file), 'utf8'));
    return code.split('\n').flatMap((line, at) => {
      const rule = rules.find(([pattern]) => pattern.test(line));
      return rule ? [`${file}:${at + 1}: ${rule[1]}: ${line.trim()}`] : [];
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
  const exempt = [...own, 'src/sandbox/', `${ENDPOINTS}/systems.ts`, `${ENDPOINTS}/forms.ts`];
  return ['src', 'nodes']
    .flatMap((top) => readdirSync(join(folder, top), { recursive: true }).map((file) => join(top, file)))
    .map((file) => relative('.', file).replaceAll('\\', '/'))
    .filter((file) => /\.(ts|html)$/.test(file) && !exempt.some((start) => file.startsWith(start)))
    .sort();
}

/** Blanks out comments; line numbers stay the same. */
function withoutComments(code) {
  return code.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/(^|\s)\/\/.*$/gm, '$1');
}

function escapeRegExp(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = violations();
  for (const line of found) console.error(line);
  if (found.length > 0) {
    console.error('Move this to the system’s folder (form.ts, system.ts) and use the registry.');
    process.exit(1);
  }
}
