import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { say, useLanguage } from '../../src/text/say.js';
import { ofSystems, runtimeFiles, textsIn } from './texts.js';

/** Systems may bring texts of their own along. */
const german = Object.assign(
  {},
  ...['src/text/de.json', ...ofSystems('.', 'de')].map((file) => JSON.parse(readFileSync(file, 'utf8'))),
) as Record<string, string>;
const texts = new Map(runtimeFiles().flatMap((file) => textsIn(file).map((text) => [text, file] as const)));

describe('texts of the runtime', () => {
  afterEach(() => useLanguage('en-US'));

  it('are English unless there is a catalog for the language of Node-RED', () => {
    assert.equal(say`"${'x'}" is not a number.`, '"x" is not a number.');
    useLanguage('fr');
    assert.equal(say`"${'x'}" is not a number.`, '"x" is not a number.');
    useLanguage('de-AT');
    assert.equal(say`"${'x'}" is not a number.`, '„x“ ist keine Zahl.');
    assert.equal(say`This text with ${1} value is not translated.`, 'This text with 1 value is not translated.');
  });

  it('are exactly those of the German catalog', () => {
    assert.deepEqual(
      [...texts.keys()].filter((text) => !(text in german)),
      [],
      'not translated',
    );
    assert.deepEqual(
      Object.keys(german).filter((text) => !texts.has(text)),
      [],
      'no longer used',
    );
  });

  it('have the same placeholders in German', () => {
    const placeholders = (text: string) => [...text.matchAll(/\{\d+\}/g)].map(String).sort();
    for (const [english, translated] of Object.entries(german))
      assert.deepEqual(placeholders(translated), placeholders(english), english);
  });

  it('use the say tag in errors and hints', () => {
    const raw = runtimeFiles().flatMap((file) => {
      const code = readFileSync(file, 'utf8');
      const errors = code.matchAll(/new (?:Switchboard|Partner|Decision)Error\(\s*(?:'\w+',\s*){1,2}(['"`](?!SWB_)[^\n]*)/g);
      const hints = code.matchAll(/\bhint:\s*(['"`][^\n]*)/g);
      return [...errors, ...hints].map(([, text]) => `${file}: ${text}`);
    });
    assert.deepEqual(raw, []);
  });
});
