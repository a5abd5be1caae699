/** Adds the texts that systems bring along (`locales/<language>/texts.json` in their folders) to the catalogs of the runtime in dist. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function writeTexts(root, out) {
  const catalogs = join(root, 'src/text');
  for (const name of readdirSync(catalogs).filter((file) => file.endsWith('.json'))) {
    const texts = [join(catalogs, name), ...ofSystems(root, name.replace('.json', ''))].map((file) =>
      JSON.parse(readFileSync(file, 'utf8')),
    );
    writeFileSync(join(out, 'src/text', name), `${JSON.stringify(Object.assign({}, ...texts), null, 2)}\n`);
  }
}

/** @returns {string[]} the text files of the systems in a language */
export function ofSystems(root, language) {
  const folder = join(root, 'src/endpoints');
  return readdirSync(folder)
    .map((name) => join(folder, name, 'locales', language, 'texts.json'))
    .filter(existsSync);
}
