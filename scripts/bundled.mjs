/**
 * Bundles each file of src/bundled/ with the package it exports, not minified, so that small packages do not count as
 * dependencies, of which a Node-RED package may have only a few. Collects their licences in dist/THIRD-PARTY-LICENSES.txt.
 * docs/development.md says what may be bundled.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const LICENSE_FILES = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license'];

export async function writeBundled(root, out) {
  const folder = join(root, 'src/bundled');
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const { metafile } = await build({
    entryPoints: files.map((name) => join(folder, name)),
    outdir: join(out, 'src/bundled'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    legalComments: 'inline',
    metafile: true,
    logLevel: 'error',
  });
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  writeFileSync(
    join(out, 'THIRD-PARTY-LICENSES.txt'),
    [...packages]
      .sort()
      .map((name) => licenceNotice(root, name))
      .join('\n\n'),
  );
}

function licenceNotice(root, name) {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = LICENSE_FILES.map((one) => join(folder, one)).find(existsSync);
  if (!file) throw new Error(`The bundled package ${name} has no licence file.`);
  return `${name} ${version} (${license})\n\n${readFileSync(file, 'utf8').trim()}\n`;
}
