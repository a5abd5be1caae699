import assert from 'node:assert/strict';
import { DEFAULT_FILE_POLICY, type FileRule, requireAllowed, requireServedAllowed } from '../../src/delivery/file-policy.js';
import { fileTypes } from '../../src/delivery/file-types.js';

const file = (name: string, mimeType = '', size?: number) => ({ id: 'f', name, mimeType, ...(size !== undefined && { size }) });
const policy = (rule: FileRule, types: string) => ({ ...DEFAULT_FILE_POLICY, rule, types: fileTypes(types).types });

describe('the attachment policy of a party', () => {
  it('is typed as people write it', () => {
    assert.deepEqual(fileTypes(' pdf, .PNG;*.txt\nimage/* '), { types: ['pdf', 'png', 'txt', 'image/*'] });
    assert.deepEqual(fileTypes(''), { types: [] });
  });

  for (const invalid of ['*', '*.*', '*/*', '.', 'image/', '/png', 'tar.gz', 'image/p*', 'a/b/c', '<exe>'])
    it(`takes no "${invalid}"`, () => assert.equal(fileTypes(`pdf, ${invalid}, png`).invalid, invalid));

  const MIXED = 'pdf, png, image/*';
  for (const [rule, types, name, media, passes] of [
    ['all', '', 'run.exe', 'application/x-msdownload', true],
    ['all', 'exe', 'run.exe', '', true],

    ['except', 'exe, bat', 'run.EXE', '', false],
    ['except', 'exe, bat', 'report.pdf', '', true],
    ['except', 'exe, bat', 'report.pdf.exe', 'application/pdf', false],
    ['except', 'exe, bat', 'report.exe.pdf', '', true],
    ['except', 'exe', 'run.exe.', '', false],
    ['except', 'exe', 'run.exe . .', '', false],
    ['except', 'exe', 'run.exe\u200b', '', false],
    ['except', 'exe', 'run.exe:b', '', false],
    ['except', 'exe', 'run.exe::$DATA', '', false],
    ['except', 'exe', 'C:\\a\\run.exe', '', false],
    ['except', 'exe', 'in\u202efdp.exe', '', false],
    ['except', 'application/x-msdownload', 'report.pdf', 'application/x-msdownload; x=y', false],
    ['except', 'application/x-msdownload', 'run.exe', '', false],
    ['except', 'application/x-msdownload', 'run.exe', 'image/png', false],
    ['except', 'text/html', 'page.htm', 'application/octet-stream', false],
    ['except', 'image/*', 'photo.jpg', '', false],
    ['except', 'image/*', 'photo', 'image/jpeg', false],
    ['except', 'image/*', 'photo', '', true],
    ['except', 'exe', 'run.xyz', '', true],

    ['only', MIXED, 'report.pdf', 'application/pdf', true],
    ['only', MIXED, 'report.pdf', '', true],
    ['only', MIXED, 'report.PDF', 'application/octet-stream', true],
    ['only', MIXED, 'photo.jpg', 'image/jpeg', true],
    ['only', MIXED, 'photo.JPG', 'IMAGE/JPEG; x=y', true],
    ['only', MIXED, 'photo.jpg', '', true],
    ['only', MIXED, 'photo.jpg', 'application/octet-stream', true],
    ['only', MIXED, 'photo.jpg', 'text/html', false],
    ['only', MIXED, 'photo.jpg.', 'image/jpeg', true],
    ['only', MIXED, 'photo', 'image/jpeg', true],
    ['only', MIXED, 'photo', '', false],
    ['only', MIXED, 'photo', 'application/octet-stream', false],
    ['only', MIXED, 'photo', 'application/pdf', false],
    ['only', MIXED, 'run.exe', 'image/png', false],
    ['only', MIXED, 'run.ps1', 'image/png', false],
    ['only', MIXED, 'run.scr', 'image/png', false],
    ['only', MIXED, 'run.lnk', 'image/png', false],
    ['only', MIXED, 'a.pdf.exe', 'application/pdf', false],
    ['only', MIXED, 'a.png.exe ', 'image/png', false],
    ['only', MIXED, 'a.exe:b.png', 'image/png', true],
    ['only', MIXED, 'a.png:b.exe', 'image/png', false],
    ['only', MIXED, 'a.exe:b', 'image/png', false],
    ['only', MIXED, 'a.png::$DATA', 'image/png', false],
    ['only', MIXED, 'a.png/run.exe', 'image/png', false],
    ['only', MIXED, 'a.png\u0000.exe', 'image/png', false],
    ['only', MIXED, '.pdf', '', true],
    ['only', 'pdf, png', 'report.pdf', 'text/html', true],
    ['only', 'pdf, png', 'report', 'application/pdf', false],
    ['only', 'pdf', 'noextension', '', false],
    ['only', 'log', 'trace.log', 'text/plain', true],
    ['only', 'xyz', 'own.xyz', 'application/x-own', true],
    ['only', 'image/*', 'photo.jpg', 'imagex/jpeg', false],
    ['only', 'application/pdf', 'report.pdf', '', true],
    ['only', 'image/jpeg', 'photo.png', 'image/jpeg', false],
    ['only', 'jpg, image/*', 'run.exe', 'image/jpeg', false],
  ] as const)
    it(`"${rule} ${types}" ${passes ? 'lets' : 'does not let'} ${JSON.stringify(name)} ${media} pass`, () => {
      const check = () => requireAllowed(file(name, media), policy(rule, types), 'Acme');
      if (passes) assert.doesNotThrow(check);
      else assert.throws(check, { code: 'SWB_FILE_REFUSED', waits: false });
    });

  for (const [rule, types, name, announced, served, passes] of [
    ['all', '', 'sneaky.txt', 'text/plain', 'application/x-msdownload', true],

    ['only', 'txt, pdf', 'sneaky.txt', 'text/plain', 'application/x-msdownload', false],
    ['only', 'txt, pdf', 'sneaky.txt', '', 'application/x-dosexec', false],
    ['only', 'txt, pdf', 'sneaky.txt', '', 'text/javascript', false],
    ['only', 'txt, pdf', 'report.pdf', 'application/pdf', 'image/png', false],
    ['only', 'application/pdf', 'report.pdf', '', 'application/zip', false],
    ['only', 'txt, pdf', 'report.txt', '', 'application/pdf', true],
    ['only', 'txt, pdf', 'report.pdf', '', 'application/pdf', true],
    ['only', 'pdf, image/*', 'report.pdf', '', 'image/png', true],
    ['only', 'image/*', 'photo', 'image/jpeg', 'application/x-msdownload', false],
    ['only', 'image/*', 'photo', 'image/jpeg', 'image/png', true],
    ['only', 'txt, pdf', 'report.pdf', '', '', true],
    ['only', 'pdf', 'report.pdf', '', 'application/octet-stream', true],
    ['only', 'pdf', 'report.pdf', '', 'binary/octet-stream', true],
    ['only', 'pdf', 'report.pdf', '', 'application/force-download', true],
    ['only', 'pdf', 'report.pdf', '', 'application/x-pdf', true],
    ['only', 'csv', 'rows.csv', '', 'text/plain', true],
    ['only', 'csv', 'rows.csv', '', 'application/csv', true],
    ['only', 'csv', 'rows.csv', 'application/vnd.ms-excel', 'application/vnd.ms-excel', true],
    ['only', 'log', 'trace.log', '', 'text/x-log', true],
    ['only', 'json', 'data.json', '', 'text/plain', true],
    ['only', 'json', 'data.json', '', 'text/json', true],
    ['only', 'xml', 'data.xml', '', 'application/xml', true],
    ['only', 'txt', 'notes.txt', '', 'text/markdown', true],
    ['only', 'svg', 'plan.svg', '', 'application/xml', true],
    ['only', 'docx', 'letter.docx', '', 'application/zip', true],
    ['only', 'jpg', 'photo.jpg', '', 'image/jpg', true],
    ['only', 'jpg', 'photo.jpg', '', 'image/pjpeg', true],
    ['only', 'zip', 'all.zip', '', 'application/x-zip-compressed', true],
    ['only', 'qwx', 'own.qwx', '', 'application/x-own', true],
    ['only', 'qwx', 'own.qwx', '', 'application/x-msdownload', false],

    ['except', 'exe', 'sneaky.txt', '', 'application/x-msdownload', false],
    ['except', 'application/x-msdownload', 'sneaky.txt', '', 'application/x-msdownload', false],
    ['except', 'exe', 'setup.msi', '', 'application/x-msdownload', true],
    ['except', 'exe', 'notes.txt', '', 'application/octet-stream', true],
    ['except', 'log', 'notes.txt', '', 'text/plain', true],
    ['except', 'exe', 'report.pdf', '', 'application/pdf', true],
  ] as const)
    it(`"${rule} ${types}" ${passes ? 'lets' : 'does not let'} ${name} ${announced} pass that is served as ${served}`, () => {
      const check = () => requireServedAllowed(file(name, announced), served, policy(rule, types), 'Acme');
      if (passes) assert.doesNotThrow(check);
      else
        assert.throws(check, {
          code: 'SWB_FILE_REFUSED',
          waits: false,
          message: new RegExp(`^The file ${name} is not passed on: it was downloaded as ${served}, and the settings of Acme `),
        });
    });

  const HINT = ' Send the file another way and skip it, or change the attachment settings of the endpoint, deploy and replay it.';
  for (const [rule, types, name, media, message] of [
    ['except', 'png, exe', 'run.exe', '', 'the settings of Acme exclude the type exe.'],
    ['except', 'image/*', 'a.png', '', 'the settings of Acme exclude the type image/*.'],
    ['only', 'image/*', 'a.html', 'image/png', 'the settings of Acme do not list html.'],
    ['only', 'pdf', 'run.exe', 'application/octet-stream', 'the settings of Acme do not list exe.'],
    ['only', 'image/*', 'a.ps1', 'image/png', 'the settings of Acme do not list ps1.'],
    ['only', 'image/*', 'a', 'text/html', 'it has no extension, and the settings of Acme do not list text/html.'],
    ['only', 'image/*', 'a', '', 'the settings of Acme require a listed type, and it has neither an extension nor a media type.'],
    [
      'only',
      'image/*',
      'a.png',
      'text/html',
      'its sender names the media type text/html, and the settings of Acme list neither png nor text/html.',
    ],
  ] as const)
    it(`says why "${rule} ${types}" refuses ${name} ${media}, and what to do`, () => {
      assert.throws(() => requireAllowed(file(name, media), policy(rule, types), 'Acme'), {
        message: `The file ${name} is not passed on: ${message}${HINT}`,
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
