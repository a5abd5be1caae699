import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './node-red.js';

export interface Run {
  process: ChildProcess;
  output(): string;
  /** Resolves with signal or exit code. */
  ended: Promise<string>;
}

/** Runs a command of the built product as a shell would. */
export function command(args: string[], env: Record<string, string | undefined> = {}): Run {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
    });
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  return { process: child, output: () => output, ended };
}

export interface Product extends Run {
  /** Of Node-RED. */
  url: string;
  /** Of the page with both desks. */
  desks: string;
  /** Ends it whatever it does, and removes its files. */
  remove(): Promise<void>;
}

/** What `npm start` starts, on free ports and in a folder of its own; resolves when it has printed its addresses. */
export async function startProduct(): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-start-'));
  const [port, desks] = [await freePort(), await freePort()];
  const run = command(['-e', "require('./dist/src/cli/start.js').start()"], {
    SWITCHBOARD_PORT: String(port),
    SWITCHBOARD_SANDBOX_PORT: String(desks),
    SWITCHBOARD_USER_DIR: folder,
  });
  const remove = async () => {
    run.process.kill('SIGKILL');
    await run.ended;
    rmSync(folder, { recursive: true, force: true });
  };
  await until('the addresses', () => run.output().includes('Messages '));
  return { ...run, url: `http://127.0.0.1:${port}`, desks: `http://127.0.0.1:${desks}`, remove };
}
