import assert from 'node:assert/strict';
import { containsText, showsAfterPrefix, showsText } from '../../src/endpoints/text-match.js';

describe('a text that a partner shows', () => {
  const SENT = 'The line is down since 10:15, please look at the cabinet – thanks 👍';
  for (const [how, shown] of [
    ['unchanged', SENT],
    ['trimmed and wrapped', ` ${SENT.replace(/ /g, '\r\n')}  `],
    ['with a prefix', `[web] Ann: ${SENT}`],
    ['as HTML', `<p>The line is <b>down</b> since 10:15, please look at the cabinet &ndash; thanks &#128077;</p>`],
    ['without characters that the database cannot hold', SENT.replace('👍', '?')],
    ['cut', SENT.slice(0, 40)],
    ['with a prefix, and cut', `[web] ${SENT.slice(0, 40)}`],
    ['escaped', 'The line is down since 10&#58;15, please look at the cabinet &#x2013; thanks'],
  ] as const)
    it(`matches the sent text, ${how}`, () => assert.equal(showsText(shown, SENT), true));

  it('matches the sent text where that contains characters that HTML escapes', () => {
    const sent = 'Für <b> und a < b > c & "d"';
    for (const shown of [
      sent,
      'F&uuml;r &lt;b&gt; und a &lt; b &gt; c &amp; &quot;d&quot;',
      `<p>F&#252;r &lt;b&gt; und a &lt; b &gt; c &amp; "d"</p>`,
    ])
      assert.equal(showsText(shown, sent), true, shown);
  });

  it('matches the sent text in HTML where something that looks like a tag was left as it is', () => {
    assert.equal(
      showsText('[code]<p>Paul: a &amp; b <c> of the matter<br/>line two</p>[/code]', 'Paul: a & b <c> of the matter\nline two'),
      true,
    );
    assert.equal(showsText('<p>Done.</p>', '<b>'), false);
  });

  for (const [shown, sent] of [
    ['Done.', 'Done again.'],
    ['The book is here.', 'ok'],
    ['', 'anything'],
    ['The line is up again since 10:15, and so is the cabinet.', SENT],
    [`${SENT} – done, it is up.`, SENT],
  ] as const)
    it(`does not match: "${shown}" and "${sent.slice(0, 20)}"`, () => assert.equal(showsText(shown, sent), false));
});

describe('a text that begins with its author', () => {
  const AUTHOR = 'Device vendor (TMF622 v4) (Device vendor)';
  const SENT = `${AUTHOR}: Which colour shall the phones and the covers have?`;
  for (const [how, shown, matches] of [
    ['another text that ends with the author', 'devices: pending at Device vendor (TMF622 v4).', false],
    ['another text that ends with the whole author', `devices: pending at ${AUTHOR}.`, false],
    ['the author alone', AUTHOR, false],
    ['another text of the author', `${AUTHOR}: Which day?`, false],
    ['cut', SENT.slice(0, 75), true],
    ['with a prefix, and cut', `[web] ${SENT.slice(0, 75)}`, true],
    ['whole, with a prefix', `[web] ${SENT}`, true],
  ] as const)
    it(`${matches ? 'matches' : 'does not match'}: ${how}`, () => assert.equal(showsText(shown, SENT, AUTHOR), matches));
});

describe('a short text in an entry of ours', () => {
  for (const [shown, sent, holds] of [
    ['[web] Ann: Done.', 'Done.', true],
    ['Ann: port 12', 'port 1', false],
    ['Ann: port 1, please', 'port 1', true],
    ['<p>Ann: Done.</p>', 'Done.', true],
    ['Ann: Open.', 'Done.', false],
    ['Ann: 👍', '👍', false],
  ] as const)
    it(`"${shown}" ${holds ? 'contains' : 'does not contain'} "${sent}"`, () => assert.equal(containsText(shown, sent), holds));
});

describe('a short text of the same author', () => {
  for (const [shown, sent, shows] of [
    ['Done.', 'Done.', true],
    ['[web] Ann: Done.', 'Done.', true],
    ['<p>Ann: Done.</p>', 'Done.', true],
    ['[code]<p>Ann: Done.</p>[/code]', 'Done.', true],
    ['Ann:\nok', 'ok', true],
    ['ok thanks', 'ok', false],
    ['thanks ok', 'ok', false],
    ['thanks Bob', 'thanks', false],
    ['Provider: thanks', 'Provider', false],
    ['(provider) thanks', '- Provider', false],
    ['Ann: port 12', 'port 1', false],
    ['Ann: 👍', '👍', false],
    ['[web] [[1]] ok', '[[1]] ok', true],
    ['<p>[web] (urgent) ok</p>', '(urgent) ok', true],
    ['Ann: "ok"', '"ok"', true],
    ['Ann:\n- ok', '- ok', true],
    ['[web] ? ok', '✅ ok', true],
    ['Ann wrote ? ok', '✅ ok', false],
    ['Ann wrote "ok"', '"ok"', false],
    ['Ann: "ok"', 'ok', false],
  ] as const)
    it(`"${shown}" ${shows ? 'shows' : 'does not show'} "${sent}"`, () => assert.equal(showsAfterPrefix(shown, sent), shows));
});
