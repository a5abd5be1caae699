import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentValue } from '../src/environment.js';

describe('a value of the environment', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-environment-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const file = (content: string, name = 'secret') => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const failure = (path: string) => {
    try {
      environmentValue('ACME', { ACME_FILE: path });
    } catch (error) {
      return (error as Error).message;
    }
    return assert.fail('no error');
  };

  it('is that of the variable, even where a file is named too', () => {
    assert.equal(environmentValue('ACME', { ACME: 'one' }), 'one');
    assert.equal(environmentValue('ACME', { ACME: 'one', ACME_FILE: file('two') }), 'one');
    assert.equal(environmentValue('ACME', {}), undefined);
    assert.equal(environmentValue('ACME', { ACME: '' }), '');
  });

  it('is the content of the file, without one line break at its end', () => {
    assert.equal(environmentValue('ACME', { ACME_FILE: file('two') }), 'two');
    assert.equal(environmentValue('ACME', { ACME_FILE: file('two\n') }), 'two');
    assert.equal(environmentValue('ACME', { ACME: '', ACME_FILE: file('tw\no\r\n') }), 'tw\no');
    assert.equal(environmentValue('ACME', { ACME_FILE: file(' two \n\n') }), ' two \n');
  });

  it('is an error in words where the file has none', () => {
    assert.match(
      failure(join(folder, 'none')),
      /The file .*none, which the environment variable ACME_FILE names, does not exist/,
    );
    assert.match(failure(file('\n')), /is empty/);
    assert.match(failure(folder), /is no file of at most 64 KB/);
    assert.match(failure(file('x'.repeat(65 * 1024))), /is no file of at most 64 KB/);
  });

  it('is an error that does not quote the file where it cannot be read', function () {
    if (process.getuid?.() === 0) this.skip();
    const path = file('the-secret', 'closed');
    chmodSync(path, 0);
    assert.match(failure(path), /cannot be read: EACCES/);
  });
});
