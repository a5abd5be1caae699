import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files whose texts people meet in the runtime's language; the sandbox speaks English, labels are the editor's. */
export function runtimeFiles(): string[] {
  const all = ['src', 'nodes'].flatMap((top) =>
    (readdirSync(top, { recursive: true }) as string[]).map((file) => join(top, file)),
  );
  const other =
    /^src\/(sandbox|cli|text)\/|\.editor\.ts$|^nodes\/kit\/editor\/|^nodes\/sidebar\/(view|page|conversations)\/|\/contract\.ts$/;
  return all.filter((file) => file.endsWith('.ts') && !other.test(file)).sort();
}

/** The texts of a file that are said with `say`, in the form in which catalogs have them. */
export function textsIn(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/\bsay`((?:[^`\\]|\\.)*)`/g)].map(([, template = '']) => textOf(template));
}

/** `${…}` becomes `{0}`, `{1}` …; inner braces are counted, so that calls with objects stay whole. */
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
