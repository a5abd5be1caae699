import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SwitchboardError } from '../errors.js';

/** The part of Node-RED's Express that is used here. */
export interface ExpressApp extends RequestListener {
  use(path: string, app: unknown): void;
  get(path: string, handler: (req: unknown, res: { status(code: number): { json(body: unknown): void } }) => void): void;
}

/** The part of Node-RED's embedding API that is used here (nodered.org/docs/user-guide/runtime/embedding). */
export interface NodeRed {
  init(server: Server, settings: Record<string, unknown>): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  httpAdmin: unknown;
  httpNode: unknown;
  settings: { version: string };
  log: { info(text: string): void; warn(text: string): void; error(text: string): void };
  events: Pick<EventEmitter, 'on' | 'off'>;
}

export interface NodeRedInstallation {
  version: string;
  folder: string;
  load(): NodeRed;
  /** Creates an Express app of the version that Node-RED uses. */
  express(): ExpressApp;
  /** Loads a dependency of Node-RED. */
  require(name: string): unknown;
}

/** Package names under which Node-RED may be installed, newest first. */
const PACKAGES = ['node-red', 'node-red-4'];

/** Finds the newest installed Node-RED that supports this Node.js version, from the working folder or this package. */
export function findNodeRed(from: string[] = [process.cwd(), packageFolder()]): NodeRedInstallation {
  const refused: string[] = [];
  for (const name of PACKAGES) {
    for (const folder of from) {
      const require = createRequire(join(folder, 'package.json'));
      let manifestPath: string;
      try {
        manifestPath = require.resolve(`${name}/package.json`);
      } catch {
        continue;
      }
      const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { version: string; engines?: { node?: string } };
      const needs = /(\d+)\.?(\d*)/.exec(manifest.engines?.node ?? '0');
      if (atLeast(Number(needs?.[1] ?? 0), Number(needs?.[2] || 0))) {
        const requireOwn = createRequire(manifestPath);
        return {
          version: manifest.version,
          folder: dirname(manifestPath),
          load: () => require(name) as NodeRed,
          express: () => requireOwn('express')() as ExpressApp,
          require: requireOwn,
        };
      }
      refused.push(
        `Node-RED ${manifest.version} requires Node.js ${manifest.engines?.node}, the current version is ${process.version}`,
      );
      break;
    }
  }
  throw new SwitchboardError('SWB_CONFIG', refused.length ? `${refused.join('; ')}.` : 'Node-RED is not installed.', {
    hint: 'Install Node-RED in the same folder as this package: npm install node-red',
  });
}

function atLeast(major: number, minor: number): boolean {
  const [nowMajor = 0, nowMinor = 0] = process.versions.node.split('.').map(Number);
  return nowMajor > major || (nowMajor === major && nowMinor >= minor);
}

/** The root folder of this package, whether it runs from `dist` or from its sources. */
export function packageFolder(): string {
  let folder = __dirname;
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string };
      if (manifest.name === '@switchboard/node-red-switchboard') return folder;
    } catch {
      // no package.json here: try the parent folder
    }
    const up = dirname(folder);
    if (up === folder) return process.cwd();
    folder = up;
  }
}

/** The event Node-RED emits if it does not start the flows: missing node types or modules, safe mode, or a user has stopped them. */
interface RuntimeState {
  id: string;
  payload?: { state?: string; error?: string; types?: string[]; modules?: { module: string }[] };
}

/**
 * Starts Node-RED and waits until its flows are started, which its own start() does not. Returns the reason if they cannot start.
 */
export async function startFlows(RED: NodeRed): Promise<SwitchboardError | undefined> {
  let resolveStart: (problem?: SwitchboardError) => void = () => undefined;
  const started = new Promise<SwitchboardError | undefined>((resolve) => {
    resolveStart = resolve;
  });
  const onStarted = () => resolveStart();
  const onState = ({ id, payload }: RuntimeState) => {
    if (id !== 'runtime-state') return;
    if (payload?.state === 'stop' && !payload.error)
      resolveStart(
        new SwitchboardError('SWB_CONFIG', 'The flows were stopped by a user.', { hint: 'Start them in the editor.' }),
      );
    if (!payload?.error) return;
    const missing = payload.types ?? payload.modules?.map((m) => m.module) ?? [];
    resolveStart(
      new SwitchboardError(
        'SWB_CONFIG',
        `The flows cannot start (${payload.error}${missing.length ? `: ${missing.join(', ')}` : ''}).`,
        {
          hint: 'Install the missing packages in the same folder as this one, or fix the flows in the editor.',
        },
      ),
    );
  };
  RED.events.on('flows:started', onStarted);
  RED.events.on('runtime-event', onState);
  try {
    await RED.start();
    return await started;
  } finally {
    RED.events.off('flows:started', onStarted);
    RED.events.off('runtime-event', onState);
  }
}
