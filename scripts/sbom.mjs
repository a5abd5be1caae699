/**
 * npm run sbom: writes sbom.cdx.json (CycloneDX), the software bill of materials of what users install: every runtime package,
 * also indirect and bundled ones, with version, licence, and the hash that the lockfile pins. Made by npm from a copy of the
 * project without development dependencies: `npm sbom --omit dev` leaves out each package that one of these needs too, such as ajv.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
try {
  const { devDependencies, scripts, overrides, ...shipped } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of bundledPackages()) shipped.dependencies[name] = devDependencies[name];
  writeFileSync(join(folder, 'package.json'), JSON.stringify(shipped));
  cpSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  const npm = (...options) =>
    execFileSync('npm', options, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  npm('install', '--package-lock-only', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund');
  const sbom = JSON.parse(npm('sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'));
  // npm names the project after its folder.
  sbom.metadata.component.name = shipped.name;
  writeFileSync(join(root, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
  console.log(`sbom.cdx.json: ${sbom.components.length} packages`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The packages that become a part of dist/ (see bundled.mjs). */
function bundledPackages() {
  const bundled = join(root, 'src/bundled');
  return readdirSync(bundled).flatMap((file) =>
    [...readFileSync(join(bundled, file), 'utf8').matchAll(/ from '([^'.][^']*)'/g)].map(([, name]) => name),
  );
}
