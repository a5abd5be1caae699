/** Checks the folders of the systems, so that the build says in words what is wrong with one instead of leaving it out or mixing it up with another. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LANGUAGES = ['en-US', 'de'];

/** @returns {string[]} what keeps a folder from being taken for a system: before anything is loaded */
export function folderProblems(root) {
  const folder = join(root, 'src/endpoints');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const file = join(folder, name, 'system.ts');
      if (!existsSync(file)) return [];
      const text = readFileSync(file, 'utf8');
      const own = text.includes(`export const ${name}: System =`);
      const other = /export const (\w+)(?:: System = |.*?satisfies System\b)/s.exec(text)?.[1];
      if (!own && other)
        return [
          `src/endpoints/${name}/system.ts: export the system as "export const ${name}: System = …", not ${other}; the folder's name is its id.`,
        ];
      if (own && !existsSync(join(folder, name, 'form.ts'))) return [`src/endpoints/${name}: form.ts is missing.`];
      if (own && !readFileSync(join(folder, name, 'form.ts'), 'utf8').includes(`export const ${name}: SystemForm =`))
        return [`src/endpoints/${name}/form.ts: export the form as "export const ${name}: SystemForm = …".`];
      return [];
    });
}

/** @returns {string[]} what is wrong with the loaded forms. `ids`: of the folders; `file`: finds a file of a system's folder. */
export function formProblems(ids, forms, file) {
  const problems = [];
  const add = (id, text) => problems.push(`src/endpoints/${id}: ${text}`);
  const methods = new Map();
  const endpoints = new Map();
  forms.forEach((form, at) => {
    const id = ids[at];
    if (form.id !== id) add(id, `its id is "${form.id}"; it must be the name of the folder.`);
    for (const { id: method, fields } of form.endpoint.signIn) {
      const [first, known] = methods.get(method) ?? [];
      if (known && known !== JSON.stringify(fields))
        add(id, `its authentication method "${method}" has other fields than that of ${first}; choose another id.`);
      else methods.set(method, [id, JSON.stringify(fields)]);
    }
    const { node, systemSetting } = form.endpoint;
    const [owner, shared] = endpoints.get(node) ?? [];
    if (owner && shared !== form.endpoint)
      add(id, `it shares the config node ${node} with ${owner}, so both must use the same endpoint form.`);
    if (owner && !systemSetting)
      add(id, `it shares the config node ${node} with ${owner}, so the endpoint form needs a systemSetting.`);
    if (!owner) endpoints.set(node, [id, form.endpoint]);
    for (const set of [node, `${id}-in`, `${id}-out`])
      for (const language of LANGUAGES)
        for (const ending of ['json', 'md'])
          if (!file(`locales/${language}/${set}.${ending}`)) add(id, `locales/${language}/${set}.${ending} is missing.`);
    for (const kind of ['in', 'out'])
      if (!file(`icons/switchboard-${id}-${kind}.svg`)) add(id, `icons/switchboard-${id}-${kind}.svg is missing.`);
  });
  return [...new Set(problems)];
}
