import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSets, builtHtml, catalog, flat, nodeSets, sourceOf } from './built-set.js';

const KIT = 'nodes/kit/locales';
const ENGLISH = 'en-US';

describe('labels', () => {
  for (const set of Object.keys(allSets)) {
    it(`${set}: every label in use exists`, () => {
      const known = catalog(set, ENGLISH);
      const missing = usedKeys(set).filter((key) => ![...known.keys()].some((have) => matches(key, have)));
      assert.deepEqual(missing, []);
    });

    it(`${set}: every label of the set is in use`, () => {
      const own = flat(JSON.parse(readFileSync(sourceOf(set, ENGLISH, 'json'), 'utf8')));
      const wanted = possibleKeys(set);
      const unused = [...own.keys()].filter((have) => !wanted.some((key) => matches(key, have)));
      assert.deepEqual(unused, []);
    });
  }

  it('every shared label is in use', () => {
    const wanted = Object.keys(allSets).flatMap(possibleKeys);
    for (const file of readdirSync(join(KIT, ENGLISH))) {
      const shared = flat(JSON.parse(readFileSync(join(KIT, ENGLISH, file), 'utf8')));
      assert.deepEqual(
        [...shared.keys()].filter((have) => !wanted.some((key) => matches(key, have))),
        [],
        file,
      );
    }
  });

  it('no node overrides a shared label', () => {
    for (const set of Object.keys(allSets)) {
      const own = flat(JSON.parse(readFileSync(sourceOf(set, ENGLISH, 'json'), 'utf8')));
      for (const file of readdirSync(join(KIT, ENGLISH))) {
        const shared = flat(JSON.parse(readFileSync(join(KIT, ENGLISH, file), 'utf8')));
        assert.deepEqual(
          [...own.keys()].filter((key) => shared.has(key)),
          [],
          `${set} and ${file}`,
        );
      }
    }
  });
});

/** Every set has all languages of the shared labels. */
for (const language of readdirSync(KIT).filter((one) => one !== ENGLISH)) {
  describe(`labels and help in ${language}`, () => {
    for (const set of Object.keys(allSets)) {
      it(`${set}: has the same labels with the same placeholders as in English`, () => {
        const english = catalog(set, ENGLISH);
        const other = catalog(set, language);
        assert.deepEqual([...other.keys()].sort(), [...english.keys()].sort());
        for (const [key, text] of english) assert.deepEqual(placeholders(other.get(key) ?? ''), placeholders(text), key);
      });

      if (!(set in nodeSets)) continue;
      it(`${set}: its help has the same sections, properties, code names and links as in English`, () => {
        assert.deepEqual(skeleton(help(set, language)), skeleton(help(set, ENGLISH)));
      });
    }
  });
}

function help(set: string, language: string): string {
  return readFileSync(sourceOf(set, language, 'md'), 'utf8');
}

/** The parts of a help text that a translation must not change. */
function skeleton(text: string): Record<string, string[]> {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([whole, part]) => part ?? whole);
  return {
    sections: all(/^###(?= )/gm),
    outputs: all(/^\d+\.(?= )/gm),
    properties: all(/^ *: (\w+ \(\w+\))/gm),
    names: [...new Set(all(/`([^`]+)`/g))].sort(),
    links: all(/\]\(([^)]+)\)/g),
  };
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/__\w+?__|\$\{\w+\}/g)].map((match) => match[0]).sort();
}

/** A computed key, such as `state.${state}`, uses every label that it can match. */
function matches(key: string, have: string): boolean {
  // i18next chooses the plural form.
  if (!key.includes('*')) return key === have.replace(/_(one|other)$/, '');
  return new RegExp(
    `^${key
      .split('*')
      .map((part) => part.replace(/[.[\]]/g, '\\$&'))
      .join('.+')}$`,
  ).test(have);
}

/** Keys in the dialog of a set. */
function inDialog(set: string): string[] {
  const html = builtHtml(set).replace(/<script type="text\/javascript">[\s\S]*?<\/script>/, '');
  const values = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) => value.split(';'));
  return values.map((part) => part.replace(/^\[\w+\]/, '')).filter((key) => !key.includes(':'));
}

/** Keys that the code of a set passes to the translate function; `${…}` inside a key becomes `*`. */
function usedKeys(set: string): string[] {
  const calls = code(set).matchAll(/\b(?:_|t|translate)\(\s*(?:["']([\w.]+)["']|`([^`]+)`)/g);
  return [...inDialog(set), ...[...calls].map(([, quoted, template]) => quoted ?? pattern(template ?? ''))];
}

/** The same, and every other string in the code that could be a key: many keys are selected or passed on. */
function possibleKeys(set: string): string[] {
  const texts = code(set).matchAll(/["']([\w.]+\.[\w.]+)["']|`([\w.]+\.[^`\s]*)`/g);
  return [
    ...usedKeys(set),
    ...[...texts].map(([, quoted, template]) => quoted ?? pattern(template ?? '')),
    'palette.label.switchboard',
  ];
}

function pattern(template: string): string {
  return template.replace(/\$\{[^}]*\}/g, '*');
}

/** The bundled editor code of a set, and the code of its page and its file in resources/, if any. */
function code(set: string): string {
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(builtHtml(set))?.[1] ?? '';
  const more = [`dist/nodes/${set}/page/page.js`, `resources/${set}.js`].filter(existsSync);
  return script + more.map((file) => readFileSync(file, 'utf8')).join('\n');
}
