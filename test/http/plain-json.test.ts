import assert from 'node:assert/strict';
import { notPlain, wellFormed } from '../../src/http/plain-json.js';

describe('JSON from outside', () => {
  it('is plain data if it holds any usual value and name', () => {
    for (const text of ['null', '1', '"Grüße 🙂"', '{"constructor":"Bau AG","length":-1,"a":[{"b":null}]}'])
      assert.equal(notPlain(JSON.parse(text)), undefined, text);
  });

  it('is none if it is too deep, or has names or texts that break what handles it', () => {
    assert.match(notPlain(JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)) ?? '', /nested more than 100/);
    for (const name of ['__proto__', 'toString', 'toJSON'])
      assert.match(notPlain(JSON.parse(`[{"${name}":1}]`)) ?? '', /the name/);
    for (const text of ['"\\ud800"', '{"\\udc00":1}', '["a\\ud83d"]'])
      assert.match(notPlain(JSON.parse(text)) ?? '', /half/, text);
  });

  it('is given whole characters', () => {
    const given = JSON.parse('{"a":"x\\ud800","\\udc00":["🙂",{"__proto__":"\\ud800"}],"n":1}');
    assert.equal(JSON.stringify(wellFormed(given)), '{"a":"x\ufffd","\ufffd":["🙂",{"__proto__":"\ufffd"}],"n":1}');
  });
});
