import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSets, builtHtml, catalog, flat } from './built-set.js';

const KIT = 'nodes/kit/locales';
const LANGUAGES = readdirSync(KIT);

describe('labels', () => {
  for (const set of Object.keys(allSets)) {
    it(`${set}: every label that is asked for is there`, () => {
      const known = catalog(set, 'en-US');
      const missing = asked(set).filter((key) => ![...known.keys()].some((have) => matches(key, have)));
      assert.deepEqual(missing, []);
    });

    it(`${set}: every label of its own is asked for`, () => {
      const own = flat(JSON.parse(readFileSync(`nodes/${set}/locales/en-US/${set}.json`, 'utf8')));
      const wanted = mentioned(set);
      const unused = [...own.keys()].filter((have) => !wanted.some((key) => matches(key, have)));
      assert.deepEqual(unused, []);
    });
  }

  it('every shared label is asked for by someone', () => {
    const wanted = Object.keys(allSets).flatMap(mentioned);
    for (const file of readdirSync(join(KIT, 'en-US'))) {
      const shared = flat(JSON.parse(readFileSync(join(KIT, 'en-US', file), 'utf8')));
      assert.deepEqual(
        [...shared.keys()].filter((have) => !wanted.some((key) => matches(key, have))),
        [],
        file,
      );
    }
  });

  it('no node says otherwise what a shared label says', () => {
    for (const set of Object.keys(allSets)) {
      const own = flat(JSON.parse(readFileSync(`nodes/${set}/locales/en-US/${set}.json`, 'utf8')));
      for (const file of readdirSync(join(KIT, 'en-US'))) {
        const shared = flat(JSON.parse(readFileSync(join(KIT, 'en-US', file), 'utf8')));
        assert.deepEqual(
          [...own.keys()].filter((key) => shared.has(key)),
          [],
          `${set} and ${file}`,
        );
      }
    }
  });

  it('every language has the same labels, with the same blanks to fill', () => {
    for (const language of LANGUAGES.filter((one) => one !== 'en-US')) {
      for (const set of Object.keys(allSets)) {
        const english = catalog(set, 'en-US');
        const other = catalog(set, language);
        assert.deepEqual([...other.keys()].sort(), [...english.keys()].sort(), `${set} in ${language}`);
        for (const [key, text] of english)
          assert.deepEqual(blanks(other.get(key) ?? ''), blanks(text), `${set} ${key} in ${language}`);
      }
    }
  });
});

function blanks(text: string): string[] {
  return [...text.matchAll(/__\w+?__/g)].map((match) => match[0]).sort();
}

/** A key that is put together, such as `state.${state}`, asks for every label it could mean. */
function matches(key: string, have: string): boolean {
  // i18next chooses between the forms of a number.
  if (!key.includes('*')) return key === have.replace(/_(one|other)$/, '');
  return new RegExp(
    `^${key
      .split('*')
      .map((part) => part.replace(/[.[\]]/g, '\\$&'))
      .join('.+')}$`,
  ).test(have);
}

/** Keys in a set's dialog. */
function inDialog(set: string): string[] {
  const html = builtHtml(set).replace(/<script type="text\/javascript">[\s\S]*?<\/script>/, '');
  const values = [...html.matchAll(/data-i18n="([^"]+)"/g)].flatMap(([, value = '']) => value.split(';'));
  return values.map((part) => part.replace(/^\[\w+\]/, '')).filter((key) => !key.includes(':'));
}

/** Keys that the code of a set asks for by name; `${…}` inside one is given as `*`. */
function asked(set: string): string[] {
  const calls = code(set).matchAll(/\b(?:_|t|translate)\(\s*(?:"([\w.]+)"|`([^`]+)`)/g);
  return [...inDialog(set), ...[...calls].map(([, quoted, template]) => quoted ?? pattern(template ?? ''))];
}

/** The same, and whatever else in its code could be a key: many are chosen between, or handed on. */
function mentioned(set: string): string[] {
  const texts = code(set).matchAll(/"([\w.]+\.[\w.]+)"|`([\w.]+\.[^`\s]*)`/g);
  return [
    ...asked(set),
    ...[...texts].map(([, quoted, template]) => quoted ?? pattern(template ?? '')),
    'palette.label.switchboard',
  ];
}

function pattern(template: string): string {
  return template.replace(/\$\{[^}]*\}/g, '*');
}

/** The editor's code of a set with all it imports, as bundled, and the page's where it has one. */
function code(set: string): string {
  const script = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(builtHtml(set))?.[1] ?? '';
  const page = `dist/nodes/${set}/page/page.js`;
  return script + (existsSync(page) ? readFileSync(page, 'utf8') : '');
}
