import assert from 'node:assert/strict';
import { DEFAULT_FILE_POLICY, type FileRule, fileTypes, requireAllowed } from '../../src/delivery/file-policy.js';

const file = (name: string, mimeType = '', size?: number) => ({ id: 'f', name, mimeType, ...(size !== undefined && { size }) });
const policy = (rule: FileRule, types: string) => ({ ...DEFAULT_FILE_POLICY, rule, types: fileTypes(types) });

describe('the attachment policy of a party', () => {
  it('is typed as people write it', () => {
    assert.deepEqual(fileTypes(' pdf, .PNG;*.txt\nimage/* '), ['pdf', 'png', 'txt', 'image/*']);
    assert.deepEqual(fileTypes(''), []);
  });

  for (const [rule, types, name, media, passes] of [
    ['all', '', 'run.exe', 'application/x-msdownload', true],
    ['all', 'exe', 'run.exe', '', true],
    ['except', 'exe, bat', 'run.EXE', '', false],
    ['except', 'exe, bat', 'report.pdf', '', true],
    ['except', 'application/x-msdownload', 'report.pdf', 'application/x-msdownload; x=y', false],
    ['except', '', 'run.exe', '', true],
    ['only', 'pdf, png', 'report.pdf', 'text/html', true],
    ['only', 'pdf, png', 'invoice.pdf.exe', 'application/pdf', false],
    ['only', 'image/*', 'photo.jpg', 'image/jpeg', true],
    ['only', 'image/*', 'photo.jpg', 'imagex/jpeg', false],
    ['only', 'jpg, image/*', 'run.exe', 'image/jpeg', false],
    ['only', 'jpg, image/*', 'photo.jpg', 'image/jpeg', true],
    ['only', 'pdf', 'noextension', '', false],
    ['only', '', 'report.pdf', '', false],
  ] as const)
    it(`"${rule} ${types}" ${passes ? 'lets' : 'does not let'} ${name} ${media} pass`, () => {
      const check = () => requireAllowed(file(name, media), policy(rule, types), 'Acme');
      if (passes) assert.doesNotThrow(check);
      else assert.throws(check, { code: 'SWB_FILE_REFUSED', waits: false });
    });

  it('says what is not allowed, by whom, and what to do', () => {
    assert.throws(() => requireAllowed(file('run.exe', 'application/x-msdownload'), policy('except', 'exe'), 'Acme'), {
      message:
        'The file run.exe is not passed on: the settings of Acme do not allow its type (.exe, application/x-msdownload). Send the file another way and skip it, or change the attachment settings of the endpoint, deploy and replay it.',
    });
  });

  it('refuses what is announced as too large before it is fetched', () => {
    const small = { ...DEFAULT_FILE_POLICY, largest: 1024 ** 2 };
    assert.doesNotThrow(() => requireAllowed(file('a.txt', '', 1024 ** 2), small, 'Acme'));
    assert.throws(() => requireAllowed(file('a.txt', '', 1024 ** 2 + 1), small, 'Acme'), {
      code: 'SWB_TOO_LARGE',
      message: /larger than 1 MB, the most that the settings of Acme allow/,
    });
  });
});
