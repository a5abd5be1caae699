import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files with texts in the runtime's language. The sandbox and the CLI are in English; the editor translates labels. */
export function runtimeFiles(): string[] {
  const all = ['src', 'nodes'].flatMap((top) =>
    (readdirSync(top, { recursive: true }) as string[]).map((file) => join(top, file)),
  );
  const other =
    /^src\/(sandbox|cli|text)\/|\.editor\.ts$|^nodes\/kit\/editor\/|^nodes\/sidebar\/(view|page|conversations)\/|\/contract\.ts$/;
  return all.filter((file) => file.endsWith('.ts') && !other.test(file)).sort();
}

/** The texts of a file that are tagged with `say`, as in the catalogs. */
export function textsIn(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/\bsay`((?:[^`\\]|\\.)*)`/g)].map(([, template = '']) => textOf(template));
}

/** Converts `${…}` to `{0}`, `{1}` …; counts inner braces, because expressions may contain objects. */
function textOf(template: string): string {
  let text = '';
  let count = 0;
  for (let at = 0; at < template.length; at++) {
    if (!template.startsWith('${', at)) {
      text += template[at] === '\\' ? template[++at] : template[at];
      continue;
    }
    text += `{${count++}}`;
    let depth = 1;
    for (at += 2; depth > 0 && at < template.length; at++) depth += template[at] === '{' ? 1 : template[at] === '}' ? -1 : 0;
    if (depth > 0) throw new Error(`A text is said with a template inside: ${template}`);
    at--;
  }
  return text;
}

/** The text files of the systems in a language. */
export function ofSystems(root: string, language: string): string[] {
  const folder = join(root, 'src/endpoints');
  return readdirSync(folder)
    .map((name) => join(folder, name, 'locales', language, 'texts.json'))
    .filter(existsSync);
}
