import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PATIENCE } from '../patience.js';

export type FlowNode = { id: string; type: string; [key: string]: unknown };

export interface LiveOptions {
  /** Where the flow, the store and Node-RED's files lie; a restart with the same folder goes on where the last one stopped. */
  folder: string;
  flow: FlowNode[];
  env?: Record<string, string>;
  port?: number;
  editor?: boolean;
  /** A module loaded before everything else (fault injection). */
  preload?: string;
  logLevel?: string;
  /** Settings of Node-RED. */
  settings?: Record<string, unknown>;
}

export interface Live {
  url: string;
  port: number;
  process: ChildProcess;
  /** Everything it printed. */
  output(): string;
  /** Resolves with signal or code when it has ended. */
  ended: Promise<string>;
  stop(): Promise<string>;
  kill(): Promise<string>;
}

/** Starts a real Node-RED, the newest that this Node.js can run, with our package as it was built. Resolves when its flows are started. */
export function startNodeRed(options: LiveOptions): Promise<Live> {
  mkdirSync(options.folder, { recursive: true });
  const flowFile = join(options.folder, 'flow.json');
  writeFileSync(flowFile, JSON.stringify(options.flow));
  const command = [
    'dist/src/cli/switchboard.js',
    'run',
    flowFile,
    '--user-dir',
    join(options.folder, 'user'),
    '--port',
    String(options.port ?? 0),
  ];
  command.push('--log', options.logLevel ?? 'warn', ...(options.editor ? ['--editor'] : []));
  if (options.settings) {
    const file = join(options.folder, 'settings.cjs');
    writeFileSync(file, `module.exports = ${JSON.stringify(options.settings)};`);
    command.push('--settings', file);
  }
  const child = spawn(process.execPath, [...(options.preload ? ['--require', options.preload] : []), ...command], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /Switchboard runs .*: (http:\/\/\S+) \(/.exec(output)?.[1];
      if (!url) return;
      const stop = (signal: NodeJS.Signals) => () => {
        child.kill(signal);
        return ended;
      };
      resolve({
        url,
        port: Number(new URL(url).port),
        process: child,
        output: () => output,
        ended,
        stop: stop('SIGTERM'),
        kill: stop('SIGKILL'),
      });
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    ended.then((how) => reject(new Error(`Node-RED ended (${how}) before it was ready:\n${output}`)));
  });
}

/** Waits until Node-RED has killed itself, or kills it once it is `through` with all that could bring it to that. Says which, `quiet` for the latter. */
export async function crashed(live: Live, through: () => boolean): Promise<string> {
  let end: string | undefined;
  void live.ended.then((how) => {
    end = how;
  });
  const how = await until('Node-RED to kill itself', () => end ?? (through() && 'quiet'));
  if (how === 'quiet') await live.kill();
  return how;
}

/** A port that was free a moment ago, for a Node-RED that must come back at the same address. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** As the editor's deploy menu calls it: modified nodes, modified flows, or everything. */
export type DeployKind = 'nodes' | 'flows' | 'full';

/** Deploys the flows as `edit` makes them. */
export async function deploy(url: string, kind: DeployKind, edit: (nodes: FlowNode[]) => FlowNode[]): Promise<void> {
  const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': kind };
  const current = (await (await fetch(`${url}/flows`, { headers })).json()) as { flows: FlowNode[] };
  const body = JSON.stringify({ ...current, flows: edit(current.flows) });
  const answer = await fetch(`${url}/flows`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`The deploy was answered ${answer.status}: ${await answer.text()}`);
}

/** Waits until `check` gives something; fails with its last error or with `what` when it does not come. Looks every few milliseconds. */
export async function until<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  patience = PATIENCE,
): Promise<T> {
  const end = Date.now() + patience;
  let last: unknown;
  for (;;) {
    try {
      const found = await check();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw last ?? new Error(`Waited ${patience / 1_000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
