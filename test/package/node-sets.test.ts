import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endpointDefaults } from '../../nodes/kit/endpoint.config.js';
import { inDefaults } from '../../nodes/kit/in.config.js';
import { outDefaults } from '../../nodes/kit/out.config.js';
import { allSets, configSets, definition, flowSets, nodeSets, nodeType, pack, systemSet } from './built-set.js';

describe('the node sets', () => {
  it('match the folders: one set per node', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/node-set.mjs', '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  for (const [set, file] of Object.entries(allSets)) {
    it(`${set}: has a runtime, an editor part and labels`, () => {
      for (const path of [file, file.replace(/\.js$/, '.html'), join(dirname(file), 'locales', 'en-US', `${set}.json`)]) {
        assert.ok(existsSync(path), path);
      }
    });
  }

  for (const set of Object.keys(nodeSets)) {
    it(`${set}: has help that starts with its purpose and uses Node-RED's sections`, () => {
      const help = readFileSync(`dist/nodes/${set}/locales/en-US/${set}.html`, 'utf8');
      assert.match(help, new RegExp(`^<script type="text/markdown" data-help-name="${nodeType(set)}">\n[A-Z][^#]+\\.\n\n`));
      const titles = [...help.matchAll(/^### (.+)$/gm)].map((match) => match[1]);
      const allowed = ['Inputs', 'Outputs', 'Details', 'References'];
      assert.deepEqual(
        titles,
        allowed.filter((title) => titles.includes(title)),
        'sections, in this order',
      );
      const { inputs, outputs } = definition(set);
      assert.equal(titles.includes('Inputs'), inputs === 1, 'Inputs');
      assert.equal(titles.includes('Outputs'), (outputs ?? 0) > 0, 'Outputs');
      assert.ok(titles.includes('Details') && titles.includes('References'));
    });

    it(`${set}: has the same defaults in the editor and in the runtime`, async () => {
      const shown = Object.fromEntries(Object.entries(definition(set).defaults).map(([name, { value }]) => [name, value]));
      assert.deepEqual(plain(shown), plain(await runtimeDefaults(set)));
    });

    it(`${set}: has the same credentials in the editor and in the runtime`, () => {
      assert.deepEqual(plain(definition(set).credentials ?? {}), registeredCredentials(set));
    });
  }

  it('have an icon, port labels, a palette label and a colour of the family', () => {
    for (const set of flowSets()) {
      const made = definition(set);
      assert.ok(existsSync(`dist/nodes/${set}/icons/${made.icon}`), `${set}: ${made.icon}`);
      assert.equal(made.category, 'switchboard');
      assert.equal(made.paletteLabel, set.replaceAll('-', ' '), set);
      if (made.inputs) assert.equal(typeof made.inputLabels, 'function', set);
      if (made.outputs) assert.equal(typeof made.outputLabels, 'function', set);
      if (set.endsWith('-out') && set !== 'fan-out') assert.equal(made.align, 'right');
      assert.ok(contrast(made.color ?? '', '#333333') >= 4.5, `${set}: its name is readable on ${made.color}`);
    }
  });

  it('have icon names that are unique in Node-RED', () => {
    const names = Object.keys(nodeSets).flatMap((set) => {
      const folder = `dist/nodes/${set}/icons`;
      return existsSync(folder) ? readdirSync(folder) : [];
    });
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^switchboard-.+\.svg$/);
  });

  it('refer to existing config node types', () => {
    const known = [...configSets().map(nodeType), 'tls-config', 'http proxy'];
    for (const set of Object.keys(nodeSets)) {
      for (const [name, { type }] of Object.entries(definition(set).defaults)) {
        if (type) assert.ok(known.includes(type), `${set}.${name}: ${type}`);
      }
    }
  });

  it('validate URLs, numbers and environment variables', () => {
    const { baseUrl, timeout, settling } = definition('servicenow-endpoint').defaults;
    const asNode = { _def: { _: (key: string) => key } };
    const check = (setting: typeof baseUrl, value: string) => setting?.validate?.call(asNode, value, {});
    assert.equal(check(baseUrl, 'https://acme.service-now.com'), true);
    assert.equal(check(baseUrl, environment('ACME_URL')), true);
    assert.equal(check(baseUrl, 'acme.service-now.com'), 'invalid.address');
    assert.equal(check(baseUrl, 'https://me:secret@acme.example'), 'invalid.addressWithUser');
    assert.equal(check(baseUrl, ''), 'invalid.missing');
    assert.equal(check(timeout, '30'), true);
    assert.equal(check(timeout, environment('TIMEOUT')), true);
    assert.equal(check(timeout, 'soon'), 'invalid.numberBetween');
    assert.equal(check(timeout, ''), 'invalid.numberBetween');
    // Flows of version 0.1.0 lack the setting.
    assert.equal(check(settling, ''), true);
    assert.equal(check(settling, 'soon'), 'invalid.numberBetween');
  });
});

describe('npm pack', () => {
  it('includes what users need and nothing else', () => {
    const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
    const files = (JSON.parse(stdout) as { files: { path: string }[] }[])[0]?.files.map((file) => file.path) ?? [];
    for (const needed of [
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      ...Object.values(allSets),
      ...Object.values(binaries()),
    ]) {
      assert.ok(files.includes(needed), needed);
    }
    assert.ok(files.some((file) => file.startsWith('examples/')));
    const stray = files.filter((file) => /(^|\/)(test|bench|scripts|\.dist-)|\.test\.|\.editor\.|(?<!\.d)\.ts$/.test(file));
    assert.deepEqual(stray, []);
  });
});

function environment(name: string): string {
  return `\${${name}}`;
}

function binaries(): Record<string, string> {
  return (pack as unknown as { bin?: Record<string, string> }).bin ?? {};
}

/**
 * The default settings of a node: of a system's nodes from its form, of other nodes the `…Defaults` that its settings file
 * exports.
 */
async function runtimeDefaults(set: string): Promise<unknown> {
  const { kind, form } = systemSet(set) ?? {};
  if (form && kind === 'endpoint')
    return {
      ...endpointDefaults(form.endpoint),
      ...(form.endpoint.migrations && { settingsVersion: form.endpoint.migrations.length }),
    };
  if (form) return kind === 'in' ? inDefaults(form) : outDefaults(form);
  const loaded = (await import(pathToFileURL(join('dist', 'nodes', set, `${set}.config.js`)).href)) as { default?: object };
  const entry = Object.entries(loaded.default ?? loaded).find(([name]) => name.endsWith('Defaults'));
  assert.ok(entry, `nodes/${set}/${set}.config.ts exports its defaults`);
  return entry[1];
}

/** Objects from the editor script belong to another realm with other prototypes. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The WCAG 2 contrast of two colours. */
function contrast(a: string, b: string): number {
  const light = [a, b].map((colour) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  });
  return (Math.max(...light) + 0.05) / (Math.min(...light) + 0.05);
}

/** The credentials that a set registers in the runtime; all other calls to Node-RED go to stubs. */
function registeredCredentials(set: string): object {
  let credentials: object = {};
  const nothing: unknown = new Proxy(() => undefined, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : nothing),
    apply: () => nothing,
  });
  const nodes = {
    createNode() {},
    registerType(_type: string, _node: unknown, options: { credentials?: object } = {}) {
      credentials = options.credentials ?? {};
    },
  };
  const RED = new Proxy({ nodes }, { get: (target, name) => Reflect.get(target, name) ?? nothing });
  require(resolve(`dist/nodes/${set}/${set}.js`))(RED);
  return credentials;
}
