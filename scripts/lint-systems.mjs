/**
 * No code outside a system's folder may refer to the system: by an import from the folder, by its id, by its node types, or by
 * its name in a text. Such code uses the registry (src/endpoints/registry.ts) or, in the editor, the forms
 * (src/endpoints/forms.ts); information that is missing there belongs in the system's description. The sandbox, which simulates
 * partners, is exempt, and so are comments, because they cite sources.
 *
 *   node scripts/lint-systems.mjs    lists the violations and exits with 1 if there are any
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemIds } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const ENDPOINTS = 'src/endpoints';

/** @returns {string[]} `file:line: why` */
export function violations(folder = root) {
  const folders = foldersIn(join(folder, ENDPOINTS));
  const ids = systemIds(folder);
  const labels = ids.flatMap((id) => distinctive(labelOf(join(folder, ENDPOINTS, id, 'form.ts'))));
  const rules = [
    [word(ids), 'names a system'],
    [word(labels), 'names a system'],
    [new RegExp(`switchboard-(?:${folders.map(escapeRegExp).join('|')})-`), 'names a node type of a system'],
  ];
  return filesToCheck(folder).flatMap((file) => {
    const own = folders.find((name) => file.startsWith(`${ENDPOINTS}/${name}/`));
    const text = readFileSync(join(folder, file), 'utf8');
    const lines = (file.endsWith('.ts') ? withoutComments(text) : text).split('\n');
    return lines.flatMap((line, at) => {
      const imported = foreignImport(file, line, own, folders, ids);
      const rule = own ? undefined : rules.find(([pattern]) => pattern.test(line));
      const why = imported ? `imports from the folder of ${imported}` : rule?.[1];
      return why ? [`${file}:${at + 1}: ${why}: ${line.trim()}`] : [];
    });
  });
}

/** The folder that a line imports from, if the file may not: its own one is fine, and for a system one that several share. */
function foreignImport(file, line, own, folders, ids) {
  for (const [, path] of line.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)) {
    const target = posix.join(posix.dirname(file), path);
    const found = folders.find((name) => target.startsWith(`${ENDPOINTS}/${name}/`));
    if (found && found !== own && (!own || ids.includes(found))) return found;
  }
  return undefined;
}

/** One of these as a word of its own, also as a part of a name that is joined by hyphens or underscores. */
function word(names) {
  const some = [...new Set(names)].map(escapeRegExp).join('|');
  return some ? new RegExp(`(?<![A-Za-z0-9])(?:${some})(?![A-Za-z0-9])`) : /$^/;
}

/** What of a label is surely the name of a product: the whole label, and a first word such as ServiceNow or TMF621. */
function distinctive(label) {
  const [first = ''] = label.split(' ');
  return [label, ...(/[a-z][A-Z]|\d/.test(first) ? [first] : [])].filter((name) => name.length > 3);
}

function labelOf(file) {
  return (existsSync(file) && /^ {2}label: (['"])(.+?)\1/m.exec(readFileSync(file, 'utf8'))?.[2]) || '';
}

function foldersIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function filesToCheck(folder) {
  // The sandbox, what starts it, the generated lists, and test cases.
  const exempt = ['src/sandbox/', 'src/cli/start.ts', `${ENDPOINTS}/systems.ts`, `${ENDPOINTS}/forms.ts`];
  return ['src', 'nodes']
    .flatMap((top) =>
      readdirSync(join(folder, top), { recursive: true }).map((file) => posix.join(top, file.replaceAll('\\', '/'))),
    )
    .filter((file) => /\.(ts|html)$/.test(file) || /^nodes\/.*\.json$/.test(file))
    .filter((file) => !exempt.some((start) => file.startsWith(start)) && !file.endsWith('/contract.ts'))
    .sort();
}

/** Blanks out comments, but not what looks like one inside a string; line numbers stay the same. */
function withoutComments(code) {
  const tokens = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return code.replace(tokens, (token) => (/^\/[*/]/.test(token) ? token.replace(/[^\n]/g, ' ') : token));
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
