import assert from 'node:assert/strict';
import { plainText } from '../../../src/endpoints/servicenow/html.js';

describe('the text of a journal entry', () => {
  for (const [what, entry, words] of [
    ['plain', 'just words', 'just words'],
    [
      'HTML with a list',
      '[code]<p>If</p><ul><li>Index 7</li><li>errors 19</li></ul><p>&nbsp;</p>[/code]',
      'If\n- Index 7\n- errors 19',
    ],
    ['HTML over several lines', '[code]\n<div>\n  one\n  two\n</div>\n<div>three</div>\n[/code]', 'one two\nthree'],
    ['HTML without code marks', '<div><p>Hello,</p><p>all &amp; well</p></div>', 'Hello,\nall & well'],
    ['entities', '[code]a &lt; b &amp;amp; f&uuml;r &#8364; 5[/code]', 'a < b &amp; für € 5'],
    ['several code marks', 'see [code]<b>this</b>[/code] and [code]<i>that</i>[/code]', 'see this and that'],
    ['code marks in capitals', '[CODE]<br/>one<BR>two[/CODE]', 'one\ntwo'],
    ['cut HTML', '[code]<p>one</p><p>two</p>', 'one\ntwo'],
    ['a list in a list', '[code]<ul><li><p>a</p><ul><li>b</li></ul></li></ul>[/code]', '- a\n- b'],
    [
      'a table',
      '[code]<table><tr><td>port</td><td>7</td></tr><tr><td>link</td><td>down</td></tr></table>[/code]',
      'port 7\nlink down',
    ],
    ['scripts and styles', '[code]<style>p {color: red}</style><p>seen</p><script>alert(1)</script>[/code]', 'seen'],
    ['text that only looks like HTML', 'if a <b and c> d, use <p> here', 'if a <b and c> d, use <p> here'],
    [
      'a link',
      '<p>See <a href="https://acme.example/kb?id=7&amp;v=1">the article</a>, or <a href=\'mailto:noc@acme.example\'>noc@acme.example</a>.</p>',
      'See the article (https://acme.example/kb?id=7&v=1), or noc@acme.example.',
    ],
    ['a link whose words are its address', '<a href="https://acme.example/">https://acme.example</a>', 'https://acme.example'],
    ['a link without words', '[code]<a class="x" href="https://acme.example"></a>[/code]', 'https://acme.example'],
    ['a link within the page', '<p><a href="#top">up</a></p>', 'up'],
    ['a span', '<span style="color: red">down &gt; 5 min</span><br/>', 'down > 5 min'],
    ['lines that are broken by marks', 'Hello,<br/>all is well<br />Zoë', 'Hello,\nall is well\nZoë'],
    ['a mark that somebody explains', 'use <br> here', 'use <br> here'],
    ['empty list items and blocks', '<ul><li></li><li>&nbsp;</li><li>a</li></ul><div> </div>', '- a'],
    [
      'the case of a list without code marks',
      '<p>If</p><ul><li>Index 7</li><li>errors 19</li></ul><p>&nbsp;</p>',
      'If\n- Index 7\n- errors 19',
    ],
    ['entities that people typed', 'write &amp; in HTML', 'write &amp; in HTML'],
    ['no text', '[code]<p>&nbsp;</p>[/code]', ''],
  ] as const)
    it(`is plain: ${what}`, () => assert.equal(plainText(entry), words));

  it('has a placeholder for an image', () => {
    assert.equal(plainText('[code]<img src="x.png">[/code]'), '[image]');
    assert.equal(plainText('<p>See <img src=x alt="the rack">.</p>'), 'See [image: the rack].');
  });

  it('is found at once, however hostile the entry', () => {
    const begun = process.hrtime.bigint();
    for (const part of ['[code]', '<script', '<p', '<a ', '<a href="x">', '<br>', '<span>', '<!--', '<', '&'])
      for (const text of [part.repeat(20_000), `[code]${part.repeat(20_000)}[/code]`]) plainText(text);
    assert.ok(process.hrtime.bigint() - begun < 5_000_000_000n);
  });
});
