import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { say, useLanguage } from '../../src/text/say.js';
import { runtimeFiles, textsIn } from './texts.js';

const german = JSON.parse(readFileSync('src/text/de.json', 'utf8')) as Record<string, string>;
const said = new Map(runtimeFiles().flatMap((file) => textsIn(file).map((text) => [text, file] as const)));

describe('texts of the runtime', () => {
  afterEach(() => useLanguage('en-US'));

  it('are English unless Node-RED speaks a language that has a catalog', () => {
    assert.equal(say`"${'x'}" is not a number.`, '"x" is not a number.');
    useLanguage('fr');
    assert.equal(say`"${'x'}" is not a number.`, '"x" is not a number.');
    useLanguage('de-AT');
    assert.equal(say`"${'x'}" is not a number.`, '„x“ ist keine Zahl.');
    assert.equal(say`Nobody has translated ${1} of these.`, 'Nobody has translated 1 of these.');
  });

  it('are all in the German catalog, and nothing else is', () => {
    assert.deepEqual(
      [...said.keys()].filter((text) => !(text in german)),
      [],
      'without a translation',
    );
    assert.deepEqual(
      Object.keys(german).filter((text) => !said.has(text)),
      [],
      'no longer said',
    );
  });

  it('fill in the same values in German', () => {
    const blanks = (text: string) => [...text.matchAll(/\{\d+\}/g)].map(String).sort();
    for (const [english, translated] of Object.entries(german)) assert.deepEqual(blanks(translated), blanks(english), english);
  });

  it('are said with say, where an error is made of them', () => {
    const raw = runtimeFiles().flatMap((file) => {
      const code = readFileSync(file, 'utf8');
      const errors = code.matchAll(/new (?:Switchboard|Partner|Decision)Error\(\s*(?:'\w+',\s*){1,2}(['"`](?!SWB_)[^\n]*)/g);
      const hints = code.matchAll(/\bhint:\s*(['"`][^\n]*)/g);
      return [...errors, ...hints].map(([, text]) => `${file}: ${text}`);
    });
    assert.deepEqual(raw, []);
  });
});
