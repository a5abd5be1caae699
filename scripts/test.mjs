// Builds, lints, type-checks and runs all tests with the current Node.js and the newest Node-RED that it supports.
//   npm test                    everything, with short fault and security tests
//   npm run test:faults         the long fault tests
//   npm run test:security       the long security tests
//   node scripts/test.mjs unit live browser faults security   only the given groups
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from './provision.mjs';

/** Tests that need more than Node.js and the build have their own folder and group; all other folders are in the group unit. */
const FOLDERS = ['live', 'browser', 'faults', 'security'];
/** Groups with a long form. */
const LONG = ['faults', 'security'];
const GROUPS = {
  unit: ['test/**/*.test.ts', ...FOLDERS.flatMap((folder) => ['--ignore', `test/${folder}/**`])],
  ...Object.fromEntries(FOLDERS.map((folder) => [folder, [`test/${folder}/**/*.test.ts`]])),
};

const args = process.argv.slice(2);
const long = LONG.filter((group) => args.includes(`--${group}`));
const chosen = [...long, ...args.filter((a) => a in GROUPS)];
const groups = chosen.length ? chosen : Object.keys(GROUPS);
const bin = (name) => join('node_modules', name);
const env = { ...process.env, ...Object.fromEntries(long.map((group) => [`SWITCHBOARD_${group.toUpperCase()}`, 'long'])) };

function step(name, ...command) {
  const started = Date.now();
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit', env });
  if (status !== 0) {
    console.error(`${name} failed.`);
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
  console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

step('build', 'scripts/build.mjs');
if (chosen.length === 0) {
  step('lint', bin('@biomejs/biome/bin/biome'), 'check', '.');
  for (const project of ['tsconfig.json', 'tsconfig.editor.json', 'tsconfig.test.json'])
    step(`types (${project})`, bin('typescript/bin/tsc'), '--noEmit', '-p', project);
}
if (groups.includes('browser')) env.CHROMIUM = chromium() ?? '';

const folder = mkdtempSync(join(tmpdir(), 'switchboard-test-'));
// A test runs a process as another user.
chmodSync(folder, 0o755);
const total = { passes: 0, failures: 0, pending: 0 };
const failed = [];
for (const group of groups) {
  const counts = join(folder, `${group}.json`);
  const started = Date.now();
  console.log(`\n— ${group} (Node.js ${process.version})`);
  const { status } = spawnSync(
    process.execPath,
    [
      bin('mocha/bin/mocha.js'),
      ...(long.includes(group) ? ['--timeout', '7200000'] : []),
      '--reporter',
      'test/reporter.cjs',
      '--exit',
      ...GROUPS[group],
    ],
    {
      stdio: 'inherit',
      env: {
        ...env,
        MOCHA_COUNTS: counts,
        // Whatever tests leave behind is removed with it.
        TMPDIR: folder,
        // Node-RED is started hundreds of times: a third faster where Node.js keeps what it has compiled (22.1 and newer).
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
      },
    },
  );
  try {
    const found = JSON.parse(readFileSync(counts, 'utf8'));
    for (const key of Object.keys(total)) total[key] += found[key];
    failed.push(...found.failed.map((test) => ({ ...test, group })));
    if (status !== 0 && found.failures === 0) {
      failed.push({ group, title: `ended with status ${status}`, error: 'No test of the group failed.' });
      total.failures++;
    }
  } catch (error) {
    failed.push({ group, title: 'did not finish', error: String(error) });
    total.failures++;
  }
  console.log(`${group}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
rmSync(folder, { recursive: true, force: true });
// Again at the end: a log is often read, and sometimes kept, from its end only.
if (failed.length > 0) console.log(`\nFailed tests (Node.js ${process.version}):`);
for (const { group, title, file, error } of failed)
  console.log(`\n- ${group}: ${title}\n${[file, error].filter(Boolean).join('\n').slice(0, 2000)}`);
console.log(`${total.passes} passed, ${total.failures} failed${total.pending ? `, ${total.pending} skipped` : ''}`);
process.exit(total.failures === 0 ? 0 : 1);
