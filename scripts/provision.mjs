// Provides what the tests need in addition to npm packages: a Chromium, from Debian's packages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The path of a Chromium, which is installed if necessary; undefined if that is not possible, with the reason on stderr. */
export function chromium() {
  const found = PLACES.find((path) => path && existsSync(path));
  if (found) return found;
  const root = process.getuid?.() === 0;
  if (!root || !existsSync('/usr/bin/apt-get')) {
    console.error('No Chromium found: the browser tests are skipped. Install one, or set CHROMIUM=/path/to/chromium.');
    return undefined;
  }
  console.log('Installing Chromium from Debian…');
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (apt('update', '-qq') && apt('install', '-y', '-qq', 'chromium')) return '/usr/bin/chromium';
  console.error('Chromium could not be installed: the browser tests are skipped.');
  return undefined;
}
