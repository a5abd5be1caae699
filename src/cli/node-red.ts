import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SwitchboardError } from '../errors.js';

/** Express, as Node-RED brings it, as far as it is used here. */
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

export interface FoundNodeRed {
  version: string;
  folder: string;
  load(): NodeRed;
  /** A new Express app, of the version that Node-RED itself uses. */
  express(): ExpressApp;
  /** Loads a module that Node-RED itself uses. */
  own(name: string): unknown;
}

/** Names under which Node-RED may be installed, the newest first. */
const PACKAGES = ['node-red', 'node-red-4'];

/** Finds the newest installed Node-RED that the Node.js at hand can run, next to the working folder or to this package. */
export function findNodeRed(from: string[] = [process.cwd(), packageFolder()]): FoundNodeRed {
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
        const own = createRequire(manifestPath);
        return {
          version: manifest.version,
          folder: dirname(manifestPath),
          load: () => require(name) as NodeRed,
          express: () => own('express')() as ExpressApp,
          own,
        };
      }
      refused.push(`Node-RED ${manifest.version} needs Node.js ${manifest.engines?.node}, this is ${process.version}`);
      break;
    }
  }
  throw new SwitchboardError('SWB_CONFIG', refused.length ? `${refused.join('; ')}.` : 'Node-RED is not installed here.', {
    hint: 'Install it beside this package: npm install node-red',
  });
}

function atLeast(major: number, minor: number): boolean {
  const [nowMajor = 0, nowMinor = 0] = process.versions.node.split('.').map(Number);
  return nowMajor > major || (nowMajor === major && nowMinor >= minor);
}

/** The folder of this package, whether it runs from `dist` or from its sources. */
export function packageFolder(): string {
  let folder = __dirname;
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string };
      if (manifest.name === '@switchboard/node-red-switchboard') return folder;
    } catch {
      // not here: look further up
    }
    const up = dirname(folder);
    if (up === folder) return process.cwd();
    folder = up;
  }
}

/** What Node-RED tells when it cannot start the flows: node types or modules that are missing. */
interface RuntimeState {
  id: string;
  payload?: { error?: string; types?: string[]; modules?: { module: string }[] };
}

/** Starts Node-RED and waits until its flows run: its own start() does not. Gives what keeps them from running, if anything does. */
export async function startFlows(RED: NodeRed): Promise<SwitchboardError | undefined> {
  let tell: (problem?: SwitchboardError) => void = () => undefined;
  const started = new Promise<SwitchboardError | undefined>((resolve) => {
    tell = resolve;
  });
  const onStarted = () => tell();
  const onState = ({ id, payload }: RuntimeState) => {
    if (id !== 'runtime-state' || !payload?.error) return;
    const missing = payload.types ?? payload.modules?.map((m) => m.module) ?? [];
    tell(
      new SwitchboardError(
        'SWB_CONFIG',
        `The flows do not run (${payload.error}${missing.length ? `: ${missing.join(', ')}` : ''}).`,
        {
          hint: 'Install the packages they need beside this one, or fix them in the editor.',
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
