import assert from 'node:assert/strict';
import { ESCAPES } from './corpus.js';
import { checkLog } from './log-lines.js';
import { leaksIn, plant } from './marks.js';
import { faultOf } from './shot.js';

describe('the tools of the security tests', () => {
  const mark = plant('password');
  const text = `user:${mark.value}`;
  const WRITTEN: Record<string, string> = {
    'as it is': text,
    'cut off': text.slice(0, 22),
    'JSON in JSON': JSON.stringify(JSON.stringify({ text })),
    'a URL': encodeURIComponent(text),
    base64: Buffer.from(text).toString('base64'),
    'base64, one further': Buffer.from(`x${text}`).toString('base64'),
    'base64, two further': Buffer.from(`xy${text}`).toString('base64url'),
    hex: Buffer.from(text).toString('hex').toUpperCase(),
    'UTF-16': Buffer.from(text, 'utf16le').toString('latin1'),
    'escaped for JSON, each letter': [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    'escaped for a URL, each letter': [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
  };
  for (const [how, written] of Object.entries(WRITTEN))
    it(`find a secret, written ${how}`, () => assert.equal(leaksIn(`before ${written} after`, [mark]).length, 1));

  it('find no secret where there is another', () => assert.deepEqual(leaksIn(plant('other').value, [mark]), []));

  it('take a 500, a raw error and no answer for faults, and a refusal in words for none', () => {
    const fault = (status: number | 'silent', body = '') =>
      faultOf({ shot: 'x', status, text: `HTTP/1.1 ${status} X\r\n\r\n${body}` });
    assert.ok(fault(500) && fault(400, "TypeError: Cannot read properties of undefined (reading 'x')") && fault('silent'));
    assert.equal(fault(503) ?? fault(400, '{"code":"SWB_PAYLOAD","message":"The body is not valid JSON."}'), undefined);
  });

  it('take a forged line, an escape and a raw error in a log for faults', () => {
    const line = '1 Jan 00:00:00 - [warn] [x:y] rejected: it';
    checkLog(`${line}\n${line}\n`);
    for (const part of [ESCAPES, '\u001b[31m', 'TypeError: x is not a function'])
      assert.throws(() => checkLog(`${line} ${part}`), part);
  });
});
