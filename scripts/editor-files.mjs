/**
 * Writes the editor files of a node set: `<name>.html` (script, then dialog), help and labels in each language, icons.
 * Node-RED loads each node set separately, so shared parts are copied into each:
 * code of nodes/kit/editor/ (by import), dialog fragments of that folder (`<!-- include endpoint.html -->`), and labels of
 * nodes/kit/locales/.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { nodeType } from './node-set.mjs';
import { editorShell, runtimeShell, systemFile } from './systems.mjs';

/**
 * Writes a node or plugin with a folder in nodes/. `signIn`: the fields of all authentication methods; `endpoints`: names of the
 * endpoint node sets.
 */
export async function writeFolder(root, out, name, { signIn, endpoints }) {
  const from = join(root, 'nodes', name);
  const to = join(out, 'nodes', name);
  const template = join(from, `${name}.html`);
  const dialog = existsSync(template) ? readFileSync(template, 'utf8') : '';
  const script = await bundle({ entryPoints: [join(from, `${name}.editor.ts`)] });
  writeHtml(root, to, name, script, dialog, signIn);
  if (existsSync(join(from, 'icons'))) cpSync(join(from, 'icons'), join(to, 'icons'), { recursive: true });
  await pages(from, to);
  for (const language of languages(root)) {
    // A dialog with a choice of authentication methods also needs the labels of methods that only one system has.
    const methods = dialog.includes('include sign-in.html') ? endpoints.map((endpoint) => signInLabels(endpoint, language)) : [];
    const file = (ending) => join(from, 'locales', language, `${name}${ending}`);
    writeLocale(root, to, name, language, dialog, file, methods);
  }
}

/** Writes a node of a system: its files are in the system's folder, its shells are generated here. */
export async function writeSystemNode(root, out, node) {
  const { name, dialog, signIn } = node;
  const to = join(out, 'nodes', name);
  const script = await bundle({ stdin: { contents: editorShell(node), resolveDir: root } });
  writeHtml(root, to, name, script, dialog, signIn);
  writeFileSync(join(to, `${name}.js`), runtimeShell(node));
  const icon = systemFile(join('icons', `${nodeType(name)}.svg`));
  if (icon) {
    mkdirSync(join(to, 'icons'), { recursive: true });
    cpSync(icon, join(to, 'icons', basename(icon)));
  }
  for (const language of languages(root)) {
    const file = (ending) => systemFile(join('locales', language, `${name}${ending}`)) ?? '';
    writeLocale(root, to, name, language, dialog, file);
  }
}

function languages(root) {
  return readdirSync(join(root, 'nodes/kit/locales'));
}

function writeHtml(root, to, name, script, dialog, signIn) {
  mkdirSync(to, { recursive: true });
  const text = include(root, dialog, signIn);
  writeFileSync(join(to, `${name}.html`), `<script type="text/javascript">\n${script}</script>\n\n${text}`);
}

async function bundle(entry) {
  const result = await build({
    ...entry,
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    loader: { '.css': 'text' },
    logLevel: 'error',
  });
  // A closing tag inside a string would end the script element.
  return result.outputFiles[0].text.replaceAll('</script', '<\\/script');
}

function include(root, html, signIn) {
  return html.replace(/^[ \t]*<!-- include (\S+) -->\n/gm, (_, file) =>
    file === 'sign-in.html' ? `${signIn}\n` : readFileSync(join(root, 'nodes/kit/editor', file), 'utf8'),
  );
}

/** A plugin may have a separate page, outside the editor: page/page.ts with its html and css. */
async function pages(from, to) {
  const page = join(from, 'page');
  if (!existsSync(join(page, 'page.ts'))) return;
  mkdirSync(join(to, 'page'), { recursive: true });
  writeFileSync(join(to, 'page', 'page.js'), await bundle({ entryPoints: [join(page, 'page.ts')] }));
  for (const file of readdirSync(page)) {
    if (/\.(html|css)$/.test(file)) cpSync(join(page, file), join(to, 'page', file));
  }
}

/** `file`: returns the path of the set's labels (`.json`) or help (`.md`). */
function writeLocale(root, to, name, language, dialog, file, more = []) {
  if (!existsSync(file('.json'))) return;
  const target = join(to, 'locales', language);
  mkdirSync(target, { recursive: true });
  const own = JSON.parse(readFileSync(file('.json'), 'utf8'));
  const labels = merge([...sharedLabels(root, dialog, language), ...more, own]);
  writeFileSync(join(target, `${name}.json`), `${JSON.stringify(labels, null, 2)}\n`);
  if (!existsSync(file('.md'))) return;
  const text = readFileSync(file('.md'), 'utf8');
  writeFileSync(
    join(target, `${name}.html`),
    `<script type="text/markdown" data-help-name="${nodeType(name)}">\n${text}</script>\n`,
  );
}

/** The labels of kit.json, and those of the included dialog fragments, which are in files of the same name. */
function sharedLabels(root, dialog, language) {
  const pieces = [...dialog.matchAll(/<!-- include (\S+)\.html -->/g)].map((match) => match[1]);
  const files = ['kit', ...pieces].map((piece) => join(root, 'nodes/kit/locales', language, `${piece}.json`));
  return files.filter(existsSync).map((one) => JSON.parse(readFileSync(one, 'utf8')));
}

/** The labels of the authentication methods that only this endpoint has. */
function signInLabels(endpoint, language) {
  const file = systemFile(join('locales', language, `${endpoint}.json`));
  const { endpoint: labels } = file ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return labels ? { endpoint: labels } : {};
}

function merge(parts) {
  const whole = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      whole[key] = typeof value === 'object' && typeof whole[key] === 'object' ? merge([whole[key], value]) : value;
    }
  }
  return whole;
}
