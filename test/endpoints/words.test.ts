import assert from 'node:assert/strict';
import { showsWords } from '../../src/endpoints/words.js';

describe('words that a partner shows', () => {
  const SENT = 'The line is down since 10:15, please look at the cabinet – thanks 👍';
  for (const [how, shown] of [
    ['as they are', SENT],
    ['trimmed and wrapped', ` ${SENT.replace(/ /g, '\r\n')}  `],
    ['with something before them', `[web] Ann: ${SENT}`],
    ['as HTML', `<p>The line is <b>down</b> since 10:15, please look at the cabinet &ndash; thanks &#128077;</p>`],
    ['without what the database cannot hold', SENT.replace('👍', '?')],
    ['cut', SENT.slice(0, 40)],
  ] as const)
    it(`are those that were sent, ${how}`, () => assert.equal(showsWords(shown, SENT), true));

  for (const [shown, sent] of [
    ['Done.', 'Done again.'],
    ['The book is here.', 'ok'],
    ['', 'anything'],
    ['The line is up again since 10:15, and so is the cabinet.', SENT],
  ] as const)
    it(`«${shown}» are not «${sent.slice(0, 20)}»`, () => assert.equal(showsWords(shown, sent), false));
});
