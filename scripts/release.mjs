/**
 * npm run release [-- --dry-run]: checks, tests and publishes the commit that the tag `v<version>` names. Run by the release job
 * of a CI service that npm trusts (GitHub Actions or GitLab with `id-token: write`): npm's provenance statement ties the package
 * to the commit and to that run, and npm refuses to publish without one (`publishConfig.provenance`).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const dryRun = process.argv.includes('--dry-run');
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const run = (command, ...options) => execFileSync(command, options, { cwd, stdio: 'inherit' });
const output = (command, ...options) => execFileSync(command, options, { cwd, encoding: 'utf8' }).trim();

try {
  if (output('git', 'status', '--porcelain')) throw new Error('The working tree has changes that are not committed.');
  const tags = output('git', 'tag', '--points-at', 'HEAD').split('\n');
  if (!tags.includes(`v${version}`)) throw new Error(`The commit is not tagged v${version}.`);
  run('npm', 'ci', '--ignore-scripts');
  run('npm', 'run', 'audit', '--', '--required');
  run('npm', 'test');
  // `prepack` builds, and writes the SBOM that is a part of the package.
  run('npm', 'publish', ...(dryRun ? ['--dry-run', '--no-provenance'] : []));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
