import assert from 'node:assert/strict';
import { safeFileName, safeMediaType } from '../../src/delivery/file-name.js';

describe('the name of a file that is passed on', () => {
  for (const [given, safe] of [
    ['report.pdf', 'report.pdf'],
    ['Übersicht für März (2).xlsx', 'Übersicht für März (2).xlsx'],
    ['写真 👩‍🔧.jpg', '写真 👩‍🔧.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\system32\\calc.exe', 'calc.exe'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['a\r\nSet-Cookie: b\u0000.txt', 'aSet-Cookie_ b.txt'],
    ['\u001b[31mred\u001b[0m.txt', '[31mred[0m.txt'],
    ['notes.txt:evil.exe', 'notes.txt_evil.exe'],
    ['run.exe. . ', 'run.exe'],
    ['con.txt', '_con.txt'],
    ['LPT1', '_LPT1'],
    ['console.txt', 'console.txt'],
    ['half\ud800.txt', 'half.txt'],
    ['..', 'file'],
    ['', 'file'],
    ['a/', 'file'],
    [`${'n'.repeat(300)}.pdf`, `${'n'.repeat(196)}.pdf`],
    [`n.${'e'.repeat(300)}`, `n.${'e'.repeat(198)}`],
  ] as const)
    it(`${JSON.stringify(given).slice(0, 40)} is ${safe.slice(0, 30)}`, () => {
      assert.equal(safeFileName(given, 200), safe);
      assert.equal(safeFileName(safe, 200), safe);
    });

  it('counts characters, not their halves', () => {
    assert.equal(safeFileName(`${'👍'.repeat(10)}.png`, 8), '👍👍👍👍.png');
  });

  for (const [given, safe] of [
    ['image/png', 'image/png'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
    ['', ''],
    ['text/html\r\nX: y', 'application/octet-stream'],
    ['pdf', 'application/octet-stream'],
  ] as const)
    it(`has the media type ${JSON.stringify(safe)} for ${JSON.stringify(given)}`, () => {
      assert.equal(safeMediaType(given), safe);
    });
});
