import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../src/cli/user-settings.js';

const NOBODY = /Nobody can sign in with this adminAuth\. It should look like this: adminAuth:/;
const INVALID: [string, RegExp][] = [
  ['module.exports = { a: [ };', /settings\.js: The settings file cannot be loaded: /],
  ["module.exports = { httpAuth: { user: 'a', pass: 'b' } };", /settings\.js: httpAuth is not supported\. Use adminAuth/],
  ["module.exports = { httpAdminAuth: { user: 'a', pass: 'b' } };", /httpAdminAuth is not supported\. Use adminAuth/],
  ['module.exports = { adminAuth: {} };', NOBODY],
  ['module.exports = { adminAuth: true };', NOBODY],
  ["module.exports = { adminAuth: { type: 'credentials' } };", NOBODY],
  ["module.exports = { adminAuth: { type: 'credentials', users: [] } };", NOBODY],
  ["module.exports = { adminAuth: { type: 'strategy' } };", NOBODY],
  ["module.exports = { uiHost: ['127.0.0.1'] };", /uiHost is not a string/],
  ['module.exports = async () => {};', /exports no settings/],
];

describe('a settings file', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-settings-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [number, [text, message]] of INVALID.entries())
    it(`is refused: ${text}`, () => {
      // Each in a folder of its own: what was loaded once is not read again.
      const file = join(mkdtempSync(join(folder, `${number}-`)), 'settings.js');
      writeFileSync(file, text);
      assert.throws(() => readSettings(file), { message });
    });
});
