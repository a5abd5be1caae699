/**
 * npm run audit: looks up what we ship for known vulnerabilities, and checks the registry's signatures and provenance of every
 * installed package. Exit code 1 where something was found. A registry that does not answer such questions (a mirror) is told, and
 * is a failure only with --required, as for a release.
 */
import { spawnSync } from 'node:child_process';

const required = process.argv.includes('--required');
let failed = false;
check('vulnerabilities', ['audit', '--omit', 'dev'], ({ vulnerabilities }) => Object.keys(vulnerabilities));
check('signatures', ['audit', 'signatures'], ({ invalid, missing }) => [...invalid, ...missing].map(({ name }) => name));
process.exitCode = failed ? 1 : 0;

/** `found` gets npm's result and returns the names of the packages with a problem; it throws where there is no result. */
function check(what, options, found) {
  const { stdout } = spawnSync('npm', [...options, '--json'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  let names;
  try {
    names = found(JSON.parse(stdout));
  } catch {
    failed ||= required;
    console.log(`${what}: not checked, because the registry does not answer`);
    return;
  }
  failed ||= names.length > 0;
  console.log(`${what}: ${names.length ? `problems with ${names.join(', ')}` : 'no problems'}`);
}
