// npm start: builds, then starts the sandbox and Node-RED with the first example.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
const { start } = createRequire(import.meta.url)('../dist/src/cli/start.js');
start().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
