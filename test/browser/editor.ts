import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PATIENCE } from '../patience.js';

export interface EditorOptions {
  flow?: object[];
  /** Settings in addition to those of every test, e.g. adminAuth. */
  settings?: object;
  /** JavaScript appended to settings.js, for settings that JSON cannot express. */
  code?: string;
  /** Loads the flow without starting it. */
  safe?: boolean;
  /** Writes files to the user folder before Node-RED starts. */
  prepare?: (folder: string) => Promise<void>;
}

export interface EditorServer {
  url: string;
  /** Major version of Node-RED. */
  version: number;
  folder: string;
  output(): string;
  stop(): Promise<void>;
}

/** Node-RED 5 needs Node.js 22.9; an older Node.js runs 4.1 at most. */
export const NODE_RED =
  Number(process.versions.node.split('.')[0]) >= 22 ? { name: 'node-red', version: 5 } : { name: 'node-red-4', version: 4 };

/**
 * Starts Node-RED with its editor, our package installed the way `npm install <folder>` does it: this folder, or the one named by
 * SWITCHBOARD_PACK (an unpacked release, say).
 */
export async function startEditor(options: EditorOptions = {}): Promise<EditorServer> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-editor-'));
  const scope = join(folder, 'node_modules', '@switchboard');
  mkdirSync(scope, { recursive: true });
  symlinkSync(resolve(process.env.SWITCHBOARD_PACK ?? '.'), join(scope, 'node-red-switchboard'), 'dir');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { '@switchboard/node-red-switchboard': '*' } }));
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(options.flow ?? [{ id: 'tab', type: 'tab', label: 'Test' }]));
  const port = await freePort();
  const settings = {
    uiPort: port,
    uiHost: '127.0.0.1',
    flowFile: 'flows.json',
    credentialSecret: 'test',
    editorTheme: { tours: false },
    telemetry: { enabled: false },
    logging: { console: { level: 'info' } },
    ...options.settings,
  };
  writeFileSync(join(folder, 'settings.js'), `module.exports = ${JSON.stringify(settings, null, 2)};\n${options.code ?? ''}\n`);
  await options.prepare?.(folder);
  let output = '';
  const child = spawn(
    process.execPath,
    [
      resolve('node_modules', NODE_RED.name, 'red.js'),
      '--userDir',
      folder,
      '--settings',
      join(folder, 'settings.js'),
      ...(options.safe ? ['--safe'] : []),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const started = new Promise<void>((done, fail) => {
    const take = (text: Buffer) => {
      output += text;
      // In either order.
      if (/Started flows|Flows stopped in safe mode/.test(output) && /Server now running/.test(output)) done();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    setTimeout(() => fail(new Error(`Node-RED did not start in time:\n${output}`)), PATIENCE).unref();
    child.on('exit', () => fail(new Error(`Node-RED ended before it had started:\n${output}`)));
  });
  await started;
  return {
    url: `http://127.0.0.1:${port}/`,
    version: NODE_RED.version,
    folder,
    output: () => output,
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Node-RED 5 shows its first tip after a second, whether its sidebar is there yet or not: an error with its own timer alone on the stack. */
const TIP_BEFORE_SIDEBAR =
  /^TypeError: Cannot read properties of undefined \(reading 'html'\)\n +at \w+ \(\S+\/red\/red\.min\.js\S*\)$/;

/** The code editor of Node-RED computes links in a text that is gone once its dialog was closed: none of our code is on the stack. */
const LINKS_OF_CLOSED_EDITOR =
  /^Error: Model is disposed!\n(?:\s*(?:Error: Model is disposed!|at [^\n]*\/vendor\/monaco\/[^\n]*)(?:\n|$))+$/;

/** Collects the errors in the scripts of a page. */
export function scriptErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => {
    const text = error.stack ?? String(error);
    if (![TIP_BEFORE_SIDEBAR, LINKS_OF_CLOSED_EDITOR].some((known) => known.test(text))) errors.push(text);
  });
  return errors;
}

/** Opens the editor; script errors are collected in `errors`. */
export async function openEditor(browser: Browser, server: { url: string }, theme: 'light' | 'dark' = 'light', path = '') {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const errors = scriptErrors(page);
  page.on('console', (message) => {
    // The palette catalogue is fetched from the internet, which may be unavailable in tests.
    if (message.type() === 'error' && !/ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED|catalogue/.test(message.text()))
      errors.push(message.text());
  });
  await page.addInitScript((chosen) => localStorage.setItem('view-dark-theme', chosen), theme);
  await page.goto(server.url + path);
  await editorLoaded(page);
  return { page, errors };
}

/** Waits until the editor can be used. */
export async function editorLoaded(page: Page): Promise<void> {
  await page.waitForSelector('#red-ui-palette-container .red-ui-palette-node');
  await page.waitForFunction('typeof RED !== "undefined" && !document.querySelector("#red-ui-loading-progress")?.offsetParent');
}

/** Opens the dialog of a node or config node by its id. */
export async function editNode(page: Page, id: string): Promise<void> {
  await page.evaluate(`{ const node = RED.nodes.node(${JSON.stringify(id)});
    if (node._def.category === 'config') RED.editor.editConfig('', node.type, node.id); else RED.editor.edit(node); }`);
  await page.waitForSelector('.red-ui-tray-body form');
  // The tray slides in first and is raised above the sidebar at the end.
  await page.waitForFunction(`document.querySelector('#red-ui-editor-stack').style.zIndex === '13'`);
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(timer);
}
