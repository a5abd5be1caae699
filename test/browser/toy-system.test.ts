import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PATIENCE } from '../patience.js';
import { chromiumPath } from './browser.js';
import { type EditorServer, openEditor, startEditor } from './editor.js';
import { closePages, sharedBrowser } from './shared-browser.js';

/* The proof that a system is one folder: the smallest one is added to a copy of the project, and nothing else in it is touched. */

const COPIED = [
  'bench',
  'biome.json',
  'docs',
  'examples',
  'nodes',
  'package.json',
  'resources',
  'scripts',
  'src',
  'test',
  'tsconfig.editor.json',
  'tsconfig.json',
  'tsconfig.test.json',
  '.mocharc.json',
];
/** Written by the build and by UPDATE_DOCS from the folders. */
const GENERATED = ['package.json', 'src/endpoints/systems.ts', 'src/endpoints/forms.ts', 'docs/systems.md'];

describe('a new system, added as one folder', () => {
  let copy: string;
  let server: EditorServer;
  let browser: Browser;
  let page: Page;
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: copy, encoding: 'utf8', env: { ...process.env, UPDATE_DOCS: '1', SWITCHBOARD_PACK: '' } });

  before(async function () {
    if (!chromiumPath()) return this.skip();
    copy = mkdtempSync(join(tmpdir(), 'switchboard-toy-'));
    for (const name of COPIED) cpSync(name, join(copy, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(copy, 'node_modules'), 'dir');
    cpSync('test/toy-system', join(copy, 'src/endpoints/toy'), { recursive: true });
    const { status, stdout, stderr } = run(process.execPath, 'scripts/build.mjs');
    assert.equal(status, 0, stdout + stderr);
    process.env.SWITCHBOARD_PACK = copy;
    server = await startEditor({ flow: [{ id: 'tab', type: 'tab', label: 'Test' }, ...FLOW] });
    delete process.env.SWITCHBOARD_PACK;
    browser = await sharedBrowser();
    ({ page } = await openEditor(browser, server));
  });
  after(async () => {
    await closePages(browser);
    await server?.stop();
    if (copy) rmSync(copy, { recursive: true, force: true });
  });

  it('has its nodes in the palette, with labels, help and a config node', async () => {
    for (const type of ['switchboard-toy-in', 'switchboard-toy-out'])
      assert.equal(await page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`).count(), 1, type);
    await page.evaluate(`RED.editor.editConfig('', 'switchboard-toy-endpoint', 'toy-endpoint')`);
    await page.waitForSelector('#node-config-input-room');
    const options = await page.locator('#node-config-input-auth option').evaluateAll((all) => all.map((one) => one.textContent));
    assert.deepEqual(options, ['Desk key', 'Username and password']);
    assert.equal(await page.locator('#node-config-input-deskKey').isVisible(), true, 'the field of its own way to sign in');
    await page.locator('#node-config-dialog-cancel').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  });

  it('runs: its endpoint gets a client that signs in its own way', async () => {
    const answer = async (credentials: object) => {
      const body = JSON.stringify({ type: 'switchboard-toy-endpoint', config: { ...ENDPOINT, name: 'Toy' }, credentials });
      const headers = { 'Content-Type': 'application/json' };
      return (await fetch(`${server.url}switchboard/endpoints/new/test`, { method: 'POST', headers, body })).json();
    };
    assert.match(((await answer({})) as { message: string }).message, /Toy: "Desk key" is missing\. Set "Desk key" in/);
    assert.deepEqual(await answer({ deskKey: 'key' }), []);
  });

  it('can be chosen in the wizard', async () => {
    await page.evaluate(`RED.actions.invoke('switchboard:new-connection')`);
    await page.locator('#switchboard-wizard-next').click();
    const choices = page.locator('#switchboard-party-0-system option');
    await choices.first().waitFor({ state: 'attached' });
    assert.ok((await choices.allTextContents()).includes('Toy desk'));
    await page.selectOption('#switchboard-party-0-endpoint', '');
    await page.selectOption('#switchboard-party-0-system', { label: 'Toy desk' });
    assert.equal(await page.locator('#switchboard-party-0-deskKey').isVisible(), true);
    await page.locator('#switchboard-wizard-cancel').click();
  });

  it('has its preset and its fields in the mapping designer', async () => {
    const presets = (await (await fetch(`${server.url}switchboard/presets`)).json()) as { name: string }[];
    assert.ok(presets.some(({ name }) => name === 'toy-case'));
    const fields = await fetch(`${server.url}switchboard/mappings/fields?system=toy&entityType=toyCase`);
    const { partner } = (await fields.json()) as { partner: { path: string }[] };
    assert.deepEqual(
      partner.map(({ path }) => path),
      ['subject', 'text', 'status'],
    );
  });

  it('has its section in the table of systems', () => {
    const { status, stdout } = run('npx', 'mocha', '--exit', 'test/package/pages.test.ts', '-g', 'systems.md');
    assert.equal(status, 0, stdout);
    assert.match(readFileSync(join(copy, 'docs/systems.md'), 'utf8'), /## Toy desk[\s\S]*`toy endpoint`, `toy in`, `toy out`/);
  });

  it('is under the contract that every client keeps', () => {
    const { status, stdout } = run(
      'npx',
      'mocha',
      '--exit',
      '--timeout',
      String(PATIENCE),
      'test/endpoints/answers.test.ts',
      '-g',
      'Toy desk',
    );
    assert.equal(status, 0, stdout);
    const passing = Number(/(\d+) passing/.exec(stdout)?.[1] ?? 0);
    assert.ok(passing > 30, `${passing} tests of the contract`);
  });

  it('has its labels, defaults and texts checked like every other', () => {
    const { status, stdout } = run(
      'npx',
      'mocha',
      '--exit',
      'test/package/labels.test.ts',
      'test/package/node-sets.test.ts',
      'test/text/say.test.ts',
      'test/endpoints/contract.test.ts',
      '-g',
      'toy|texts of the runtime',
    );
    assert.equal(status, 0, stdout);
    assert.match(stdout, /toy-endpoint/);
  });

  it('keeps the rules of the linter, and touches no file outside its folder that is not generated', () => {
    const { status, stdout, stderr } = run(process.execPath, 'scripts/lint-systems.mjs');
    assert.equal(status, 0, stdout + stderr);
    const changed = COPIED.flatMap((name) => filesIn(copy, name)).filter(
      (file) => !file.startsWith('src/endpoints/toy/') && readFileSync(join(copy, file), 'utf8') !== readFileSync(file, 'utf8'),
    );
    assert.deepEqual(
      changed.filter((file) => !GENERATED.includes(file)),
      [],
    );
  });

  it('is missed by the linter nowhere: an id, a label, a node type or an import outside its folder is reported', () => {
    const file = join(copy, 'src/delivery/violation.ts');
    const lines = [
      'const a = { toy: 1 }.toy;',
      "const b = 'switchboard-toy-endpoint';",
      "const c = 'see // x Toy desk';",
      "const d = import('../endpoints/toy/client.js');",
      '// toy: a comment may name it',
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const { status, stderr } = run(process.execPath, 'scripts/lint-systems.mjs');
    rmSync(file);
    assert.equal(status, 1);
    const found = [...stderr.matchAll(/violation\.ts:(\d+):/g)].map(([, line]) => Number(line));
    assert.deepEqual(found, [1, 2, 3, 4]);
  });

  it('is not built while something in its folder is wrong, and the build says what', () => {
    const build = () => run(process.execPath, 'scripts/build.mjs');
    const form = join(copy, 'src/endpoints/toy/form.ts');
    const text = readFileSync(form, 'utf8');
    writeFileSync(form, text.replace("id: 'toy'", "id: 'tmf621'"));
    assert.match(build().stderr, /src\/endpoints\/toy: its id is "tmf621"; it must be the name of the folder/);
    writeFileSync(form, text);
    const label = join(copy, 'src/endpoints/toy/locales/de/toy-in.json');
    rmSync(label);
    const { status, stderr } = build();
    assert.equal(status, 1);
    assert.match(stderr, /src\/endpoints\/toy: locales\/de\/toy-in\.json is missing/);
  });
});

const ENDPOINT = { baseUrl: 'http://127.0.0.1:9', auth: 'deskKey', room: 'north' };
/** The endpoint of the new system, with a store. */
const FLOW = [
  { id: 'store', type: 'switchboard-store', name: 'store', path: 'switchboard' },
  {
    id: 'toy-endpoint',
    type: 'switchboard-toy-endpoint',
    name: 'Toy',
    store: 'store',
    ...ENDPOINT,
  },
];

function filesIn(root: string, name: string): string[] {
  try {
    return (readdirSync(join(root, name), { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  } catch {
    return [name];
  }
}
