import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FIXED, reasonText } from '../../../nodes/sidebar/view/fixed-text.js';

const german = JSON.parse(readFileSync('src/text/de.json', 'utf8')) as Record<string, string>;

describe('texts that the runtime stores', () => {
  const shown = (text: string) => reasonText(text, (key) => `label ${key}`);

  it('are shown in the language of the user if nobody has written them, whatever the language of the runtime', () => {
    const english = 'Skipped by a user.';
    for (const text of [english, german[english]!]) assert.equal(shown(text), 'label fixed.skipped');
    assert.equal(shown('Done by phone.'), 'Done by phone.');
  });

  it('are those of the runtime', () => {
    const known = new Set(Object.entries(german).flat());
    assert.deepEqual(
      Object.keys(FIXED).filter((text) => !known.has(text)),
      [],
    );
  });
});
