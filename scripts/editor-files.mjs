/**
 * Writes what the editor needs of one folder in nodes/: `<name>.html` (script, then dialog), help and labels in each language, icons.
 * Three things are shared between the folders and copied into each, because Node-RED loads each node by itself:
 * code in nodes/kit/editor/ (by import), pieces of dialogs there (`<!-- include endpoint.html -->`), and labels in nodes/kit/locales/.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeType } from './node-set.mjs';

export async function writeEditor(root, out, name) {
  const from = join(root, 'nodes', name);
  const to = join(out, 'nodes', name);
  mkdirSync(to, { recursive: true });
  const script = await bundle(join(from, `${name}.editor.ts`));
  const template = join(from, `${name}.html`);
  const dialog = existsSync(template) ? include(root, readFileSync(template, 'utf8')) : '';
  writeFileSync(join(to, `${name}.html`), `<script type="text/javascript">\n${script}</script>\n\n${dialog}`);
  if (existsSync(join(from, 'icons'))) cpSync(join(from, 'icons'), join(to, 'icons'), { recursive: true });
  await pages(from, to);
  for (const language of readdirSync(join(from, 'locales'))) writeLocale(root, from, to, name, language);
}

async function bundle(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    loader: { '.css': 'text' },
    logLevel: 'error',
  });
  // A closing tag inside a string would end the script element it stands in.
  return result.outputFiles[0].text.replaceAll('</script', '<\\/script');
}

function include(root, html) {
  return html.replace(/^[ \t]*<!-- include (\S+) -->\n/gm, (_, file) =>
    readFileSync(join(root, 'nodes/kit/editor', file), 'utf8'),
  );
}

/** A plugin may have a page of its own, outside the editor: page/page.ts with its html and css. */
async function pages(from, to) {
  const page = join(from, 'page');
  if (!existsSync(join(page, 'page.ts'))) return;
  mkdirSync(join(to, 'page'), { recursive: true });
  writeFileSync(join(to, 'page', 'page.js'), await bundle(join(page, 'page.ts')));
  for (const file of readdirSync(page)) {
    if (/\.(html|css)$/.test(file)) cpSync(join(page, file), join(to, 'page', file));
  }
}

function writeLocale(root, from, to, name, language) {
  const target = join(to, 'locales', language);
  mkdirSync(target, { recursive: true });
  const own = JSON.parse(readFileSync(join(from, 'locales', language, `${name}.json`), 'utf8'));
  const labels = merge([...sharedLabels(root, from, name, language), own]);
  writeFileSync(join(target, `${name}.json`), `${JSON.stringify(labels, null, 2)}\n`);
  const help = join(from, 'locales', language, `${name}.md`);
  if (!existsSync(help)) return;
  const text = readFileSync(help, 'utf8');
  writeFileSync(
    join(target, `${name}.html`),
    `<script type="text/markdown" data-help-name="${nodeType(name)}">\n${text}</script>\n`,
  );
}

/** kit.json for everyone; beside it, for each included piece of dialog, a file of the same name with its labels. */
function sharedLabels(root, from, name, language) {
  const template = join(from, `${name}.html`);
  const pieces = existsSync(template)
    ? [...readFileSync(template, 'utf8').matchAll(/<!-- include (\S+)\.html -->/g)].map((m) => m[1])
    : [];
  const files = ['kit', ...pieces].map((piece) => join(root, 'nodes/kit/locales', language, `${piece}.json`));
  return files.filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')));
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
