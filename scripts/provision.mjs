// Sees to it that what the tests need beyond npm packages is on the machine: a Chromium, from Debian's packages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium, installed if need be; undefined with the reason on stderr where that is not possible. */
export function chromium() {
  const found = PLACES.find((path) => path && existsSync(path));
  if (found) return found;
  const root = process.getuid?.() === 0;
  if (!root || !existsSync('/usr/bin/apt-get')) {
    console.error('No Chromium found: the browser tests are skipped. Install one, or name it in CHROMIUM=/path/to/chromium.');
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
