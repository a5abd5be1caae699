/**
 * Builds dist/: runtime (tsc), editor (esbuild), dialogs, help, labels, icons, and the sandbox page.
 * Writes to a temporary folder that then replaces dist/, so that no stale files remain and processes running from dist/ never see
 * a partial build. Every step runs, every failure is reported, and any failure exits with 1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeBundled } from './bundled.mjs';
import { writeFolder, writeSystemNode } from './editor-files.mjs';
import { nodeFolders, syncNodeSet } from './node-set.mjs';
import { systemNodes } from './systems.mjs';
import { writeTexts } from './texts.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, `.dist-${process.pid}`);
const started = Date.now();

function tsc(...options) {
  return new Promise((resolve, reject) => {
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const child = spawn(process.execPath, [compiler, ...options], { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`tsc ${options.join(' ')} ended with ${code}`))));
  });
}

async function sandboxPage() {
  const page = join(root, 'src/sandbox/page');
  if (!existsSync(join(page, 'page.ts'))) return;
  const target = join(out, 'src/sandbox/page');
  await build({
    entryPoints: [join(page, 'page.ts')],
    outfile: join(target, 'page.js'),
    bundle: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'error',
  });
  await cp(page, target, { recursive: true, filter: (file) => !file.endsWith('.ts') });
}

function executableCli() {
  const cli = join(out, 'src/cli/switchboard.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
}

// First, because the steps below read package.json and the system lists.
const systems = await syncNodeSet()
  .then(systemNodes)
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
mkdirSync(out);
const { nodes, plugins } = nodeFolders();
const endpoints = systems.nodes.filter(({ kind }) => kind === 'endpoint').map(({ name }) => name);
const steps = {
  'compile the runtime': () => tsc('--outDir', out),
  'check the editor': () => tsc('--noEmit', '-p', 'tsconfig.editor.json'),
  'write the editor files': () =>
    Promise.all([
      ...[...nodes, ...plugins].map((name) => writeFolder(root, out, name, { signIn: systems.signIn, endpoints })),
      ...systems.nodes.map((node) => writeSystemNode(root, out, node)),
    ]),
  'bundle the sandbox page': sandboxPage,
};
const results = await Promise.allSettled(Object.values(steps).map((step) => step()));
const failed = Object.keys(steps).filter((_, index) => results[index].status === 'rejected');
for (const [index, name] of Object.keys(steps).entries()) {
  if (results[index].status === 'rejected') console.error(`Could not ${name}: ${results[index].reason.message}`);
}
// After tsc, because these files replace its output.
await writeBundled(root, out);
writeTexts(root, out);
// One system that cannot be loaded would take all nodes with it.
const loading = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', join(out, 'src/endpoints/systems.js')], {
  cwd: root,
  encoding: 'utf8',
});
if (loading.status !== 0) {
  failed.push('load the systems');
  console.error(`Could not load the systems: ${loading.stderr}`);
}
executableCli();
const dist = join(root, 'dist');
const old = `${out}-old`;
if (existsSync(dist)) renameSync(dist, old);
renameSync(out, dist);
rmSync(old, { recursive: true, force: true });
console.log(`${failed.length ? 'Build FAILED' : 'Built'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
process.exitCode = failed.length ? 1 : 0;
