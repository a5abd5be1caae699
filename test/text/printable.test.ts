import assert from 'node:assert/strict';
import { SwitchboardError } from '../../src/errors.js';
import { MAX_LINE, oneLine, printable, printableJson } from '../../src/text/printable.js';

/** What partners may send, and what is shown of it. */
const HOSTILE: Record<string, [given: string, shown: string]> = {
  'line breaks': ['a\nERROR forged\r\nb', 'a\\nERROR forged\\r\\nb'],
  'separators of lines and paragraphs': ['a\u2028b\u2029c\u0085d', 'a\\u2028b\\u2029c\\u0085d'],
  'terminal escapes': ['\u001b[2J\u001b]0;title\u0007', '\\u001b[2J\\u001b]0;title\\u0007'],
  'terminal escapes of 8 bits': ['\u009b31m\u009d0;x\u009c', '\\u009b31m\\u009d0;x\\u009c'],
  'characters that erase others': ['yes\b\b\bno\u007f\0', 'yes\\u0008\\u0008\\u0008no\\u007f\\u0000'],
  'changes of direction': ['\u202etxt.exe\u2066x\u2069\u200f', '\\u202etxt.exe\\u2066x\\u2069\\u200f'],
  'invisible characters': ['a\u200bb\u200d\ufeff\u00ad', 'a\\u200bb\\u200d\\ufeff\\u00ad'],
  'invisible tags': ['a\u{e0041}', 'a\\udb40\\udc41'],
  'halves of characters': ['a\ud800', 'a\\ud800'],
};

describe('a line with a text of a partner', () => {
  for (const [what, [given, shown]] of Object.entries(HOSTILE)) {
    it(`shows ${what} escaped`, () => {
      assert.equal(oneLine(given), shown);
      assert.equal(new SwitchboardError('SWB_PAYLOAD', given, { where: 'Acme' }).message, `Acme: ${shown}`);
    });
  }

  it('shows every other text as it is', () => {
    const text = 'Größe 5 µm – „Zitat“, 日本語, שלום, 🚀, a\u00a0b, c:\\temp';
    assert.equal(oneLine(text), text);
  });

  it('is bounded', () => {
    const line = oneLine('\u001b'.repeat(1_000_000));
    assert.ok(line.length < 7 * MAX_LINE, String(line.length));
    assert.match(line, /… \(1000000 characters\)$/);
  });

  it('is the message of every error, in each of its parts, and in its stack', () => {
    const error = new SwitchboardError('SWB_PAYLOAD', 'a\nb', { where: 'c\nd', field: 'e\nf', hint: 'g\nh' });
    assert.equal(error.message, 'c\\nd: a\\nb g\\nh');
    assert.deepEqual([error.what, error.where, error.field, error.hint], ['a\\nb', 'c\\nd', 'e\\nf', 'g\\nh']);
    assert.equal(error.at('i\nj').message, 'i\\nj: a\\nb g\\nh');
    assert.match(error.stack ?? '', /^\w+: c\\nd: a\\nb g\\nh\n/);
  });
});

describe('a text of several lines', () => {
  it('keeps its line breaks and nothing else that acts', () => {
    assert.equal(printable('a\nb\r\u001b[0m\u2028c'), 'a\nb\\r\\u001b[0m\\u2028c');
  });

  it('stays the same JSON', () => {
    const value = { text: Object.values(HOSTILE).map(([given]) => given) };
    const text = printableJson(value);
    assert.deepEqual(JSON.parse(text), value);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});
